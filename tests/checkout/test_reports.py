"""The tax of a period: sales when they were paid, refunds when they went back, and every sum exact."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from checkout.models import Dispute, Order, OrderLine, Refund
from checkout.refunds import execute_refund, request_refund
from checkout.reports import (
    DISPUTE,
    REFUND,
    SALE,
    Booking,
    Period,
    Return,
    TaxKind,
    bookings,
    differing_orders,
    spread,
    summed,
)
from tests.factories import make_product, make_rate, make_shop, paid_order, pending_order

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
DECEMBER = Period(date(2026, 12, 1), date(2026, 12, 31))
BEFORE = datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)
IN_NOVEMBER = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
IN_DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
GERMAN = TaxKind("DE", "", "standard", 1900, "USD")


def paid_at(order: Order, at: datetime) -> Order:
    Order.objects.filter(pk=order.pk).update(paid_at=at)
    order.refresh_from_db()
    return order


def give_back(order: Order, amount: int, at: datetime, lines: dict[OrderLine, int] | None = None) -> Refund:
    refund = request_refund(
        order.payments.get(),
        amount,
        reason=Refund.Reason.REQUESTED,
        source=Refund.Source.STAFF,
        lines=lines or {},
    )
    execute_refund(refund)
    Refund.objects.filter(pk=refund.pk).update(settled_at=at)
    return refund


def figures(period: Period) -> dict[TaxKind, tuple[int, int, int, int]]:
    return {
        row.kind: (row.sold, row.sold_tax, row.returned, row.returned_tax) for row in summed(bookings(period))
    }


@pytest.fixture
def german_shop(db: None) -> None:
    make_shop(charges_tax=True, country="JO")
    make_rate("DE", 1900)
    make_rate("DE", 700, tax_class="ebook")


@pytest.mark.usefixtures("german_shop")
class TestPeriods:
    def test_a_sale_counts_where_it_was_paid_and_a_refund_where_it_went_back(self) -> None:
        plugin, book = make_product(10_000, kind="plugin"), make_product(1000, kind="ebook")
        order = paid_at(paid_order(plugin, book, country="DE"), IN_NOVEMBER)
        first, second = order.lines.all()
        give_back(order, 5000, IN_DECEMBER, {first: 5000})
        paid_at(paid_order(plugin, country="DE"), BEFORE)
        paid_at(pending_order(make_product(0), country="DE"), IN_NOVEMBER)

        reduced = GERMAN._replace(rate_bps=700)
        assert figures(NOVEMBER) == {GERMAN: (8403, 1597, 0, 0), reduced: (935, 65, 0, 0)}
        assert figures(DECEMBER) == {GERMAN: (0, 0, 4201, 799)}
        assert (second.net_amount, second.tax_amount) == (935, 65)

    def test_the_days_are_those_of_the_shops_time_zone(self, settings: Any) -> None:
        settings.TIME_ZONE = "Asia/Amman"
        paid_at(paid_order(country="DE"), datetime(2026, 10, 31, 21, 0, tzinfo=UTC))  # midnight in Amman
        paid_at(paid_order(country="DE"), datetime(2026, 11, 30, 21, 0, tzinfo=UTC))

        assert [row.sold + row.sold_tax for row in summed(bookings(NOVEMBER))] == [1200]

    def test_kinds_of_tax_are_kept_apart(self) -> None:
        product = make_product(11_900, kind="plugin")
        orders = [
            paid_order(product, country="DE"),
            paid_order(product, country="DE", vat_id="DE136695976"),
            paid_order(product, country="US"),
        ]
        make_shop(charges_tax=False)
        orders.append(paid_order(product, country="DE"))
        for order in orders:
            paid_at(order, IN_NOVEMBER)

        assert figures(NOVEMBER) == {
            GERMAN: (10_000, 1900, 0, 0),
            TaxKind("DE", "", "reverse_charge", 0, "USD"): (10_000, 0, 0, 0),
            TaxKind("US", "", "outside", 0, "USD"): (11_900, 0, 0, 0),
            TaxKind("DE", "", "exempt", 0, "USD"): (11_900, 0, 0, 0),
        }

    def test_a_lost_dispute_takes_its_tax_back_and_a_won_one_does_not(self) -> None:
        order = paid_at(paid_order(make_product(11_900, kind="plugin"), country="DE"), BEFORE)
        for status, at in ((Dispute.Status.LOST, IN_NOVEMBER), (Dispute.Status.WON, IN_NOVEMBER)):
            Dispute.objects.create(
                payment=order.payments.get(), reference=status, amount=11_900, status=status, closed_at=at
            )

        found = list(bookings(NOVEMBER))
        assert found == [Booking(IN_NOVEMBER, order.number, DISPUTE, GERMAN, -10_000, -1900)]

    def test_a_refund_that_failed_or_of_money_paid_twice_is_none(self) -> None:
        order = paid_at(paid_order(country="DE"), IN_NOVEMBER)
        refund = give_back(order, 1200, IN_NOVEMBER)
        Refund.objects.filter(pk=refund.pk).update(status=Refund.Status.FAILED)
        assert [entry.what for entry in bookings(NOVEMBER)] == [SALE]

        Refund.objects.filter(pk=refund.pk).update(status=Refund.Status.SUCCEEDED)
        assert [entry.what for entry in bookings(NOVEMBER)] == [SALE, REFUND]
        order.payments.update(is_duplicate=True)
        assert [entry.what for entry in bookings(NOVEMBER)] == [SALE]

    def test_orders_with_evidence_that_differs_are_counted(self) -> None:
        paid_at(paid_order(country="DE", network_country="FR"), IN_NOVEMBER)
        paid_at(paid_order(country="DE", network_country="DE"), IN_NOVEMBER)
        paid_at(paid_order(country="DE", network_country="FR"), IN_DECEMBER)

        assert differing_orders(NOVEMBER) == 1

    def test_any_number_of_orders_is_read_by_the_same_queries(self) -> None:
        counts = []
        for _each in range(2):
            for _order in range(3):
                order = paid_at(paid_order(make_product(), make_product(), country="DE"), IN_NOVEMBER)
                give_back(order, 700, IN_NOVEMBER)
            with CaptureQueriesContext(connection) as asked:
                assert list(bookings(NOVEMBER))
            counts.append(len(asked))

        assert counts[0] == counts[1] <= 8


# --- Parts of lines that went back ----------------------------------------------------------------


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[OrderLine], list[Return]]:
    """Lines of an order, and money that goes back: for named lines or none, up to all there is."""
    lines = []
    for pk in range(1, draw(st.integers(1, 4)) + 1):
        net, tax = draw(st.integers(1, 5000)), draw(st.integers(0, 1500))
        lines.append(OrderLine(pk=pk, amount=net + tax, net_amount=net, tax_amount=tax))
    left, returns, at = {line.pk: line.amount for line in lines}, [], timezone.now()
    rest = sum(left.values())
    for step in range(draw(st.integers(0, 6))):
        if rest < 1:
            break
        named: dict[int, int] = {}
        pk = draw(st.sampled_from(sorted(left)))
        if draw(st.booleans()) and 0 < left[pk] <= rest:
            named = {pk: draw(st.integers(1, left[pk]))}
        amount = sum(named.values()) or draw(st.integers(1, rest))
        for each, part in named.items():
            left[each] -= part
        rest -= amount
        returns.append(Return(at + timedelta(days=step), REFUND, amount, named))
    return lines, returns


@given(stories())
def test_whatever_goes_back_sums_exactly(story: tuple[list[OrderLine], list[Return]]) -> None:
    lines, returns = story
    net, tax = ({line.pk: 0 for line in lines} for _each in range(2))
    for given_back, parts in spread(returns, lines):
        assert sum(map(sum, parts.values())) == given_back.amount
        for pk, (part_net, part_tax) in parts.items():
            assert part_net >= 0
            assert part_tax >= 0
            net[pk] += part_net
            tax[pk] += part_tax

    is_all = sum(each.amount for each in returns) == sum(line.amount for line in lines)
    for line in lines:
        assert net[line.pk] <= line.net_amount
        assert tax[line.pk] <= line.tax_amount
        assert not is_all or (net[line.pk], tax[line.pk]) == (line.net_amount, line.tax_amount)
