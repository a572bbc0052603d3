from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from catalog.models import PriceChange
from storefront.templatetags.shop import cost
from storefront.unedited import Unedited


@admin.register(PriceChange)
class PriceChangeAdmin(Unedited, admin.ModelAdmin):
    """What was asked, and since when: to be read only, as proof of the lowest price before a sale."""

    list_display = ["variant", "asked", "sale", "asked_from", "sale_starts_at", "sale_ends_at"]
    list_filter = ["currency"]
    list_select_related = ["variant__product"]
    search_fields = ["variant__product__search_text"]
    show_full_result_count = False

    @admin.display(description=_("price"))
    def asked(self, change: PriceChange) -> str:
        return cost(change.amount, change.currency) if change.amount is not None else str(_("not sold"))

    @admin.display(description=_("sale price"))
    def sale(self, change: PriceChange) -> str:
        return cost(change.sale_amount, change.currency) if change.sale_amount is not None else "—"
