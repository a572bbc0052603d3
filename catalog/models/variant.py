from collections.abc import Mapping
from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from catalog.models.price import Price
from catalog.models.text import TextModel
from catalog.new_price import NewPrice
from catalog.price_tag import PriceTag
from storefront.shop import shop


class VariantQuerySet(models.QuerySet["Variant"]):
    def active(self) -> Self:
        return self.filter(is_active=True)


class Variant(TextModel):
    """An edition of a product, the thing one buys."""

    product = models.ForeignKey(
        "catalog.Product", models.CASCADE, related_name="variants", verbose_name=_("product")
    )
    title = models.CharField(
        _("title"), max_length=200, blank=True, help_text=_("Empty where there is only one.")
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("on sale"), default=True)
    is_pay_what_you_want = models.BooleanField(
        _("buyers name the price"),
        default=False,
        help_text=_("The price is then the least they may pay; 0 lets them have it for an e-mail address."),
    )

    objects = VariantQuerySet.as_manager()

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.product} · {self.title}" if self.title else str(self.product)

    def price_in(self, currency: str) -> "Price | None":
        """The price in a currency, from the prefetched prices; None where it is not sold in it."""
        return next((price for price in self.prices.all() if price.currency == currency), None)

    @property
    def price(self) -> "Price | None":
        return self.price_in(shop().currency)

    @cached_property
    def tag(self) -> PriceTag | None:
        """What is said about its price in the shop's currency, at the moment of the first look."""
        return self.price.tag_at(timezone.now()) if self.price else None

    def set_prices(self, wanted: Mapping[str, NewPrice]) -> None:
        """Have these prices by currency, and no others. Safe to repeat."""
        prices = {price.currency: price for price in Price.objects.filter(variant=self)}
        for currency, new in wanted.items():
            price = prices.pop(currency, None) or Price(currency=currency)
            price.variant, price.amount, price.suggested_amount = self, new.amount, new.suggested_amount
            price.sale_amount, price.sale_starts_at, price.sale_ends_at = new.sale
            price.save()
            price.set_tiers(new.tiers)
        for price in prices.values():
            price.delete()

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        self.product.note_amounts()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        self.product.note_amounts()
        return deleted
