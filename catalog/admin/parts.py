"""What stands on a product's page below it: releases, files, gallery, questions."""

from typing import Any

from django import forms
from django.contrib import admin
from django.forms import BaseInlineFormSet
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import PictureField
from catalog.admin.languages import Directed, TranslatedForm, columns
from catalog.errors import FileRefused
from catalog.files import put_upload
from catalog.models import Faq, Picture, ProductFile, ProductImage, Release, Variant
from storefront.templatetags.shop import filesize


def thumbnail(picture: Picture | None, alt: str = "") -> str:
    if picture is None:
        return "—"
    return format_html('<img class="thumbnail" src="{}" alt="{}">', picture.url(320, "webp"), alt)


class LabelledFormSet(BaseInlineFormSet):
    """In a table only the head of a column names its fields; this tells it to whoever can't see it."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for field in form.fields.values():
            field.widget.attrs.setdefault("aria-label", field.label)


class FileForm(forms.ModelForm):
    upload = forms.FileField(label=_("file"), required=False, help_text=_("Choosing another replaces it."))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.instance.pk and not cleaned.get("upload") and "upload" not in self.errors:
            self.add_error("upload", _("Choose a file."))
        if cleaned.get("upload") and not self.errors:
            self._keep(cleaned)
        return cleaned

    def _keep(self, cleaned: dict[str, Any]) -> None:
        """Now, while the form can still say what is wrong with it."""
        self.instance.filename = cleaned.get("filename") or ""
        try:
            put_upload(self.instance, cleaned["upload"])
        except FileRefused as refusal:
            self.add_error("upload", str(refusal))
        else:
            cleaned["filename"] = self.instance.filename


class FileFormSet(BaseInlineFormSet):
    def add_fields(self, form: Any, index: int | None) -> None:
        """A file can be for some of this product's variants and of a release, not for those of others."""
        super().add_fields(form, index)
        form.fields["variants"].queryset = Variant.objects.filter(product=self.instance.pk)
        form.fields["release"].queryset = Release.objects.filter(product=self.instance.pk)


class FileInline(Directed, admin.StackedInline):
    model = ProductFile
    form = FileForm
    formset: Any = FileFormSet
    extra = 0
    fields = [("upload", "filename", "facts"), tuple(columns("title")), ("release", "variants", "position")]
    readonly_fields = ["facts"]

    @admin.display(description=_("stored"))
    def facts(self, file: ProductFile) -> str:
        if not file.pk:
            return "—"
        return format_html(
            '<bdi>{}</bdi><br><bdi class="quiet" dir="ltr" title="SHA-256 {}">{}…</bdi>',
            *(filesize(file.size), file.sha256, file.sha256[:12]),
        )


class ReleaseInline(admin.TabularInline):
    """An overview: what is new and which files it brings stands on a release's own page."""

    model = Release
    formset = LabelledFormSet
    extra = 0
    fields = ["version", "channel", "published_at"]
    show_change_link = True


class ImageForm(forms.ModelForm):
    upload = PictureField(label=_("picture"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.instance.pk and not cleaned.get("upload") and "upload" not in self.errors:
            self.add_error("upload", _("Choose a picture."))
        return cleaned

    def save(self, commit: bool = True) -> ProductImage:  # noqa: FBT001, FBT002
        self.instance.picture = self.cleaned_data.get("upload") or self.instance.picture
        return super().save(commit)


class ImageInline(Directed, admin.StackedInline):
    model = ProductImage
    form = ImageForm
    extra = 0
    fields = [("preview", "upload", "position"), tuple(columns("alt"))]
    readonly_fields = ["preview"]

    @admin.display(description=_("preview"))
    def preview(self, image: ProductImage) -> str:
        return thumbnail(image.picture if image.pk else None)


class FaqForm(TranslatedForm):
    needed = ("question", "answer")


class FaqInline(Directed, admin.StackedInline):
    model = Faq
    form = FaqForm
    extra = 0
    fields = [tuple(columns("question")), tuple(columns("answer")), "position"]
