from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.models.slug import free_slug
from catalog.models.text import TextModel


class Category(TextModel):
    """A shelf of the shop."""

    title = models.CharField(_("title"), max_length=200)
    slug = models.SlugField(
        _("slug"),
        max_length=200,
        unique=True,
        allow_unicode=True,
        blank=True,
        help_text=_("The last part of the address. Empty makes one from the title."),
    )
    description = models.TextField(_("description"), blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("category", args=[self.slug])

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.slug = self.slug or free_slug(Category.objects.exclude(pk=self.pk), self.title, "category")
        super().save(*args, **kwargs)
