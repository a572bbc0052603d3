import secrets
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import ProductFile
from checkout.models import OrderLine


def new_grant_key() -> str:
    """128 random bits, the part of a link that cannot be guessed."""
    return secrets.token_urlsafe(16)


class DownloadGrantQuerySet(models.QuerySet["DownloadGrant"]):
    def usable(self) -> Self:
        return self.filter(revoked_at=None)


class DownloadGrant(models.Model):
    """The right of one order line to fetch one file."""

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="grants", verbose_name=_("order line"))
    file = models.ForeignKey(ProductFile, models.PROTECT, related_name="grants", verbose_name=_("file"))
    key = models.CharField(max_length=32, unique=True, default=new_grant_key, editable=False)
    granted_at = models.DateTimeField(_("granted"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = DownloadGrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("right to download")
        verbose_name_plural = _("rights to download")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["line", "file"], name="one_grant_a_line_and_file")]

    def __str__(self) -> str:
        return f"{self.line} · {self.file}"
