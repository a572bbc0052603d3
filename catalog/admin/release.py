from typing import Any

from django.contrib import admin
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest

from catalog.admin.languages import LanguagesAdmin
from catalog.admin.parts import FileInline
from catalog.models import ProductFile, Release, Variant


class ReleaseFileFormSet(BaseInlineFormSet):
    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["variants"].queryset = Variant.objects.filter(product=self.instance.product_id)

    def save_new(self, form: ModelForm, commit: bool = True) -> ProductFile:  # noqa: FBT001, FBT002
        form.instance.product_id = self.instance.product_id
        return super().save_new(form, commit)


class ReleaseFileInline(FileInline):
    formset: Any = ReleaseFileFormSet
    fields = [("upload", "filename", "facts"), *FileInline.fields[1:2], ("variants", "position")]


@admin.register(Release)
class ReleaseAdmin(LanguagesAdmin, admin.ModelAdmin):
    """A release and its files, made on one page."""

    change_form_template = "admin/catalog/product/change_form.html"
    inlines = [ReleaseFileInline]
    languages = ("changelog",)
    before = [(None, {"fields": ["product", "version", "channel", "requirements"]})]
    after = [(None, {"fields": ["published_at", "is_announced"]})]
    autocomplete_fields = ["product"]
    list_display = ["product", "version", "channel", "published_at"]
    list_display_links = ["version"]
    list_select_related = ["product"]
    list_filter = ["channel"]
    search_fields = ["version", "product__search_text"]
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["product"] if obj else []
