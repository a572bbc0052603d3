from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from delivery.models.grant import DownloadGrant


class Download(models.Model):
    """One fetch of a file."""

    grant = models.ForeignKey(
        DownloadGrant, models.PROTECT, related_name="downloads", verbose_name=_("right")
    )
    client_address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    user_agent = models.CharField(_("program"), max_length=300, blank=True)
    started_at = models.DateTimeField(_("started"), default=timezone.now)

    class Meta:
        verbose_name = _("download")
        verbose_name_plural = _("downloads")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.grant} {self.started_at:%Y-%m-%d %H:%M}"
