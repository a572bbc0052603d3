from typing import Any

from django.db import models

from storefront.text import clean_line, clean_text


class TextModel(models.Model):
    """Stores no control characters and no direction overrides, whatever door its texts came in by."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        for field in self._meta.concrete_fields:
            value = self.__dict__.get(field.attname)
            if isinstance(value, str) and isinstance(field, models.TextField):
                self.__dict__[field.attname] = clean_text(value)
            elif isinstance(value, str) and isinstance(field, models.CharField):
                self.__dict__[field.attname] = clean_line(value)
        super().save(*args, **kwargs)
