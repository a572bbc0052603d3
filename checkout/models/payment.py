import uuid
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from checkout.models.order import Order
from storefront.models import retry_delay


def new_payment_key() -> str:
    return f"payment-{uuid.uuid4()}"


def session_expiry() -> datetime:
    """Providers keep a payment page open for a day at most; ours closes a little before its order."""
    return timezone.now() + timedelta(hours=23)


class PaymentQuerySet(models.QuerySet["Payment"]):
    def unsettled(self) -> Self:
        """Payments the provider may still have news about, not those that wait for staff."""
        return self.filter(status=Payment.Status.PENDING, mismatch="")

    def to_confirm(self) -> Self:
        """Payments that a buyer may be waiting for: begun at the provider, and not declined."""
        return self.unsettled().exclude(reference="").filter(is_declined=False)

    def to_sync(self) -> Self:
        """Unsettled payments that nobody asked about for a while: a minute at first, then ever longer."""
        now = timezone.now()
        return self.unsettled().filter(next_check_at__lte=now).order_by("next_check_at", "pk")


class Payment(models.Model):
    """One attempt to take the money of an order. The row is written before the provider is called."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        CANCELED = "canceled", _("Canceled")

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments", verbose_name=_("order"))
    provider = models.CharField(_("provider"), max_length=20)
    key = models.CharField(max_length=60, unique=True, default=new_payment_key, editable=False)
    reference = models.CharField(_("reference at the provider"), max_length=255, blank=True)
    capture_reference = models.CharField(_("charge at the provider"), max_length=255, blank=True)
    redirect_url = models.TextField(blank=True, editable=False)
    payer = models.CharField(max_length=64, blank=True, editable=False)
    is_duplicate = models.BooleanField(
        _("paid twice"), default=False, help_text=_("The order was paid already; this money goes back.")
    )
    amount = models.PositiveBigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    mismatch = models.TextField(_("what differs from the order"), blank=True)
    error = models.TextField(_("last error"), blank=True)
    is_declined = models.BooleanField(
        _("card declined"), default=False, editable=False, help_text=_("The buyer may choose another.")
    )
    # The agreement of the buyer whose card was declined; it is not tried again, the next one is.
    declined_approval = models.CharField(max_length=40, blank=True, editable=False)
    checks = models.PositiveIntegerField(default=0, editable=False)
    checked_at = models.DateTimeField(_("last look"), null=True, blank=True, editable=False)
    next_check_at = models.DateTimeField(_("next look"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(default=session_expiry, editable=False)
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "reference"], condition=~Q(reference=""), name="one_payment_a_reference"
            ),
            models.UniqueConstraint(
                fields=["order", "provider"],
                condition=Q(status="pending"),
                name="one_open_payment_a_provider",
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(status="succeeded", is_duplicate=False),
                name="one_payment_pays_an_order",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_is_not_zero"),
        ]
        indexes = [
            models.Index(fields=["next_check_at"], condition=Q(status="pending"), name="payment_to_sync")
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.reference or self.key}"

    @property
    def is_pending(self) -> bool:
        return self.status == self.Status.PENDING

    @property
    def is_open(self) -> bool:
        """Whether the buyer may still be sent to the provider's page of this payment."""
        return (
            self.is_pending
            and bool(self.redirect_url)
            and self.expires_at > timezone.now() + timedelta(minutes=5)
        )

    @property
    def refundable(self) -> int:
        """What is left: captured, less disputes lost and refunds that have not failed, in minor units."""
        if self.status != self.Status.SUCCEEDED:
            return 0
        # Summed here, so that lists that fetched these rows ask no more.
        taken = sum(refund.amount for refund in self.refunds.all() if refund.status != "failed")
        lost = (each for each in self.disputes.all() if each.status == "lost" and not each.is_warning)
        return max(self.amount - taken - sum(dispute.amount for dispute in lost), 0)

    @property
    def is_disputed(self) -> bool:
        """Whether the buyer's bank is asking for this money: what went back now would go back twice."""
        return any(each.status == "open" and not each.is_warning for each in self.disputes.all())

    def claim_check(self) -> bool:
        """Take the next look at the provider: false when another took one in the last three seconds."""
        now = timezone.now()
        mine = (
            Payment.objects.filter(pk=self.pk, status=self.Status.PENDING)
            .exclude(checked_at__gt=now - timedelta(seconds=3))
            .update(checked_at=now, next_check_at=now + retry_delay(self.checks + 1), checks=F("checks") + 1)
        )
        return bool(mine)

    def mark_started(self, reference: str, redirect_url: str, expires_at: datetime) -> None:
        """Keep where the provider opened the page, and until when. Repeating it changes nothing."""
        started = {"reference": reference, "redirect_url": redirect_url, "expires_at": expires_at}
        unopened = Payment.objects.filter(pk=self.pk, redirect_url="", reference__in=["", reference])
        if unopened.update(**started):
            self.reference, self.redirect_url, self.expires_at = reference, redirect_url, expires_at
        else:
            self.refresh_from_db()

    def mark_declined(self, approval: str, error: str) -> None:
        """The buyer's card was refused; the page stays open for another. Nothing is delivered by it."""
        Payment.objects.filter(pk=self.pk, status=self.Status.PENDING).update(
            is_declined=True, declined_approval=approval, error=error
        )
        self.refresh_from_db()

    def mark_reopened(self) -> None:
        """The buyer goes back to the page to choose another card, so the next news is waited for."""
        Payment.objects.filter(pk=self.pk, is_declined=True).update(is_declined=False)

    def mark_unreached(self, error: str, wait: timedelta) -> None:
        """Keep why the provider gave no answer, and leave it alone for as long as it asks for."""
        Payment.objects.filter(pk=self.pk).update(error=error)
        until = timezone.now() + wait
        Payment.objects.filter(pk=self.pk, next_check_at__lt=until).update(next_check_at=until)

    def note_reference(self, reference: str) -> None:
        """Learn the provider's id from a webhook, where the answer to our start got lost."""
        Payment.objects.filter(pk=self.pk, reference="").update(reference=reference)
        self.refresh_from_db()

    def mark_succeeded(self, capture_reference: str, *, is_duplicate: bool, payer: str = "") -> bool:
        """pending -> succeeded; late money also wakes a failed or canceled attempt. Once only.

        Of the card or account that paid a keyed hash is kept: it tells whether two payments have the same.
        """
        unpaid = Payment.objects.filter(pk=self.pk).exclude(status=self.Status.SUCCEEDED)
        fields = {
            "status": self.Status.SUCCEEDED,
            "settled_at": timezone.now(),
            "capture_reference": capture_reference,
            "is_duplicate": is_duplicate,
            "payer": self._hashed(payer) or self.payer,
            "error": "",
        }
        moved = unpaid.update(**fields)
        for name, value in fields.items() if moved else ():
            setattr(self, name, value)
        return bool(moved)

    def _hashed(self, payer: str) -> str:
        told = f"{self.provider}:{payer}"
        return salted_hmac("checkout.payer", told, algorithm="sha256").hexdigest() if payer else ""

    def mark_failed(self, status: "Payment.Status", error: str = "") -> bool:
        """pending -> failed or canceled, when that is final at the provider."""
        moved = Payment.objects.filter(pk=self.pk, status=self.Status.PENDING).update(
            status=status, settled_at=timezone.now(), error=error
        )
        self.refresh_from_db()
        return bool(moved)

    def note_mismatch(self, mismatch: str, capture_reference: str, payer: str = "") -> None:
        """Remember that the provider took something else than we asked for; staff decides."""
        Payment.objects.filter(pk=self.pk, mismatch="").update(
            mismatch=mismatch, capture_reference=capture_reference, payer=self._hashed(payer)
        )
        self.refresh_from_db()
