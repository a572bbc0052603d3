import secrets

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def new_charge_reference() -> str:
    return f"demo_{secrets.token_urlsafe(24)}"


class DemoCharge(models.Model):
    """The demo provider's own book: what a real provider keeps on its side. Empty in a real shop."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        PAID = "paid", _("Paid")
        DECLINED = "declined", _("Declined")
        DELAYED = "delayed", _("Delayed")

    reference = models.CharField(max_length=64, unique=True, default=new_charge_reference)
    key = models.CharField(max_length=60, unique=True)
    amount = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    refunded = models.PositiveBigIntegerField(default=0)
    refund_references = models.JSONField(default=list)
    return_url = models.URLField(max_length=500)
    cancel_url = models.URLField(max_length=500)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    pays_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.reference

    @property
    def is_paid(self) -> bool:
        """A delayed charge pays by itself when its time has come."""
        delayed = (
            self.status == self.Status.DELAYED and self.pays_at is not None and self.pays_at <= timezone.now()
        )
        return self.status == self.Status.PAID or delayed
