import uuid
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import Affiliate
from storefront.models import LEASE, retry_delay

FOLLOWED = timedelta(days=60)  # PayPal gives back after 30 days what nobody claimed


def new_batch_key() -> str:
    return f"payouts-{uuid.uuid4()}"


def new_payout_key() -> str:
    return f"payout-{uuid.uuid4()}"


class PayoutBatchQuerySet(models.QuerySet["PayoutBatch"]):
    def due(self) -> Self:
        """Batches at PayPal that are to be sent, or asked about."""
        return self.filter(next_attempt_at__lte=timezone.now()).order_by("next_attempt_at", "pk")


class PayoutBatch(models.Model):
    """Payouts that go out together: one way and one currency. `key` is stored before PayPal is called."""

    key = models.CharField(max_length=60, unique=True, default=new_batch_key, editable=False)
    method = models.CharField(_("way"), max_length=10, choices=Affiliate.Method)
    currency = models.CharField(_("currency"), max_length=3)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("made by")
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    sent_at = models.DateTimeField(_("given to PayPal"), null=True, blank=True)
    reference = models.CharField(_("number at PayPal"), max_length=60, blank=True)
    attempts = models.PositiveIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(null=True, editable=False)
    error = models.TextField(_("last error"), blank=True)

    objects = PayoutBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("batch of payouts")
        verbose_name_plural = _("batches of payouts")
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(next_attempt_at__isnull=False),
                name="payout_batch_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.currency} {self.created_at:%Y-%m-%d}"

    def begin_sending(self) -> bool:
        """Let the worker give the batch to PayPal, once: false when that was begun before."""
        now = timezone.now()
        mine = PayoutBatch.objects.filter(pk=self.pk, method=Affiliate.Method.PAYPAL, sent_at=None)
        return bool(mine.update(sent_at=now, next_attempt_at=now, error=""))

    def claim(self) -> bool:
        """Take the batch for one look: false when it is not due, since another worker has it."""
        now = timezone.now()
        mine = PayoutBatch.objects.filter(pk=self.pk, next_attempt_at__lte=now).update(
            next_attempt_at=now + LEASE, attempts=F("attempts") + 1
        )
        if mine:
            self.refresh_from_db()
        return bool(mine)

    def note_reference(self, reference: str) -> None:
        PayoutBatch.objects.filter(pk=self.pk, reference="").update(reference=reference)
        self.refresh_from_db()

    def look_again(self, error: str = "", wait: timedelta = timedelta(0), *, in_a_day: bool = False) -> None:
        """Ask again later; never again once the money has been away for long."""
        now = timezone.now()
        delay = timedelta(days=1) if in_a_day else max(retry_delay(self.attempts), wait)
        is_over = in_a_day and self.sent_at is not None and now - self.sent_at > FOLLOWED
        PayoutBatch.objects.filter(pk=self.pk).update(
            error=error, next_attempt_at=None if is_over else now + delay
        )

    def hand_back(self, error: str) -> None:
        """PayPal has taken nothing: staff may send it again, another way, or cancel its payouts."""
        PayoutBatch.objects.filter(pk=self.pk, reference="").update(
            error=error, next_attempt_at=None, sent_at=None, attempts=0
        )

    def stop(self, error: str) -> None:
        """Ask no more by itself: PayPal took nothing, or staff has to look."""
        PayoutBatch.objects.filter(pk=self.pk).update(error=error, next_attempt_at=None)


class Payout(models.Model):
    """Money on its way to an affiliate. It leaves the balance with this row, not when it is paid."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        PAID = "paid", _("Paid")
        CANCELED = "canceled", _("Canceled")

    batch = models.ForeignKey(
        PayoutBatch, models.PROTECT, related_name="payouts", verbose_name=_("batch of payouts")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="payouts", verbose_name=_("affiliate")
    )
    key = models.CharField(max_length=60, unique=True, default=new_payout_key, editable=False)
    amount = models.PositiveBigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    # The last row of the ledger that this pays: two payouts of the same money would name the same.
    through = models.PositiveBigIntegerField(editable=False)
    payee = models.CharField(_("paid to"), max_length=200)
    destination = models.CharField(_("account"), max_length=300)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    reference = models.CharField(_("reference"), max_length=120, blank=True)
    item_reference = models.CharField(_("number at PayPal"), max_length=60, blank=True)
    item_status = models.CharField(_("PayPal says"), max_length=40, blank=True)
    note = models.TextField(_("note"), blank=True)
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    canceled_at = models.DateTimeField(_("canceled"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("settled by"),
    )

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["affiliate", "-id"], name="payout_of_affiliate")]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payout_is_not_zero"),
            models.UniqueConstraint(
                fields=["affiliate", "currency", "through"], name="no_money_is_paid_out_twice"
            ),
            models.UniqueConstraint(fields=["batch", "affiliate"], name="one_payout_a_batch_and_affiliate"),
            models.CheckConstraint(
                condition=~Q(status="paid") | Q(paid_at__isnull=False), name="paid_payout_has_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(status="canceled") | Q(canceled_at__isnull=False),
                name="canceled_payout_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"P-{10000 + self.pk}" if self.pk else ""

    def mark_paid(self, *, reference: str, by: object = None) -> bool:
        """pending -> paid. False, and nothing done, when it is past that."""
        change = {"status": self.Status.PAID, "paid_at": timezone.now(), "reference": reference}
        return self._move({self.Status.PENDING}, change | {"settled_by": by})

    def cancel(self, *, note: str, by: object = None) -> bool:
        """pending -> canceled: the money never left."""
        return self._cancel({self.Status.PENDING}, note, by)

    def take_back(self, *, note: str) -> bool:
        """pending or paid -> canceled: the money came back from where it was sent."""
        return self._cancel({self.Status.PENDING, self.Status.PAID}, note, None)

    def _cancel(self, sources: set["Payout.Status"], note: str, by: object) -> bool:
        change = {"status": self.Status.CANCELED, "canceled_at": timezone.now(), "note": note}
        return self._move(sources, change | {"settled_by": by})

    def _move(self, sources: set["Payout.Status"], change: dict[str, object]) -> bool:
        moved = Payout.objects.filter(pk=self.pk, status__in=sources).update(**change)
        if moved:
            self.refresh_from_db()
        return bool(moved)
