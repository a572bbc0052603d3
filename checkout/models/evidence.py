import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models.file import private_storage
from checkout.models.dispute import Dispute
from checkout.models.event import DueRow


def new_evidence_key() -> str:
    return secrets.token_hex(16)


class Evidence(DueRow):
    """A PDF of all that the shop knows about a disputed order, as it stood then. A task prints it."""

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="evidence", verbose_name=_("dispute"))
    key = models.CharField(max_length=32, unique=True, default=new_evidence_key, editable=False)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    file = models.FileField(_("file"), storage=private_storage, blank=True, max_length=200)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    created_at = models.DateTimeField(_("requested"), auto_now_add=True)

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dispute", "language"],
                condition=Q(handled_at=None),
                name="one_evidence_on_its_way",
            )
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(handled_at=None), name="evidence_due")
        ]

    def __str__(self) -> str:
        return f"{self.dispute} {self.created_at:%Y-%m-%d}"
