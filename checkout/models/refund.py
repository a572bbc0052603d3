import uuid
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from checkout.models.order import Order, OrderLine
from checkout.models.payment import Payment
from storefront.models import LEASE, retry_delay


def new_refund_key() -> str:
    return f"refund-{uuid.uuid4()}"


class RefundQuerySet(models.QuerySet["Refund"]):
    def due(self) -> Self:
        now = timezone.now()
        return self.filter(status=Refund.Status.PENDING, next_attempt_at__lte=now).order_by(
            "next_attempt_at", "pk"
        )

    def settled(self) -> Self:
        return self.filter(status=Refund.Status.SUCCEEDED)


class Refund(models.Model):
    """Money on its way back. The row, with its key, is written before the provider is called."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")

    class Reason(models.TextChoices):
        REQUESTED = "requested", _("The buyer asked for it")
        DUPLICATE = "duplicate", _("Paid twice")
        FRAUD = "fraud", _("Fraud")
        OTHER = "other", _("Another reason")

    class Source(models.TextChoices):
        STAFF = "staff", _("Staff")
        BUYER = "buyer", _("Buyer")
        SHOP = "shop", _("The shop by itself")
        PROVIDER = "provider", _("The provider's own pages")
        MANUAL = "manual", _("By hand, outside the provider")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment"))
    amount = models.PositiveBigIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    source = models.CharField(_("begun by"), max_length=10, choices=Source)
    note = models.TextField(_("note"), blank=True)
    revokes_access = models.BooleanField(
        _("takes the files back"), default=False, help_text=_("A refund of all that was paid always does.")
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    retries = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="retried_by",
        verbose_name=_("instead of the failed refund"),
    )
    key = models.CharField(max_length=60, unique=True, default=new_refund_key, editable=False)
    reference = models.CharField(
        _("reference at the provider"), max_length=255, null=True, blank=True, unique=True
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(default=timezone.now, editable=False)
    error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("requested"), auto_now_add=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_is_not_zero"),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(reason="duplicate") & ~Q(status="failed"),
                name="one_refund_of_a_duplicate",
            ),
        ]
        indexes = [models.Index(fields=["next_attempt_at"], condition=Q(status="pending"), name="refund_due")]

    def __str__(self) -> str:
        return self.reference or self.key

    @property
    def currency(self) -> str:
        return self.payment.currency

    def claim(self) -> bool:
        """Take the refund for execution: false when settled, or when another worker has it."""
        now = timezone.now()
        mine = Refund.objects.filter(pk=self.pk, status=self.Status.PENDING, next_attempt_at__lte=now).update(
            next_attempt_at=now + LEASE, attempts=F("attempts") + 1
        )
        if mine:
            self.refresh_from_db()
        return bool(mine)

    def run_again(self) -> bool:
        """Make a refund that is on its way due at once, on the wish of staff."""
        waiting = Refund.objects.filter(pk=self.pk, status=self.Status.PENDING)
        return bool(waiting.update(next_attempt_at=timezone.now(), error=""))

    def mark_retry(self, error: str, wait: timedelta) -> None:
        """Try again later, after `wait` at the earliest."""
        Refund.objects.filter(pk=self.pk, status=self.Status.PENDING).update(
            error=error, next_attempt_at=timezone.now() + max(retry_delay(self.attempts), wait)
        )

    def mark(self, status: "Refund.Status", **fields: Any) -> bool:
        """pending -> succeeded or failed, and succeeded -> failed when the provider takes it back."""
        sources = [self.Status.PENDING]
        if status == self.Status.FAILED:
            sources.append(self.Status.SUCCEEDED)
        moved = Refund.objects.filter(pk=self.pk, status__in=sources).update(
            status=status, settled_at=timezone.now(), **fields
        )
        self.refresh_from_db()
        return bool(moved)


class RefundLine(models.Model):
    """The part of a refund that is for one line of the order."""

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="lines", verbose_name=_("refund"))
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="refunds", verbose_name=_("order line"))
    amount = models.PositiveBigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("refunded line")
        verbose_name_plural = _("refunded lines")
        constraints = [
            models.UniqueConstraint(fields=["refund", "line"], name="one_part_a_refund_and_line"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_line_is_not_zero"),
        ]

    def __str__(self) -> str:
        return str(self.line)


class RefundRequest(models.Model):
    """A buyer asks for their money back, within the shop's window. Staff, or a setting, answers."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        APPROVED = "approved", _("Approved")
        DECLINED = "declined", _("Declined")

    order = models.OneToOneField(
        Order, models.PROTECT, related_name="refund_request", verbose_name=_("order")
    )
    words = models.TextField(_("what the buyer says"), blank=True, max_length=2000)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    refund = models.OneToOneField(
        Refund, models.PROTECT, null=True, blank=True, related_name="request", verbose_name=_("refund")
    )
    answer = models.TextField(_("answer to the buyer"), blank=True)
    created_at = models.DateTimeField(_("asked"), auto_now_add=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )

    class Meta:
        verbose_name = _("refund request")
        verbose_name_plural = _("refund requests")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return str(self.order)

    def decide(self, status: "RefundRequest.Status", **fields: Any) -> bool:
        """open -> approved or declined, once."""
        moved = RefundRequest.objects.filter(pk=self.pk, status=self.Status.OPEN).update(
            status=status, decided_at=timezone.now(), **fields
        )
        self.refresh_from_db()
        return bool(moved)
