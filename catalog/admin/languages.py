"""Forms for texts in three languages: each in a part of its own, in its own direction."""

from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Field
from django.http import HttpRequest
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _

from catalog.models.product import LANGUAGES


def columns(*names: str) -> list[str]:
    return [f"{name}_{code}" for name in names for code in LANGUAGES]


class TranslatedForm(forms.ModelForm):
    """Wants these texts in one language at least; which one is for the seller to choose."""

    needed: tuple[str, ...] = ()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.needed:
            given = [cleaned.get(column) or self.errors.get(column) for column in columns(name)]
            if not any(given):
                self.add_error(f"{name}_{get_language()}", _("Write this in at least one language."))
        return cleaned


class Directed:
    """Fields of a language read in its direction, and none of them is asked for in every language."""

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        language = getattr(db_field, "language", "")
        if field is not None and language:
            bidi = get_language_info(language)["bidi"]
            field.widget.attrs |= {"lang": language, "dir": "rtl" if bidi else "ltr"}
        return field


class LanguagesAdmin(Directed):
    """One part of the page for each language, the reader's own first and open."""

    languages: tuple[str, ...] = ()
    before: list[tuple[Any, Any]] = []
    after: list[tuple[Any, Any]] = []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        names = sorted(settings.LANGUAGES, key=lambda each: each[0] != get_language())
        parts = [
            (
                name,
                {
                    "fields": [f"{field}_{code}" for field in self.languages],
                    "classes": ["language"] if not number else ["language", "collapse"],
                },
            )
            for number, (code, name) in enumerate(names)
        ]
        return [*self.before, *parts, *self.after]
