import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import ProductFile
from checkout.models import Order, OrderLine
from delivery.errors import DownloadLimitReached
from storefront.money import digits


def new_grant_key() -> str:
    """128 random bits, the part of a link that cannot be guessed."""
    return secrets.token_urlsafe(16)


class DownloadGrantQuerySet(models.QuerySet["DownloadGrant"]):
    def usable(self) -> Self:
        return self.filter(revoked_at=None)

    def deliverable(self) -> Self:
        """Rights whose files may be sent now, as their orders stand."""
        paid = Q(line__order__status__in=[Order.Status.PAID, Order.Status.PARTIALLY_REFUNDED])
        return self.usable().filter(paid, line__order__held_at=None)

    def count_downloads(self, grants: Collection["DownloadGrant"]) -> None:
        """Use one download of each up, in the caller's transaction. Raises DownloadLimitReached to undo it.

        Exact under any number of processes: the counts only move by a conditional update.
        """
        below = Q(pk__in=[grant.pk for grant in grants if not grant.limit])
        for limit in {grant.limit for grant in grants} - {0}:
            below |= Q(pk__in=[each.pk for each in grants if each.limit == limit], used_count__lt=limit)
        counted = self.filter(below).update(used_count=F("used_count") + 1, last_download_at=timezone.now())
        if counted < len(grants):
            raise DownloadLimitReached(limit_reached(max(grant.limit for grant in grants)))

    def reset(self) -> int:
        """Let buyers fetch as often, and for as long, as on the first day: on the wish of staff."""
        return self.update(used_count=0, renewed_at=timezone.now())


class DownloadGrant(models.Model):
    """The right of one order line to fetch one file."""

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="grants", verbose_name=_("order line"))
    file = models.ForeignKey(ProductFile, models.PROTECT, related_name="grants", verbose_name=_("file"))
    key = models.CharField(max_length=32, unique=True, default=new_grant_key, editable=False)
    granted_at = models.DateTimeField(_("granted"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    used_count = models.PositiveIntegerField(_("downloads"), default=0, editable=False)
    last_download_at = models.DateTimeField(_("last download"), null=True, blank=True, editable=False)
    renewed_at = models.DateTimeField(_("reset by staff"), null=True, blank=True, editable=False)

    objects = DownloadGrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("right to download")
        verbose_name_plural = _("rights to download")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["line", "file"], name="one_grant_a_line_and_file")]

    def __str__(self) -> str:
        return f"{self.line} · {self.file}"

    @property
    def limit(self) -> int:
        """How often the file may be fetched in all; 0 is without limit."""
        own = self.file.product.download_limit
        return settings.DOWNLOAD_LIMIT if own is None else own

    @property
    def remaining(self) -> int | None:
        """How often it may still be fetched; None is without limit."""
        return max(0, self.limit - self.used_count) if self.limit else None

    @property
    def ends_at(self) -> datetime | None:
        """When the right lapses: days after the payment, or after staff reset it. None is never."""
        own = self.file.product.download_days
        days = settings.DOWNLOAD_DAYS if own is None else own
        begins_at = self.renewed_at or self.line.order.paid_at
        return begins_at + timedelta(days=days) if days and begins_at else None

    @property
    def is_over(self) -> bool:
        return self.ends_at is not None and self.ends_at <= timezone.now()


def limit_reached(limit: int) -> str:
    words = gettext("This file was fetched %(count)s times, as often as it can be. Write to us for more.")
    return words % {"count": digits(limit)}
