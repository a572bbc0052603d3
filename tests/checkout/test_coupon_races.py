"""Coupons under real processes, each with connections of its own, on either database: rows are counted.

RACE_ROUNDS=20 is what was tried; CI runs fewer rounds.
"""

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from checkout.cart import Cart
from checkout.errors import CouponNotUsable, PriceChanged
from checkout.models import Coupon, DemoCharge, Order, Payment, Redemption
from checkout.payments import expire_order, start_payment, sync_payment
from checkout.placing import place_order
from checkout.providers import demo
from tests.factories import make_buyer, make_cart, make_coupon, make_product, pending_order
from tests.processes import in_processes

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS, PROCESSES = int(os.environ.get("RACE_ROUNDS", "1")), 50


def counted(coupon: Coupon) -> int:
    return Redemption.objects.counted().filter(coupon=coupon).count()


def buyers_of(book: Any, coupons: list[Coupon], address: str) -> Callable[[int], str]:
    """A deed: buy with the coupons for what was shown; whoever is refused sees the new sum, and pays that."""

    def buy(number: int) -> str:
        order = coupons if number % 2 else coupons[::-1]
        cart, buyer = make_cart(book, coupons=order), make_buyer(address % number)
        for _again in range(20):
            for shown, answer in ((1000 - 100 * len(coupons), "with"), (1000, "without")):
                try:
                    place_order(Cart(cart._session), buyer, shown_total=shown)
                except (CouponNotUsable, PriceChanged):
                    continue
                return answer
        return "never"

    return buy


def test_50_buyers_on_the_last_use_are_one_use_and_49_who_are_told() -> None:
    book = make_product(1000)
    for round_ in range(ROUNDS):
        coupon = make_coupon(max_uses=1)

        results = in_processes(buyers_of(book, [coupon], f"buyer%d-{round_}@example.com"), PROCESSES)

        assert Counter(results) == {"with": 1, "without": 49}
        assert (counted(coupon), Redemption.objects.filter(coupon=coupon).count()) == (1, 1)
        assert Order.objects.filter(total=900).count() == round_ + 1
        assert Order.objects.filter(total=1000).count() == 49 * (round_ + 1)


def test_one_mailbox_under_50_aliases_has_as_many_uses_as_each_buyer() -> None:
    book = make_product(1000)
    for round_ in range(ROUNDS):
        coupon = make_coupon(max_uses_per_buyer=2)

        results = in_processes(buyers_of(book, [coupon], f"buyer{round_}+%d@example.com"), PROCESSES)

        assert Counter(results) == {"with": 2, "without": 48}
        assert counted(coupon) == 2


def test_two_coupons_entered_in_either_order_block_nobody() -> None:
    book = make_product(1000)
    coupons = [make_coupon(max_uses=20, is_stackable=True, amounts={"USD": 100}) for _each in range(2)]

    results = in_processes(buyers_of(book, coupons, "buyer%d@example.com"), 30)

    assert Counter(results) == {"with": 20, "without": 10}
    assert [counted(coupon) for coupon in coupons] == [20, 20]


def test_one_cart_sent_many_times_at_once_is_one_use() -> None:
    coupon = make_coupon(max_uses=1)
    session = make_cart(make_product(1000), coupons=[coupon])._session

    orders = in_processes(lambda _number: place_order(Cart(session), make_buyer(), shown_total=900).pk, 10)

    assert len(set(orders)) == counted(coupon) == 1


def test_lapsing_paying_late_and_buying_at_once_never_exceed_what_money_excuses() -> None:
    """Of ten orders that have all the uses five lapse and five are paid late, while forty buyers try."""
    book = make_product(1000)
    for round_ in range(ROUNDS):
        coupon = make_coupon(max_uses=10)
        orders = [
            pending_order(book, coupons=[coupon], email=f"first{number}-{round_}@example.com")
            for number in range(10)
        ]
        late = [order.pk for order in orders[5:]]
        buy = buyers_of(book, [coupon], f"next%d-{round_}@example.com")

        def deed(number: int, orders: list[Order] = orders, buy: Callable[[int], str] = buy) -> str:
            if number >= len(orders):
                return buy(number)
            order = Order.objects.get(pk=orders[number].pk)
            expire_order(order)
            if number >= 5:
                order.mark_paid()
            return "lapsed"

        results = Counter(in_processes(deed, PROCESSES))

        assert Order.objects.filter(pk__in=late, status="paid").count() == 5
        new = Redemption.objects.counted().filter(coupon=coupon).exclude(order__in=late)
        assert new.count() == results["with"] == Order.objects.filter(pk__in=new.values("order")).count()
        assert 0 <= new.count() <= 10
        assert counted(coupon) == 5 + results["with"] <= 15


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_two_orders_of_one_reader_that_are_paid_at_once_have_one_use(round_: int) -> None:
    coupon = make_coupon(max_uses=1)
    cart = make_cart(make_product(1000), coupons=[coupon])
    payments = []
    for address in ("monna@example.com", "mona@example.com", "mona+1@example.com"):
        payment = start_payment(place_order(Cart(cart._session), make_buyer(address)), "demo")
        demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
        payments.append(payment.pk)

    in_processes(lambda number: sync_payment(Payment.objects.get(pk=payments[number])).status, 3)

    assert Order.objects.filter(status="paid").count() == 3
    assert Order.objects.filter(held_at=None).count() == counted(coupon) == 1
    held = Order.objects.exclude(held_at=None)
    assert Redemption.objects.filter(order__in=held, yielded_to__held_at=None).count() == 2
