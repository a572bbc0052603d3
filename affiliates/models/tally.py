from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import Affiliate


class Tally(models.Model):
    """What a day brought an affiliate, counted as it happens: all together, and by product, link and so on.

    Figures for pages only. What is owed is never read from here, but from the ledger.
    """

    class Facet(models.TextChoices):
        ALL = "all", _("All")
        PRODUCT = "product", _("Product")
        LINK = "link", _("Link")
        SUB = "sub", _("Sub-id")
        COUPON = "coupon", _("Coupon")

    affiliate = models.ForeignKey(Affiliate, models.PROTECT, related_name="tallies")
    day = models.DateField()
    facet = models.CharField(max_length=10, choices=Facet)
    value = models.CharField(max_length=200, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    clicks = models.PositiveBigIntegerField(default=0)
    orders = models.PositiveBigIntegerField(default=0)
    earned = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("figures of a day")
        verbose_name_plural = _("figures of days")
        constraints = [
            models.UniqueConstraint(
                fields=["affiliate", "facet", "day", "value", "currency"], name="one_tally_a_day_and_facet"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.facet} {self.value}"


@dataclass
class Counted:
    """What is to be added to one tally. Clicks have no currency."""

    facet: str
    value: str
    currency: str = ""
    clicks: int = 0
    orders: int = 0
    earned: int = 0


_ADD = """
    INSERT INTO affiliates_tally (affiliate_id, day, facet, value, currency, clicks, orders, earned)
    VALUES {rows}
    ON CONFLICT (affiliate_id, facet, day, value, currency) DO UPDATE SET
        clicks = affiliates_tally.clicks + excluded.clicks,
        orders = affiliates_tally.orders + excluded.orders,
        earned = affiliates_tally.earned + excluded.earned
"""


def add_to_tallies(affiliate_id: int, day: date, counted: Iterable[Counted]) -> None:
    """Add to the figures of a day, in one statement and the caller's transaction.

    Always in the same order, so that two at once wait for each other instead of locking each other up.
    """
    rows = _merged(counted)
    if not rows:
        return
    values = [
        value
        for each in rows
        for value in (
            *(affiliate_id, connection.ops.adapt_datefield_value(day), each.facet, each.value, each.currency),
            *(each.clicks, each.orders, each.earned),
        )
    ]
    statement = _ADD.format(rows=", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * len(rows)))
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _merged(counted: Iterable[Counted]) -> list[Counted]:
    """One of each, in a fixed order: a statement may not add to the same row twice."""
    found: dict[tuple[str, str, str], Counted] = {}
    for each in counted:
        key = (each.facet, each.value[:200], each.currency)
        so_far = found.setdefault(key, Counted(*key))
        so_far.clicks += each.clicks
        so_far.orders += each.orders
        so_far.earned += each.earned
    return [found[key] for key in sorted(found)]
