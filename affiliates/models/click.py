from datetime import date
from typing import Self

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import Affiliate


def today() -> date:
    """The day of the shop's clock, by which figures are counted."""
    return timezone.localdate()


class ClickQuerySet(models.QuerySet["Click"]):
    def uncounted(self) -> Self:
        return self.filter(counted_at=None)


class Click(models.Model):
    """A visit by an affiliate's link: one row a visitor, link and day, however often they come.

    `visitor` is a keyed hash of address, browser and day. It folds repeats, and is forgotten a day later.
    """

    affiliate = models.ForeignKey(Affiliate, models.PROTECT, related_name="clicks")
    day = models.DateField(_("day"), default=today)
    visitor = models.CharField(max_length=32, null=True, editable=False)
    path = models.CharField(_("page"), max_length=200, blank=True)
    sub_id = models.CharField(_("sub-id"), max_length=60, blank=True)
    utm = models.CharField(_("campaign"), max_length=200, blank=True)
    hits = models.PositiveIntegerField(_("visits"), default=1)
    at = models.DateTimeField(_("time"), default=timezone.now)
    counted_at = models.DateTimeField(null=True, editable=False)

    objects = ClickQuerySet.as_manager()

    class Meta:
        verbose_name = _("click")
        verbose_name_plural = _("clicks")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["affiliate", "day", "visitor", "path", "sub_id"], name="one_click_a_visitor_and_day"
            )
        ]
        indexes = [
            models.Index(fields=["affiliate"], condition=Q(counted_at=None), name="click_uncounted"),
            models.Index(fields=["day"], condition=Q(visitor__isnull=False), name="click_with_visitor"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.path}"


_FOLD = """
    INSERT INTO affiliates_click (affiliate_id, day, visitor, path, sub_id, utm, hits, at)
    VALUES (%s, %s, %s, %s, %s, %s, 1, %s)
    ON CONFLICT (affiliate_id, day, visitor, path, sub_id) DO UPDATE SET hits = affiliates_click.hits + 1
"""


def fold_click(click: Click) -> None:
    """Write a click in one statement: a repeat of the day only adds to the row that is there."""
    day, at = (
        connection.ops.adapt_datefield_value(click.day),
        connection.ops.adapt_datetimefield_value(click.at),
    )
    values = [click.affiliate_id, day, click.visitor, click.path, click.sub_id, click.utm, at]
    with connection.cursor() as cursor:
        cursor.execute(_FOLD, values)
