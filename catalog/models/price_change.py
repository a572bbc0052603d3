from typing import Any, NoReturn, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.errors import HistoryIsKept
from catalog.price_history import Terms
from storefront.money import format_money


def _refuse() -> NoReturn:
    raise HistoryIsKept(gettext("What was asked once stays written."))


class PriceChangeQuerySet(models.QuerySet["PriceChange"]):
    def of(self, variant_id: int, currency: str) -> Self:
        """What was asked for a variant in a currency, oldest first."""
        return self.filter(variant=variant_id, currency=currency).order_by("asked_from", "pk")

    def update(self, **_change: Any) -> NoReturn:
        _refuse()

    def delete(self) -> NoReturn:
        _refuse()


class PriceChange(models.Model):
    """What was asked from a moment on, as it was planned then. Rows are only added."""

    variant = models.ForeignKey(
        "catalog.Variant", models.CASCADE, related_name="price_changes", verbose_name=_("variant")
    )
    currency = models.CharField(_("currency"), max_length=3)
    asked_from = models.DateTimeField(_("asked from"), default=timezone.now)
    amount = models.PositiveBigIntegerField(_("amount"), null=True)
    sale_amount = models.PositiveBigIntegerField(_("sale price"), null=True)
    sale_starts_at = models.DateTimeField(_("sale from"), null=True)
    sale_ends_at = models.DateTimeField(_("sale until"), null=True)

    objects = PriceChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("price change")
        verbose_name_plural = _("price changes")
        ordering = ["-asked_from", "-pk"]
        indexes = [models.Index(fields=["variant", "currency", "asked_from"], name="price_history")]

    def __str__(self) -> str:
        return "—" if self.amount is None else format_money(self.amount, self.currency, "en")

    @property
    def terms(self) -> Terms:
        sale = self.sale_amount, self.sale_starts_at, self.sale_ends_at
        return Terms(self.asked_from, self.amount, *sale)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            _refuse()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse()
