from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from delivery.models.grant import DownloadGrant


class Download(models.Model):
    """One fetch of a file, with all its ranges, retries and parallel parts: what one signed link opened."""

    grant = models.ForeignKey(
        DownloadGrant, models.PROTECT, related_name="downloads", verbose_name=_("right")
    )
    session = models.CharField(max_length=32, null=True, editable=False)
    client_address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    user_agent = models.CharField(_("program"), max_length=300, blank=True)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    # Set while the last that is known of it is that the reader went away too early.
    broken_at = models.DateTimeField(_("broken off"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("download")
        verbose_name_plural = _("downloads")
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["grant", "session"], name="one_download_a_session")]

    def __str__(self) -> str:
        return f"{self.grant} {self.started_at:%Y-%m-%d %H:%M}"

    def mark_broken(self) -> None:
        Download.objects.filter(pk=self.pk).update(broken_at=timezone.now())

    def mark_whole(self) -> None:
        """The last byte went out, so whatever broke before has been made good."""
        if self.broken_at:
            Download.objects.filter(pk=self.pk).update(broken_at=None)
