"""Figures for pages: read from what each day counted, so that they cost the same however much there is."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from affiliates.models import Affiliate, Click, Tally, today
from catalog.models import Product

PERIODS = {"30": 30, "90": 90, "365": 365}  # days, by what stands in the address
STEPS = {30: 1, 90: 7, 365: 30}  # days that one bar of the chart stands for
MOST_VALUES, SHOWN = 200, 8
Facet = Tally.Facet


@dataclass
class Figures:
    """Clicks and orders, and what was earned in minor units by currency."""

    clicks: int = 0
    orders: int = 0
    earned: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, row: dict[str, Any]) -> None:
        self.clicks += row["sum_clicks"]
        self.orders += row["sum_orders"]
        if row["currency"]:
            self.earned[row["currency"]] += row["sum_earned"]

    @property
    def conversion_bps(self) -> int | None:
        """Of ten thousand clicks, how many became orders; None without clicks."""
        return round(10_000 * self.orders / self.clicks) if self.clicks else None

    @property
    def sums(self) -> list[tuple[str, int]]:
        return sorted(self.earned.items())


@dataclass(frozen=True)
class Span:
    """Some days that stand together in the chart."""

    first: date
    last: date
    figures: Figures


@dataclass(frozen=True)
class Report:
    """What a period brought an affiliate: in all, over time, and by product, link, sub-id and coupon."""

    days: int
    total: Figures
    spans: list[Span]
    facets: dict[str, list[tuple[str, Figures]]]


def with_fresh_clicks(affiliates: QuerySet[Affiliate]) -> QuerySet[Affiliate]:
    """With fresh_clicks at hand: how many clicks of the last minutes are in no figures yet."""
    fresh = Click.objects.uncounted().filter(affiliate=OuterRef("pk")).order_by().values("affiliate")
    counted = Subquery(fresh.annotate(count=Count("pk")).values("count"))
    return affiliates.annotate(fresh_clicks=Coalesce(counted, 0))


def report_of(affiliate: Affiliate, period: str) -> Report:
    """The figures of so many days up to today. Three queries. The affiliate comes with its fresh clicks."""
    days = PERIODS.get(period, 30)
    first = today() - timedelta(days=days - 1)
    tallies = Tally.objects.filter(affiliate=affiliate, day__gte=first)
    by_day: dict[date, Figures] = defaultdict(Figures)
    for row in _summed(tallies.filter(facet=Facet.ALL), "day"):
        by_day[row["day"]].add(row)
    by_day[today()].clicks += affiliate.fresh_clicks  # type: ignore[attr-defined]
    total = Figures()
    for figures in by_day.values():
        _merge(total, figures)
    return Report(days, total, _spans(by_day, first, STEPS[days]), _facets(tallies))


def _summed(rows: QuerySet[Tally], *by: str) -> Any:
    sums = {f"sum_{name}": Sum(name) for name in ("clicks", "orders", "earned")}
    return rows.order_by().values(*by, "currency").annotate(**sums)


def _merge(into: Figures, other: Figures) -> None:
    into.clicks += other.clicks
    into.orders += other.orders
    for currency, earned in other.earned.items():
        into.earned[currency] += earned


def _spans(by_day: dict[date, Figures], first: date, step: int) -> list[Span]:
    """All days of the period, so many in a bar; the last bar ends today and the first may be shorter."""
    spans: list[Span] = []
    last = today()
    while last >= first:
        begins = max(last - timedelta(days=step - 1), first)
        figures = Figures()
        for offset in range((last - begins).days + 1):
            if found := by_day.get(begins + timedelta(days=offset)):
                _merge(figures, found)
        spans.append(Span(begins, last, figures))
        last = begins - timedelta(days=1)
    return spans[::-1]


def _facets(tallies: QuerySet[Tally]) -> dict[str, list[tuple[str, Figures]]]:
    """The best of each kind, by orders and then by clicks; products by their titles."""
    found: dict[tuple[str, str], Figures] = defaultdict(Figures)
    ordered = _summed(tallies.exclude(facet=Facet.ALL), "facet", "value")
    for row in ordered.order_by("-sum_orders", "-sum_clicks", "value")[:MOST_VALUES]:
        found[row["facet"], row["value"]].add(row)
    best = sorted(found.items(), key=lambda item: (-item[1].orders, -item[1].clicks, item[0]))
    by_facet: dict[str, list[tuple[str, Figures]]] = defaultdict(list)
    for (facet, value), figures in best:
        if len(by_facet[facet]) < SHOWN:
            by_facet[facet].append((value, figures))
    titles = _titles(value for value, _figures in by_facet[Facet.PRODUCT])
    by_facet[Facet.PRODUCT] = [
        (titles.get(value, value), figures) for value, figures in by_facet[Facet.PRODUCT]
    ]
    return {facet: rows for facet, rows in by_facet.items() if rows}


def _titles(values: Iterable[str]) -> dict[str, str]:
    ids = [int(value) for value in values if value.isdecimal()]
    products = Product.objects.filter(pk__in=ids).only("title") if ids else []
    return {str(product.pk): product.title for product in products}
