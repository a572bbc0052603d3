from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from checkout.models.order import Order


class Mismatch(models.Model):
    """Where our books and a provider's differ, until staff has looked."""

    class Kind(models.TextChoices):
        MONEY_WITHOUT_ORDER = "money_without_order", _("Money at the provider without an order here")
        ORDER_WITHOUT_MONEY = "order_without_money", _("A paid order without money at the provider")
        PAID_OTHERWISE = "paid_otherwise", _("Another sum, currency or reference than asked for")
        REFUNDED_OTHERWISE = "refunded_otherwise", _("Another sum given back than is booked here")

    kind = models.CharField(_("kind"), max_length=30, choices=Kind)
    provider = models.CharField(_("provider"), max_length=20, blank=True)
    reference = models.CharField(_("what it is about"), max_length=255)
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="mismatches", verbose_name=_("order")
    )
    details = models.TextField(_("details"), blank=True)
    found_at = models.DateTimeField(_("found"), auto_now_add=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("resolved by"),
    )
    note = models.TextField(_("note of staff"), blank=True)

    class Meta:
        verbose_name = _("mismatch")
        verbose_name_plural = _("mismatches")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "provider", "reference"],
                condition=Q(resolved_at=None),
                name="one_open_mismatch_a_cause",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reference}"

    def resolve(self, *, note: str, by: User) -> bool:
        """Staff has looked and acted, as the note says. Once."""
        unresolved = Mismatch.objects.filter(pk=self.pk, resolved_at=None)
        return bool(unresolved.update(resolved_at=timezone.now(), resolved_by=by, note=note))


class ReconcileMark(models.Model):
    """How far a provider's own list of events has been read."""

    provider = models.CharField(max_length=20, unique=True)
    read_until = models.DateTimeField()

    def __str__(self) -> str:
        return self.provider
