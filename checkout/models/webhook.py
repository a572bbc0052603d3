from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from checkout.models.event import DueRow


class WebhookEvent(DueRow):
    """What a provider told us, as received. It means "look again", and proves nothing else."""

    provider = models.CharField(_("provider"), max_length=20)
    external_id = models.CharField(_("id at the provider"), max_length=255)
    type = models.CharField(_("type"), max_length=100)
    payment_key = models.CharField(max_length=60, blank=True, editable=False)
    payment_reference = models.CharField(_("payment it speaks of"), max_length=255, blank=True)
    is_money = models.BooleanField(_("says that money was taken"), default=False)
    body = models.TextField(_("body as received"))
    received_at = models.DateTimeField(_("received"), auto_now_add=True)

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "external_id"], name="one_row_a_webhook_event")
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(handled_at=None), name="webhook_event_due"),
            models.Index(fields=["payment_key"], name="webhook_event_of_payment"),
            models.Index(fields=["payment_reference"], name="webhook_event_of_ref"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.type}"
