"""The editions of a product with all that is asked for them, on the product's page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import AmountField, AmountsField, PricesField, TiersField
from catalog.admin.languages import Directed, columns
from catalog.models import Price, Variant
from catalog.new_price import NewPrice
from catalog.price_tag import read_tiers
from storefront.shop import shop
from storefront.unedited import Unedited

# Where the form shows what NewPrice finds wrong.
_SHOWN_AT = {"sale_amount": "sale", "suggested_amount": "suggested"}


class VariantForm(forms.ModelForm):
    amount = AmountField(required=False, help_text=_("0 is free; empty is not for sale."))
    other_prices = PricesField(label=_("other currencies"), help_text=_("One on a line."))
    sale = AmountsField(
        label=_("sale price"),
        help_text=_("Below the price; one currency on a line, such as EUR 8.50. Empty is no sale."),
    )
    sale_starts_at = forms.SplitDateTimeField(
        label=_("sale from"), required=False, widget=AdminSplitDateTime, help_text=_("Empty is from now on.")
    )
    sale_ends_at = forms.SplitDateTimeField(
        label=_("sale until"),
        required=False,
        widget=AdminSplitDateTime,
        help_text=_("The price is back at this very second. Empty is until you end it."),
    )
    suggested = AmountsField(
        label=_("suggested price"),
        help_text=_("Where buyers name the price; it stands in their field. One currency on a line."),
    )
    tiers = TiersField(
        label=_("quantity prices"),
        help_text=_(
            "From how many on, a colon, the price of each; one on a line. EUR 5: 9.00 for another currency."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = gettext("price in %(currency)s") % {"currency": shop().currency}
        for name, label in (("sale_starts_at", _("sale from")), ("sale_ends_at", _("sale until"))):
            day, hour = self.fields[name].widget.widgets
            day.attrs["aria-label"] = gettext("%(what)s, day") % {"what": label}
            hour.attrs["aria-label"] = gettext("%(what)s, time") % {"what": label}
        if self.instance.pk:
            self.initial.update(_shown(list(self.instance.prices.with_tiers())))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            self._check(dict(cleaned))
        return cleaned

    def _check(self, cleaned: dict[str, Any]) -> None:
        prices, now = self._prices(cleaned), timezone.now()
        for name in ("sale", "suggested", "tiers"):
            for currency in cleaned[name].keys() - prices.keys():
                self.add_error(name, gettext("There is no price in %(code)s.") % {"code": currency})
        if not cleaned["sale"] and (cleaned["sale_starts_at"] or cleaned["sale_ends_at"]):
            self.add_error("sale", gettext("Say what it costs in these days, or leave the days empty."))
        for price in prices.values():
            problems = price.problems(now, is_pay_what_you_want=cleaned["is_pay_what_you_want"])
            if not self._is_sale_changed:
                problems.pop("sale_ends_at", None)  # it is over, and goes by itself
            for name, words in problems.items():
                shown_at = _SHOWN_AT.get(name, name)
                if words not in self.errors.get(shown_at, ()):
                    self.add_error(shown_at, words)

    @property
    def _is_sale_changed(self) -> bool:
        return any(name.startswith("sale") for name in self.changed_data)

    def _prices(self, cleaned: dict[str, Any]) -> dict[str, NewPrice]:
        own = cleaned["amount"]
        amounts = {shop().currency: own} if own is not None else {}
        return {
            currency: NewPrice(
                amount,
                sale_amount=cleaned["sale"].get(currency),
                sale_starts_at=cleaned["sale_starts_at"],
                sale_ends_at=cleaned["sale_ends_at"],
                suggested_amount=cleaned["suggested"].get(currency),
                tiers=cleaned["tiers"].get(currency, ()),
            )
            for currency, amount in (amounts | cleaned["other_prices"]).items()
        }

    def save(self, commit: bool = True) -> Variant:  # noqa: FBT001, FBT002
        variant: Variant = super().save(commit)
        if commit:
            variant.set_prices(self._prices(self.cleaned_data))
        return variant


def _shown(prices: list[Price]) -> dict[str, Any]:
    """What stands in the form's fields of what is stored."""
    amounts = {price.currency: price.amount for price in prices}
    sales = [price for price in prices if price.sale_amount is not None]
    return {
        "amount": amounts.pop(shop().currency, None),
        "other_prices": amounts,
        "sale": {price.currency: price.sale_amount for price in sales},
        "sale_starts_at": sales[0].sale_starts_at if sales else None,
        "sale_ends_at": sales[0].sale_ends_at if sales else None,
        "suggested": {
            price.currency: price.suggested_amount for price in prices if price.suggested_amount is not None
        },
        "tiers": {price.currency: read_tiers(vars(price)["tier_rows"]) for price in prices},
    }


class VariantInline(Directed, admin.StackedInline):
    model = Variant
    form = VariantForm
    extra = 0
    fields = [
        tuple(columns("title")),
        ("amount", "other_prices", "is_active", "position"),
        ("sale", "sale_starts_at", "sale_ends_at"),
        ("is_pay_what_you_want", "suggested", "tiers"),
    ]

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj else 1


@admin.register(Variant)
class VariantAdmin(Unedited, admin.ModelAdmin):
    """For the field that finds what goes into a bundle; editions are written on their product's page."""

    search_fields = ["product__search_text", *columns("title")]
    list_select_related = ["product"]
    ordering = ["product", "position"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product").exclude(product__kind="bundle")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False
