"""What tax was taken in a period: sales when they were paid, refunds when they went back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from checkout.models import Dispute, Order, OrderLine, Payment, Refund
from checkout.pricing import share
from storefront.money import allocate

SALE, REFUND, DISPUTE = "sale", "refund", "dispute"


class Period(NamedTuple):
    """Days of the shop's time zone, the last one included."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.first, time.min))

    @property
    def end(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.last + timedelta(days=1), time.min))


class TaxKind(NamedTuple):
    """What a report keeps apart. The rate is in basis points."""

    country: str
    region: str
    treatment: str
    rate_bps: int
    currency: str


class Booking(NamedTuple):
    """One line sold, or what went back of one. Minor units, of what went back below zero."""

    at: datetime
    number: str
    what: str
    kind: TaxKind
    net: int
    tax: int


class Return(NamedTuple):
    """Money that went back of an order; `named` says for which lines, where that was said."""

    at: datetime
    what: str
    amount: int
    named: Mapping[int, int]


@dataclass
class TaxRow:
    """All of one kind in a period, in minor units; what went back counts from zero up."""

    kind: TaxKind
    sold: int = 0
    sold_tax: int = 0
    returned: int = 0
    returned_tax: int = 0

    @property
    def net(self) -> int:
        return self.sold - self.returned

    @property
    def tax(self) -> int:
        return self.sold_tax - self.returned_tax


def bookings(period: Period) -> Iterator[Booking]:
    """Every line sold, then every part of a line that went back, each in order of time or of order.

    Rows are read in pieces, so that any number of orders takes the same memory.
    """
    yield from _sales(period)
    yield from _returns(period)


def summed(entries: Iterable[Booking]) -> list[TaxRow]:
    """Bookings by kind, by currency and country, the highest rate first."""
    rows: dict[TaxKind, TaxRow] = {}
    for entry in entries:
        row = rows.setdefault(entry.kind, TaxRow(entry.kind))
        if entry.what == SALE:
            row.sold += entry.net
            row.sold_tax += entry.tax
        else:
            row.returned -= entry.net
            row.returned_tax -= entry.tax
    return sorted(rows.values(), key=_place_in_report)


def _place_in_report(row: TaxRow) -> tuple[str, str, str, int, str]:
    kind = row.kind
    return kind.currency, kind.country, kind.region, -kind.rate_bps, kind.treatment


def differing_orders(period: Period) -> int:
    """How many orders were paid in a period whose buyer's country is told in two ways."""
    return Order.objects.differing().filter(paid_at__gte=period.start, paid_at__lt=period.end).count()


def _sales(period: Period) -> Iterator[Booking]:
    lines = OrderLine.objects.filter(order__paid_at__gte=period.start, order__paid_at__lt=period.end)
    sold = lines.exclude(amount=0).select_related("order").order_by("order__paid_at", "pk")
    for line in sold.iterator(chunk_size=1000):
        order = line.order
        if order.paid_at:
            yield Booking(
                order.paid_at, order.number, SALE, _kind(order, line), line.net_amount, line.tax_amount
            )


def _kind(order: Order, line: OrderLine) -> TaxKind:
    country = order.tax_country or order.country
    return TaxKind(country, order.tax_region, order.tax_treatment, line.tax_rate_bps, order.currency)


def _returns(period: Period) -> Iterator[Booking]:
    for order in _returned_orders(period).iterator(chunk_size=200):
        lines = {line.pk: line for line in order.lines.all()}
        for given_back, parts in spread(returns_of(order), lines.values()):
            if period.start <= given_back.at < period.end:
                for pk, (net, tax) in parts.items():
                    kind = _kind(order, lines[pk])
                    yield Booking(given_back.at, order.number, given_back.what, kind, -net, -tax)


def _returned_orders(period: Period) -> QuerySet[Order]:
    paid = {"payment__status": Payment.Status.SUCCEEDED, "payment__is_duplicate": False}
    settled = Refund.objects.settled().filter(**paid, settled_at__gte=period.start, settled_at__lt=period.end)
    lost = Dispute.objects.filter(
        **paid,
        status=Dispute.Status.LOST,
        is_warning=False,
        closed_at__gte=period.start,
        closed_at__lt=period.end,
    )
    within = Q(pk__in=settled.values("payment__order")) | Q(pk__in=lost.values("payment__order"))
    refunds = Prefetch("refunds", Refund.objects.settled().prefetch_related("lines"))
    disputes = Prefetch("disputes", Dispute.objects.filter(status=Dispute.Status.LOST, is_warning=False))
    counted = Payment.objects.filter(status=Payment.Status.SUCCEEDED, is_duplicate=False)
    payments = Prefetch("payments", counted.prefetch_related(refunds, disputes))
    return Order.objects.filter(within).prefetch_related("lines", payments).order_by("pk")


def returns_of(order: Order) -> list[Return]:
    """What went back of an order, the earliest first; its payments with their refunds are at hand."""
    found = []
    for payment in order.payments.all():
        for refund in payment.refunds.all():
            named = {part.line_id: part.amount for part in refund.lines.all()}
            if refund.settled_at:
                found.append(Return(refund.settled_at, REFUND, refund.amount, named))
        for dispute in payment.disputes.all():
            if dispute.closed_at:
                found.append(Return(dispute.closed_at, DISPUTE, dispute.amount, {}))
    return sorted(found, key=lambda each: each.at)


def spread(
    returns: Iterable[Return], lines: Iterable[OrderLine]
) -> Iterator[tuple[Return, dict[int, tuple[int, int]]]]:
    """Each return with its net and tax by line, in minor units.

    What names no line is for all of them, in proportion to what is left of each. However a line goes back,
    its parts sum to its net and its tax.
    """
    by_pk = {line.pk: line for line in lines}
    left = {pk: line.amount for pk, line in by_pk.items()}
    for given_back in returns:
        parts = {}
        for pk, amount in _by_line(given_back, left).items():
            line = by_pk[pk]
            tax = share(line.tax_amount, line.amount, line.amount - left[pk], amount)
            left[pk] -= amount
            parts[pk] = (amount - tax, tax)
        yield given_back, parts


def _by_line(given_back: Return, left: Mapping[int, int]) -> dict[int, int]:
    named = {pk: min(amount, left[pk]) for pk, amount in given_back.named.items() if pk in left}
    rests = [rest - named.get(pk, 0) for pk, rest in left.items()]
    more = min(given_back.amount - sum(named.values()), sum(rests))
    parts = allocate(more, rests) if more > 0 else [0] * len(rests)
    sums = {pk: named.get(pk, 0) + part for pk, part in zip(left, parts, strict=True)}
    return {pk: amount for pk, amount in sums.items() if amount}
