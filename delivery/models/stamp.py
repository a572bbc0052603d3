from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from checkout.models.event import DueRow
from delivery.models.grant import DownloadGrant


class Stamp(DueRow):
    """The copy of a file that bears its buyer's mark. Made by a worker; the sweep takes up what waits."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        READY = "ready", _("Ready")
        REFUSED = "refused", _("Can't be marked")

    grant = models.OneToOneField(DownloadGrant, models.PROTECT, related_name="stamp", verbose_name=_("right"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    # The bytes that the copy is to be made of: where the seller has replaced these, it is made anew.
    source_sha256 = models.CharField(max_length=64, editable=False)
    name = models.CharField(max_length=300, blank=True, editable=False)
    size = models.PositiveBigIntegerField(_("size"), default=0, editable=False)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True, editable=False)
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("marked copy")
        verbose_name_plural = _("marked copies")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(handled_at=None), name="stamp_due")
        ]

    def __str__(self) -> str:
        return str(self.grant)

    def mark_ready(self, *, name: str, size: int, sha256: str) -> bool:
        """False, and nothing written, when the file was replaced meanwhile, or another worker was quicker."""
        return self._settle(self.Status.READY, name=name, size=size, sha256=sha256, error="")

    def mark_refused(self, reason: str) -> bool:
        """For good: this file can't be marked."""
        return self._settle(self.Status.REFUSED, error=reason)

    def renew(self, source_sha256: str) -> None:
        """Have it made anew, of these bytes."""
        Stamp.objects.filter(pk=self.pk, source_sha256=self.source_sha256, status=self.status).update(
            status=self.Status.PENDING,
            source_sha256=source_sha256,
            handled_at=None,
            attempts=0,
            next_attempt_at=timezone.now(),
            asked_at=timezone.now(),
        )

    def _settle(self, status: "Stamp.Status", **fields: Any) -> bool:
        mine = Stamp.objects.filter(pk=self.pk, source_sha256=self.source_sha256, handled_at=None)
        is_mine = bool(mine.update(status=status, handled_at=timezone.now(), **fields))
        if is_mine:
            self.refresh_from_db(fields=["status", "handled_at", *fields])
        return is_mine
