"""Refunds, payouts and staff who click at once, in real processes: nobody is paid twice."""

import contextlib
import os
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from affiliates.ledger import adjust, balances, close
from affiliates.models import Affiliate, LedgerEntry, Payout, PayoutBatch, Referral
from affiliates.payouts import Wish, cancel, due, make_batches, mark_batch_paid, take_back
from affiliates.proving import breaches
from affiliates.referrals import credit_order
from affiliates.visits import Visit, sign
from checkout import reactions
from checkout.models import Order, OrderEvent, Refund
from checkout.placing import place_order
from checkout.refunds import request_refund
from storefront.errors import StorefrontError
from tests.checkout.children import at_once
from tests.factories import (
    make_affiliate,
    make_buyer,
    make_cart,
    make_product,
    make_user,
    pay,
    referred_order,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("lost_webhooks")]
ROUNDS = int(os.environ.get("RACE_ROUNDS", "20"))


@pytest.fixture
def staff() -> list[User]:
    return [make_user("one@example.com"), make_user("two@example.com")]


def give_back(order: Order, amount: int) -> None:
    """A worker hears of a refund, and does what follows."""
    with contextlib.suppress(StorefrontError):
        payment = order.payments.get()
        request_refund(payment, amount, reason=Refund.Reason.REQUESTED, source=Refund.Source.MANUAL)
    for event in order.events.filter(name="order.refunded"):
        reactions.react(event)


def pay_out(wishes: dict[Wish, int], by: User) -> None:
    with contextlib.suppress(StorefrontError):
        make_batches(wishes, by=by)


def wishes_of(*affiliates: Affiliate) -> dict[Wish, int]:
    return {(each.affiliate.pk, each.currency): each.amount for each in due() if each.affiliate in affiliates}


def paid_to(affiliate: Affiliate) -> int:
    kept = Payout.objects.filter(affiliate=affiliate).exclude(status="canceled")
    return sum(kept.values_list("amount", flat=True))


def test_a_refund_and_payouts_at_once(staff: list[User]) -> None:
    product = make_product(1000, refund_days=0)
    for number in range(ROUNDS):
        affiliate = make_affiliate()
        order = referred_order(affiliate, product, email=f"buyer{number}@example.com")
        wishes, part = wishes_of(affiliate), 1000 if number % 2 else 300
        assert wishes == {(affiliate.pk, "USD"): 200}

        at_once(
            partial(give_back, order, part),
            partial(pay_out, wishes, staff[0]),
            partial(pay_out, wishes, staff[1]),
        )

        assert paid_to(affiliate) in (0, 200)
        (balance,) = balances(affiliate)
        assert balance.total + balance.paid == 200 - part // 5
        assert balance.paid == paid_to(affiliate)
        assert list(breaches()) == []


def test_two_batches_at_once_pay_each_once(staff: list[User]) -> None:
    for number in range(ROUNDS // 2):
        affiliates = [make_affiliate() for _each in range(3)]
        for place, affiliate in enumerate(affiliates):
            adjust(affiliate, 500 + place, "USD", reason="A gift", by=staff[0], key=f"{number}-{place}")
        wishes = wishes_of(*affiliates)
        some = {wish: sum_ for wish, sum_ in wishes.items() if wish[0] != affiliates[0].pk}

        at_once(
            partial(pay_out, wishes, staff[0]),
            partial(pay_out, some, staff[1]),
            partial(pay_out, some, staff[1]),
        )

        assert [paid_to(affiliate) for affiliate in affiliates] == [500, 501, 502]
        assert Payout.objects.filter(affiliate__in=affiliates).count() == 3
        assert not PayoutBatch.objects.filter(payouts=None).exists()
    assert list(breaches()) == []


def test_paid_and_canceled_and_returned_at_once_is_one_of_them(staff: list[User]) -> None:
    def canceled(payout: Payout) -> None:
        with contextlib.suppress(StorefrontError):
            cancel(payout, note="Wrong", by=staff[1])

    for number in range(ROUNDS // 4):
        affiliate = make_affiliate()
        adjust(affiliate, 500, "USD", reason="A gift", by=staff[0], key=f"{number}")
        (batch,) = make_batches(wishes_of(affiliate), by=staff[0])
        payout = batch.payouts.get()

        deeds: list[Callable[[], Any]] = [
            partial(mark_batch_paid, batch, reference="TX", by=staff[0]),
            partial(canceled, payout),
            partial(canceled, payout),
        ]
        if number % 2:
            deeds.append(partial(take_back, payout, note="Back"))
        at_once(*deeds)

        payout.refresh_from_db()
        is_back = payout.status == "canceled"
        assert balances(affiliate)[0].available == (500 if is_back else 0)
        assert payout.entries.count() == 1 + is_back
    assert list(breaches()) == []


def test_an_order_is_credited_once_by_a_hundred_copies_of_its_event() -> None:
    affiliate, product = make_affiliate(), make_product(1000, refund_days=0)
    for number in range(ROUNDS // 4):
        cart = make_cart(product)
        cart._session["referral"] = sign(Visit.now(affiliate.pk, "link"))
        order = pay(place_order(cart, make_buyer(f"buyer{number}@example.com")))
        event = OrderEvent.objects.get(order=order, name="order.paid")

        at_once(
            *[partial(credit_order, event)] * 6,
            partial(give_back, order, 500),
            partial(give_back, order, 500),
        )
        for late in order.events.all():
            reactions.react(late)

        assert Referral.objects.filter(order=order).count() == 1
        entries = LedgerEntry.objects.filter(line__referral__order=order)
        assert sum(entries.values_list("amount", flat=True)) == 0
    assert list(breaches()) == []


def test_closing_beside_writing_leaves_nothing_out(staff: list[User]) -> None:
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(ROUNDS // 4):
        affiliate = make_affiliate()
        adjust(affiliate, 500, "USD", reason="A gift", by=staff[0], key=f"{number}")

        at_once(
            partial(close, affiliate.pk, today),
            partial(close, affiliate.pk, today),
            partial(adjust, affiliate, -200, "USD", reason="Less", by=staff[0], key=f"{number}-less"),
            partial(adjust, affiliate, -200, "USD", reason="Less", by=staff[0], key=f"{number}-less"),
        )

        assert balances(affiliate)[0].available == 300
    assert list(breaches()) == []
