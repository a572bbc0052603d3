from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.product import Product


class Variant(models.Model):
    """An edition of a product, the thing one buys."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="variants", verbose_name=_("product"))
    title = models.CharField(
        _("title"), max_length=200, blank=True, help_text=_("Empty where there is only one.")
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("on sale"), default=True)

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
        return self.price_in(settings.CURRENCY)


class Price(models.Model):
    """What a variant costs in one currency, in integer minor units."""

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="prices", verbose_name=_("variant"))
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.PositiveBigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["currency"]
        constraints = [models.UniqueConstraint(fields=["variant", "currency"], name="one_price_a_currency")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
