"""Delayed methods, changed minds, several tabs: in any order one payment stands, and the rest goes back."""

from itertools import permutations
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from checkout import tasks
from checkout.models import Order, Payment, Refund
from checkout.payments import expire_order, start_payment, sync_payment
from delivery.models import DownloadGrant
from delivery.pages import state_of
from tests.doubles.paypal import PayPalDouble
from tests.doubles.stripe import StripeDouble
from tests.factories import make_product, pending_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return pending_order(make_product(1250))


def post(double: StripeDouble | PayPalDouble, events: list[dict[str, Any]]) -> None:
    """Send what a provider tells to the shop, twice and the last first."""
    name = "stripe" if isinstance(double, StripeDouble) else "paypal"
    for event in [*events, *events][::-1]:
        body, headers = double.signed(event)
        answer = Client().post(f"/webhooks/{name}/", body, content_type="application/json", headers=headers)
        assert answer.status_code == 200


def look(order: Order) -> str:
    Payment.objects.update(checked_at=None)
    Client().get(f"/orders/{order.token}/")
    order.refresh_from_db()
    return state_of(order)


def assert_paid_once(order: Order, stripe: StripeDouble, paypal: PayPalDouble) -> None:
    """One payment stands, what was taken beside it went back, and the buyer has one mail and one right."""
    order.refresh_from_db()
    assert order.status == Order.Status.PAID
    assert order.payments.filter(status="succeeded", is_duplicate=False).count() == 1
    doubles = order.payments.filter(status="succeeded", is_duplicate=True)
    assert Refund.objects.filter(payment__in=doubles, status="succeeded").count() == doubles.count()
    assert Refund.objects.count() == len(stripe.refunds) + len(paypal.refunds) == doubles.count()
    assert DownloadGrant.objects.usable().count() == 1
    assert len([each for each in mail.outbox if "ready" in str(each.body)]) == 1


def test_a_delayed_method_that_succeeds(
    order: Order, stripe: StripeDouble, paypal: PayPalDouble, commits: Any
) -> None:
    payment = start_payment(order, "stripe")
    with commits():
        post(stripe, stripe.pay_later(payment.reference))
    assert look(order) == "confirming"
    assert not DownloadGrant.objects.exists()

    with commits():
        post(stripe, stripe.settle(payment.reference, is_paid=True))

    assert_paid_once(order, stripe, paypal)


def test_a_delayed_method_that_fails_lets_the_buyer_pay_otherwise(
    order: Order, stripe: StripeDouble, paypal: PayPalDouble, commits: Any
) -> None:
    payment = start_payment(order, "stripe")
    with commits():
        post(stripe, stripe.pay_later(payment.reference))
        post(stripe, stripe.settle(payment.reference, is_paid=False))
    assert look(order) == "failed"
    assert order.is_pending

    other = start_payment(order, "paypal")
    with commits():
        post(paypal, paypal.approve(other.reference))

    assert_paid_once(order, stripe, paypal)


def test_a_delayed_method_may_outlive_its_order(
    order: Order, stripe: StripeDouble, paypal: PayPalDouble, commits: Any
) -> None:
    payment = start_payment(order, "stripe")
    stripe.expire(payment.reference)
    expire_order(order)
    order.refresh_from_db()
    assert order.status == Order.Status.EXPIRED

    stripe.sessions[payment.reference] |= {"status": "complete"}
    with commits():
        post(stripe, stripe.settle(payment.reference, is_paid=True))

    assert_paid_once(order, stripe, paypal)


STEPS = ["stripe pays", "paypal approves", "sweep", "page"]


@pytest.mark.parametrize("turn", list(permutations(STEPS)), ids=", ".join)
@pytest.mark.parametrize("told", [True, False], ids=["webhooks", "no webhook"])
def test_a_changed_mind_between_two_providers_pays_once(
    order: Order, stripe: StripeDouble, paypal: PayPalDouble, commits: Any, turn: list[str], told: bool
) -> None:
    at_stripe, at_paypal = start_payment(order, "stripe"), start_payment(order, "paypal")
    deeds: dict[str, Any] = {
        "stripe pays": lambda: (stripe, stripe.pay(at_stripe.reference)),
        "paypal approves": lambda: (paypal, paypal.approve(at_paypal.reference)),
        "sweep": tasks.sync_due_payments,
        "page": lambda: look(order),
    }

    for step in turn:
        with commits():
            done = deeds[step]()
            if told and isinstance(done, tuple):
                post(*done)
    with commits():
        Payment.objects.update(checked_at=None)
        for payment in (at_stripe, at_paypal):
            payment.refresh_from_db()
            sync_payment(payment)
        look(order)

    assert_paid_once(order, stripe, paypal)


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
def test_two_tabs_at_one_provider_are_one_page(request: Any, order: Order, provider: str) -> None:
    request.getfixturevalue(provider)

    first, second = start_payment(order, provider), start_payment(order, provider)

    assert (first, first.redirect_url) == (second, second.redirect_url)
    assert Payment.objects.count() == 1
