from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import AmountField, PricesField
from catalog.admin.languages import LanguagesAdmin
from catalog.models import Product, Variant
from checkout.models import Offer, OfferPrice
from checkout.offer_words import say_offer
from checkout.templatetags.staff import state
from storefront.shop import shop

Kind = Offer.Kind
_ASKS_FOR_PRODUCTS = {Kind.CROSS, Kind.LOYAL}


class OfferForm(forms.ModelForm):
    amount = AmountField(required=False, help_text=_("0 is free."))
    other_prices = PricesField(label=_("other currencies"), help_text=_("One on a line."))
    percent = forms.DecimalField(
        label=_("or so much off, in percent"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=100,
        decimal_places=2,
        help_text=_("Holds in every currency. Either this, or prices."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = gettext("price in %(currency)s") % {"currency": shop().currency}
        variants: Any = self.fields["variant"], self.fields["former"]
        for field in variants:
            field.queryset = Variant.objects.select_related("product").order_by("product", "position", "pk")
        if self.instance.pk:
            prices = {price.currency: price.amount for price in self.instance.prices.all()}
            self.initial["amount"] = prices.pop(shop().currency, None)
            self.initial["other_prices"] = prices
            rate = Decimal(self.instance.rate_bps) / 100
            self.initial["percent"] = f"{rate.normalize():f}" if rate else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            self._check_price(cleaned)
        if not self.errors:
            self._check_reason(cleaned)
        if (starts := cleaned.get("starts_at")) and (ends := cleaned.get("ends_at")) and ends <= starts:
            self.add_error("ends_at", _("It must end after it begins."))
        return cleaned

    def _check_price(self, cleaned: dict[str, Any]) -> None:
        has_price = cleaned["amount"] is not None or bool(cleaned["other_prices"])
        has_share = cleaned["percent"] is not None
        if cleaned["kind"] == Kind.UPGRADE:
            if has_price or has_share:
                self.add_error("amount", _("An upgrade costs the difference; leave price and percent empty."))
        elif has_price and has_share:
            self.add_error("percent", _("Give prices or a percentage, not both."))
        elif not has_price and not has_share:
            self.add_error("amount", _("Give a price, or how much less it costs in percent."))

    def _check_reason(self, cleaned: dict[str, Any]) -> None:
        kind, former, has_products = cleaned["kind"], cleaned["former"], bool(cleaned["products"])
        if former and kind != Kind.UPGRADE:
            self.add_error("former", _("Only an upgrade asks for a variant that buyers have."))
        elif former and former == cleaned["variant"]:
            self.add_error("former", _("That is the variant which is offered."))
        if cleaned["variant"].is_pay_what_you_want:
            self.add_error(
                "variant", _("Buyers name the price of this one, so it can't be offered for another.")
            )
        elif kind == Kind.UPGRADE and cleaned["variant"].product.kind == Product.Kind.BUNDLE:
            words = _("Whoever has a part of a bundle pays for the rest by itself: no upgrade is needed.")
            self.add_error("variant", words)
        if kind in _ASKS_FOR_PRODUCTS and not has_products:
            self.add_error("products", _("Choose at least one product."))
        if kind == Kind.UPGRADE and not has_products and not former:
            self.add_error("products", _("Choose what buyers have: products, or one variant."))

    def save(self, commit: bool = True) -> Offer:  # noqa: FBT001, FBT002
        self.instance.rate_bps = int((self.cleaned_data["percent"] or 0) * 100)
        offer: Offer = super().save(commit)
        return offer

    def save_prices(self) -> None:
        """Have these prices and no others."""
        wanted = {shop().currency: self.cleaned_data["amount"], **self.cleaned_data["other_prices"]}
        wanted = {currency: amount for currency, amount in wanted.items() if amount is not None}
        for currency, amount in wanted.items():
            OfferPrice.objects.update_or_create(
                offer=self.instance, currency=currency, defaults={"amount": amount}
            )
        self.instance.prices.exclude(currency__in=wanted).delete()


@admin.register(Offer)
class OfferAdmin(LanguagesAdmin, admin.ModelAdmin):
    form = OfferForm
    list_display = ["says", "kind", "state", "starts_at", "ends_at"]
    list_filter = ["kind", "is_active"]
    search_fields = ["title_en", "title_ar", "title_fa", "variant__product__search_text"]
    autocomplete_fields = ["products"]
    readonly_fields = ["says"]
    languages = ("title",)
    before = [
        (None, {"fields": ["says", "kind", "products", "former", "variant"]}),
        (_("Price"), {"fields": ["amount", "other_prices", "percent"]}),
        (_("When"), {"fields": ["is_active", "starts_at", "ends_at", "hours"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Offer]:
        offers = super().get_queryset(request).select_related("variant__product", "former__product")
        return offers.prefetch_related("products", "prices")

    @admin.display(description=_("what it does"))
    def says(self, offer: Offer) -> SafeString | str:
        return say_offer(offer) if offer.pk else "—"

    @admin.display(description=_("active"), ordering="is_active")
    def state(self, offer: Offer) -> SafeString:
        if not offer.is_active:
            return state("", "x", _("Off"))
        if offer.is_current:
            return state("good", "circle-check", _("Now"))
        return state("wait", "clock", _("Not now"))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        super().save_related(request, form, formsets, change)
        form.save_prices()
