from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet
from django.utils.translation import gettext_lazy as _

from catalog.models import BundleItem, Product


class BundleFormSet(BaseInlineFormSet):
    """Other products are brought by bundles only."""

    def clean(self) -> None:
        super().clean()
        has_items = any(
            form.has_changed() or form.instance.pk for form in self.forms if form not in self.deleted_forms
        )
        if has_items and self.instance.kind != Product.Kind.BUNDLE:
            raise ValidationError(
                _("Only a bundle brings other products. Choose that kind above, or take these out.")
            )


class BundleInline(admin.TabularInline):
    """What a bundle brings. Buyers keep what was in it on the day they bought it."""

    model = BundleItem
    fk_name = "bundle"
    formset: Any = BundleFormSet
    extra = 0
    fields = ["member", "position"]
    autocomplete_fields = ["member"]
