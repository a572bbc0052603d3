from django.contrib import admin

from catalog.admin.languages import LanguagesAdmin, TranslatedForm
from catalog.models import Category


class CategoryForm(TranslatedForm):
    needed = ("title",)


@admin.register(Category)
class CategoryAdmin(LanguagesAdmin, admin.ModelAdmin):
    form = CategoryForm
    list_display = ["title", "slug", "position"]
    list_editable = ["position"]
    search_fields = ["title_en", "title_ar", "title_fa"]
    languages = ("title", "description")
    before = [(None, {"fields": ["slug", "position"]})]
