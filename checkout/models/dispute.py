from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from checkout.models.payment import Payment


class Dispute(models.Model):
    """A bank or the provider asks for a payment back, or warns that it may."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="disputes", verbose_name=_("payment"))
    reference = models.CharField(_("reference at the provider"), max_length=255, unique=True)
    amount = models.PositiveBigIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=100, blank=True)
    is_warning = models.BooleanField(_("a warning only"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    opened_at = models.DateTimeField(_("opened"), auto_now_add=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.reference

    def close(self, status: "Dispute.Status", amount: int) -> bool:
        """open -> won or lost, once, for what was lost in the end: often a part of what was asked for.

        A lost one may be won by appeal. Otherwise what comes late never turns it back.
        """
        sources = [self.Status.OPEN]
        if status == self.Status.WON:
            sources.append(self.Status.LOST)
        moved = Dispute.objects.filter(pk=self.pk, status__in=sources).update(
            status=status, amount=amount, closed_at=timezone.now()
        )
        self.refresh_from_db()
        return bool(moved)
