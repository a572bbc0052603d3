"""Who earned what, for staff: each affiliate and currency over some days."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, Sum
from django.utils import timezone

from affiliates.models import Affiliate, LedgerEntry, Tally

Kind = LedgerEntry.Kind


@dataclass(frozen=True)
class Earner:
    """What one affiliate brought and got, in one currency and minor units."""

    affiliate: Affiliate
    currency: str
    clicks: int
    orders: int
    commissions: int
    taken_back: int
    adjusted: int
    paid: int

    @property
    def earned(self) -> int:
        return self.commissions + self.taken_back + self.adjusted


def earners(first: date, last: date) -> list[Earner]:
    """All with anything in the ledger of these days, the highest earner first. Four queries."""
    sums = _sums(first, last)
    counts, clicks = _counts(first, last)
    affiliates = Affiliate.objects.select_related("user").in_bulk({affiliate_id for affiliate_id, _c in sums})
    found = [
        Earner(
            affiliate=affiliates[affiliate_id],
            currency=currency,
            clicks=clicks.get(affiliate_id, 0),
            orders=counts.get((affiliate_id, currency), 0),
            commissions=row["commissions"],
            taken_back=row["taken_back"],
            adjusted=row["adjusted"],
            paid=-row["paid"],
        )
        for (affiliate_id, currency), row in sums.items()
    ]
    return sorted(found, key=lambda each: (each.currency, -each.earned, each.affiliate.pk))


def _sums(first: date, last: date) -> dict[tuple[int, str], dict[str, Any]]:
    begins, ends = _begin(first), _begin(last + timedelta(days=1))
    entries = LedgerEntry.objects.filter(created_at__gte=begins, created_at__lt=ends)
    of_orders = Q(line__isnull=False)
    rows = (
        entries.order_by()
        .values("affiliate", "currency")
        .annotate(
            commissions=Sum("amount", filter=Q(kind=Kind.COMMISSION), default=0),
            taken_back=Sum("amount", filter=of_orders & ~Q(kind=Kind.COMMISSION), default=0),
            adjusted=Sum("amount", filter=Q(kind=Kind.ADJUSTMENT), default=0),
            paid=Sum("amount", filter=Q(payout__isnull=False), default=0),
        )
    )
    return {(row["affiliate"], row["currency"]): row for row in rows}


def _counts(first: date, last: date) -> tuple[dict[tuple[int, str], int], dict[int, int]]:
    """Orders by affiliate and currency, and clicks by affiliate."""
    tallies = Tally.objects.filter(facet=Tally.Facet.ALL, day__gte=first, day__lte=last)
    orders: dict[tuple[int, str], int] = {}
    clicks: dict[int, int] = defaultdict(int)
    rows = tallies.order_by().values("affiliate", "currency")
    for row in rows.annotate(sum_orders=Sum("orders"), sum_clicks=Sum("clicks")):
        orders[row["affiliate"], row["currency"]] = row["sum_orders"]
        clicks[row["affiliate"]] += row["sum_clicks"]
    return orders, clicks


def _begin(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
