"""Any sequence of ordering, going back, paying, lapsing and giving back, against a plain model of one."""

import os
from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from checkout.cart import Cart
from checkout.errors import CouponNotUsable
from checkout.models import Coupon, Order, Redemption
from checkout.placing import place_order
from checkout.redeeming import keep_uses
from tests.factories import make_buyer, make_cart, make_coupon, make_product

STORIES = int(os.environ.get("COUPON_STORIES", "15"))
# Three people; the second has two browsers, and writes her address in another way in each.
READERS = ["zayd@example.com", "mona@gmail.com", "M.ona+shop@googlemail.com", "arash@example.com"]
PEOPLE = [0, 1, 1, 2]


@dataclass
class Bought:
    """An order in the model. `yielded_to` is the order that has its use instead."""

    reader: int
    status: str = "pending"
    was_paid: bool = False
    yielded_to: int | None = None

    @property
    def has_use(self) -> bool:
        return self.yielded_to is None and self.status not in ("expired", "refunded")


class Coupons(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        Redemption.objects.all().delete()
        book = make_product(1000, files=0)
        self.coupon = make_coupon(max_uses=2, max_uses_per_buyer=2)
        self.limit = 2
        self.carts = [make_cart(book, coupons=[self.coupon]) for _each in READERS]
        self.orders: dict[int, Bought] = {}
        self.last: dict[int, int] = {}

    # --- The model -------------------------------------------------------------------------------

    def is_spent(self, reader: int, *without: int | None) -> bool:
        used = [each.reader for pk, each in self.orders.items() if each.has_use and pk not in without]
        theirs = [each for each in used if PEOPLE[each] == PEOPLE[reader]]
        return len(used) >= self.limit or len(theirs) >= 2

    def pass_on(self, source: int, target: int) -> None:
        """The use that one order had, or that others had yielded to it, is another's now."""
        for pk, each in self.orders.items():
            if pk != target and (pk == source or each.yielded_to == source):
                each.yielded_to = target
        self.orders[target].yielded_to = None

    # --- What happens ----------------------------------------------------------------------------

    @rule(reader=st.sampled_from(range(len(READERS))))
    def order_anew(self, reader: int) -> None:
        """The reader goes back, puts in one more, and orders."""
        cart = Cart(self.carts[reader]._session)
        (variant, quantity), *_rest = cart.quantities.items()
        cart.change(variant, quantity % 50 + 1)
        total = (quantity % 50 + 1) * 1000
        before = self.last.get(reader)
        is_open = before is not None and self.orders[before].status == "pending"
        buyer = make_buyer(READERS[reader])
        if self.is_spent(reader, before if is_open else None):
            with pytest.raises(CouponNotUsable):
                place_order(Cart(cart._session), buyer, shown_total=total * 9 // 10)
            return
        order = place_order(Cart(cart._session), buyer, shown_total=total * 9 // 10)
        self.orders[order.pk] = Bought(reader)
        if before is not None and is_open and self.orders[before].yielded_to is None:
            self.pass_on(before, order.pk)
        self.last[reader] = order.pk

    @rule(pick=st.integers(0, 50))
    def pay(self, pick: int) -> None:
        """In time or late."""
        pk = self.picked(pick, "pending", "expired")
        if pk is None:
            return
        mine = self.orders[pk]
        mine.status, mine.was_paid, is_kept = "paid", True, True
        if mine.yielded_to is not None:
            holder = self.orders[mine.yielded_to]
            if not self.is_spent(mine.reader, pk):
                mine.yielded_to = None
            elif not holder.was_paid:
                self.pass_on(mine.yielded_to, pk)
            else:
                is_kept = False

        order = Order.objects.get(pk=pk)
        assert order.mark_paid()
        assert keep_uses(order) == is_kept

    @rule(pick=st.integers(0, 50))
    def lapse(self, pick: int) -> None:
        if pk := self.picked(pick, "pending"):
            assert Order.objects.get(pk=pk).expire()
            self.orders[pk].status = "expired"

    @rule(pick=st.integers(0, 50), returned=st.sampled_from([0, 1, 10**9]))
    def give_back(self, pick: int, returned: int) -> None:
        """Nothing (a refund that failed), a part, or all."""
        if pk := self.picked(pick, "paid", "partially_refunded", "refunded"):
            Order.objects.get(pk=pk).follow_money(returned)
            self.orders[pk].status = {0: "paid", 1: "partially_refunded"}.get(returned, "refunded")

    @rule(limit=st.integers(1, 3))
    def set_limit(self, limit: int) -> None:
        Coupon.objects.filter(pk=self.coupon.pk).update(max_uses=limit)
        self.limit = limit

    def picked(self, pick: int, *statuses: str) -> int | None:
        some = [pk for pk, each in self.orders.items() if each.status in statuses]
        return some[pick % len(some)] if some else None

    @invariant()
    def rows_say_the_same(self) -> None:
        counted = Redemption.objects.counted().filter(coupon=self.coupon)
        assert set(counted.values_list("order", flat=True)) == {
            pk for pk, each in self.orders.items() if each.has_use
        }
        assert dict(Redemption.objects.values_list("order", "yielded_to")) == {
            pk: each.yielded_to for pk, each in self.orders.items()
        }


class TestCoupons(TestCase):
    def test_any_sequence(self) -> None:
        run_state_machine_as_test(Coupons, settings=settings(max_examples=STORIES, stateful_step_count=25))
