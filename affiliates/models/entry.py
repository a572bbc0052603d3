from datetime import datetime
from typing import Any, NoReturn, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.errors import LedgerOnlyGrows
from affiliates.models.affiliate import Affiliate
from affiliates.models.payout import Payout
from affiliates.models.referral import ReferralLine
from checkout.models import Dispute, Refund


def _refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise LedgerOnlyGrows(_("Rows of the ledger are never changed. Write another that sets it right."))


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Rows that are written once. The database refuses the rest by itself; this says so earlier."""

    update = delete = bulk_update = update_or_create = _raw_delete = _refuse
    update.alters_data = delete.alters_data = True  # type: ignore[attr-defined]


class AppendOnly(models.Model):
    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            _refuse()
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse()


class EntryQuerySet(AppendOnlyQuerySet):
    def of(self, affiliate: Affiliate) -> Self:
        return self.filter(affiliate=affiliate)


class LedgerEntry(AppendOnly):
    """Money owed to an affiliate (+) or taken back and paid out (-), in minor units, with its one cause.

    From `available_at` on it is free, and until then pending. A reversal and a hold are free when the
    commission is that they take back, or at once.
    """

    class Kind(models.TextChoices):
        COMMISSION = "commission", _("Commission")
        REVERSAL = "reversal", _("Reversal")
        HOLD = "hold", _("Hold")
        ADJUSTMENT = "adjustment", _("Adjustment")
        PAYOUT = "payout", _("Payout")

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="entries", verbose_name=_("affiliate")
    )
    currency = models.CharField(_("currency"), max_length=3)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    amount = models.BigIntegerField(_("amount"))
    cause = models.CharField(_("cause"), max_length=60)
    line = models.ForeignKey(ReferralLine, models.PROTECT, null=True, related_name="entries")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, related_name="+", verbose_name=_("refund"))
    dispute = models.ForeignKey(
        Dispute, models.PROTECT, null=True, related_name="+", verbose_name=_("dispute")
    )
    payout = models.ForeignKey(
        Payout, models.PROTECT, null=True, related_name="entries", verbose_name=_("payout")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    available_at = models.DateTimeField(_("free"))
    created_at = models.DateTimeField(_("written"), default=timezone.now)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger line")
        verbose_name_plural = _("ledger lines")
        ordering = ["-pk"]
        base_manager_name = "objects"
        indexes = [
            # Holds all that a balance adds up, so that the rows themselves are not read.
            models.Index(
                fields=["affiliate", "available_at", "currency", "amount", "payout"], name="entry_balance"
            ),
            models.Index(fields=["affiliate", "-id"], name="entry_of_affiliate"),
            models.Index(fields=["created_at", "affiliate"], name="entry_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "cause", "line"],
                condition=Q(line__isnull=False),
                name="one_entry_a_line_cause",
            ),
            models.UniqueConstraint(
                fields=["kind", "cause"], condition=Q(line=None), name="one_entry_a_cause"
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="entry_is_not_nothing"),
            models.CheckConstraint(
                condition=Q(available_at__gte=F("created_at")), name="entry_is_free_later"
            ),
            models.CheckConstraint(
                condition=Q(kind="commission", amount__gt=0, line__isnull=False)
                & Q(refund=None, dispute=None, payout=None)
                | Q(kind="reversal", line__isnull=False, refund__isnull=False, dispute=None, payout=None)
                | Q(kind="reversal", line__isnull=False, refund=None, dispute__isnull=False, payout=None)
                | Q(kind="reversal", line=None, refund=None, dispute=None, payout__isnull=False, amount__gt=0)
                | Q(kind="hold", line__isnull=False, refund__isnull=False, dispute=None, payout=None)
                | Q(kind="hold", line__isnull=False, refund=None, dispute__isnull=False, payout=None)
                | Q(kind="adjustment", line=None, refund=None, dispute=None, payout=None, by__isnull=False)
                & ~Q(reason="")
                | Q(kind="payout", line=None, refund=None, dispute=None, payout__isnull=False, amount__lt=0),
                name="entry_has_one_cause",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency}"

    def is_free(self, at: datetime) -> bool:
        return self.available_at <= at


class LedgerSum(AppendOnly):
    """All that became free before a moment, summed once: `check_ledger` proves it equal to its rows.

    The database takes no entry any more that would be free before that moment. All currencies of an
    affiliate are closed together; a balance is the last of these and the few entries since.
    """

    affiliate = models.ForeignKey(Affiliate, models.PROTECT, related_name="sums")
    currency = models.CharField(max_length=3)
    through = models.DateTimeField()
    amount = models.BigIntegerField()
    paid = models.BigIntegerField()
    entries = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("closed period")
        verbose_name_plural = _("closed periods")
        ordering = ["-pk"]
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(fields=["affiliate", "through", "currency"], name="one_sum_a_period")
        ]

    def __str__(self) -> str:
        return f"{self.through:%Y-%m-%d} {self.amount} {self.currency}"
