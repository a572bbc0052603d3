from collections.abc import Mapping
from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.text import TextModel
from storefront.money import DECIMALS, decimals, format_money
from storefront.shop import shop


def currencies() -> list[tuple[str, str]]:
    return [(code, code) for code in sorted(DECIMALS)]


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

    def set_prices(self, amounts: Mapping[str, int | None]) -> None:
        """Have these prices and no others: minor units by currency, None for no price. Safe to repeat."""
        wanted = {currency: amount for currency, amount in amounts.items() if amount is not None}
        for currency, amount in wanted.items():
            Price.objects.update_or_create(variant=self, currency=currency, defaults={"amount": amount})
        for price in Price.objects.filter(variant=self).exclude(currency__in=wanted):
            price.delete()

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        self.product.note_amounts()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        self.product.note_amounts()
        return deleted


class PriceQuerySet(models.QuerySet["Price"]):
    def current(self) -> Self:
        """What buyers are asked now: prices of active variants in the shop's currency."""
        return self.filter(currency=shop().currency, variant__is_active=True)


class Price(models.Model):
    """What a variant costs in one currency, in integer minor units."""

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="prices", verbose_name=_("variant"))
    currency = models.CharField(_("currency"), max_length=3, choices=currencies)
    amount = models.PositiveBigIntegerField(_("amount"))

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["currency"]
        constraints = [models.UniqueConstraint(fields=["variant", "currency"], name="one_price_a_currency")]

    def __str__(self) -> str:
        return format_money(self.amount, self.currency, "en")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises UnknownCurrency for a code without known decimals: such an amount would mean nothing."""
        decimals(self.currency)
        super().save(*args, **kwargs)
        self.variant.product.note_amounts()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        self.variant.product.note_amounts()
        return deleted
