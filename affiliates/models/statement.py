from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from affiliates.models.payout import Payout
from catalog.models.file import private_storage
from checkout.models.event import DueRow


class Statement(DueRow):
    """A payout on paper, with all that it pays for. A task prints it, once a language."""

    payout = models.ForeignKey(Payout, models.PROTECT, related_name="statements", verbose_name=_("payout"))
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    file = models.FileField(_("file"), storage=private_storage, blank=True, max_length=200)
    created_at = models.DateTimeField(_("requested"), auto_now_add=True)

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["payout", "language"], name="one_statement_a_payout_and_language")
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(handled_at=None), name="statement_due")
        ]

    def __str__(self) -> str:
        return f"{self.payout} {self.language}"
