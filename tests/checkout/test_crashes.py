"""A process is killed after each commit, and before and after each call to a provider, one by one."""

from functools import partial
from typing import Any

import pytest

from checkout.models import Order, Refund, WebhookEvent
from checkout.payments import start_payment, sync_payment
from checkout.refunds import request_refund
from delivery.models import DownloadGrant
from storefront.models import OutgoingMail
from tests.checkout.at_provider import AtProvider, paid, time_passes
from tests.checkout.children import dies_at
from tests.doubles.paypal import PayPalDouble
from tests.doubles.stripe import StripeDouble
from tests.factories import make_product, pending_order

pytestmark = pytest.mark.django_db(transaction=True)
PROVIDERS = ["stripe", "paypal"]
ASKED: Any = {"reason": Refund.Reason.REQUESTED, "source": Refund.Source.STAFF}


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> AtProvider:
    return AtProvider(request.param, request.getfixturevalue(request.param))


def mails_of(order: Order) -> int:
    return OutgoingMail.objects.filter(to=order.email, status="sent").count()


def test_a_start_that_dies_anywhere_is_gone_on_with_at_one_page(provider: AtProvider) -> None:
    product, point, is_dead = make_product(1200), 0, True

    while is_dead:
        point += 1
        order = pending_order(product)
        pages = provider.pages()
        is_dead = dies_at(point, partial(start_payment, order, provider.name))
        payment = start_payment(order, provider.name)
        provider.agree(payment)
        time_passes()

        assert provider.pages() == pages + 1
        order.refresh_from_db()
        assert order.status == Order.Status.PAID
        assert order.payments.get().reference == payment.reference
    assert point > 3


def test_a_payment_that_dies_anywhere_is_taken_and_delivered_once(provider: AtProvider) -> None:
    product, point, is_dead = make_product(1200), 0, True
    kind = {"stripe": "checkout.session.completed", "paypal": "CHECKOUT.ORDER.APPROVED"}[provider.name]

    while is_dead:
        point += 1
        order = pending_order(product, email=f"buyer{point}@example.com")
        payment = start_payment(order, provider.name)
        provider.agree(payment)
        is_dead = dies_at(point, provider.webhook(kind))
        time_passes()

        order.refresh_from_db()
        assert order.status == Order.Status.PAID
        assert order.events.filter(name="order.paid", handled_at__isnull=False).count() == 1
        assert DownloadGrant.objects.usable().filter(line__order=order).count() == 1
        assert mails_of(order) == 1
    assert point > 8
    assert_captured_once(provider)
    assert not Refund.objects.exists()


def assert_captured_once(provider: AtProvider) -> None:
    if provider.name == "paypal":
        for order in provider.double.orders.values():
            assert len(order["purchase_units"][0]["payments"]["captures"]) == 1


def test_a_refund_that_dies_anywhere_is_given_once(provider: AtProvider) -> None:
    product, point, is_dead = make_product(1200), 0, True

    while is_dead:
        point += 1
        payment = paid(provider, pending_order(product, email=f"buyer{point}@example.com"))
        given, order = len(provider.given_back()), payment.order
        is_dead = dies_at(point, partial(request_refund, payment, 500, **ASKED))
        time_passes()

        made = provider.given_back()[given:]
        order.refresh_from_db()
        refunds = list(payment.refunds.values_list("status", flat=True))
        assert (made, refunds, order.status) == ([500], ["succeeded"], "partially_refunded")
        assert order.events.filter(name="order.refunded").count() == 1
        assert mails_of(order) == 2
    assert point > 5


def test_a_refund_made_at_the_provider_is_booked_once_wherever_its_news_dies(provider: AtProvider) -> None:
    product, point, is_dead = make_product(1200), 0, True
    kind = {"stripe": "refund.created", "paypal": "PAYMENT.CAPTURE.REFUNDED"}[provider.name]

    while is_dead:
        point += 1
        payment = paid(provider, pending_order(product, email=f"buyer{point}@example.com"))
        provider.refund_there(payment, 1200)
        is_dead = dies_at(point, provider.webhook(kind))
        if not WebhookEvent.objects.filter(type=kind, payment_key=payment.key).exists():
            provider.webhook(kind)()  # no answer was given, so it is sent again
        time_passes()

        refund = payment.refunds.get()
        payment.order.refresh_from_db()
        assert (refund.amount, refund.status, refund.source) == (1200, "succeeded", "provider")
        assert payment.order.status == Order.Status.REFUNDED
        assert not DownloadGrant.objects.usable().filter(line__order=payment.order).exists()
    assert point > 5


def test_money_taken_twice_goes_back_once_wherever_its_booking_dies(
    provider: AtProvider, stripe: StripeDouble, paypal: PayPalDouble
) -> None:
    """The order is paid at the demo first; the second payment is what dies."""
    product, point, is_dead = make_product(1200), 0, True

    while is_dead:
        point += 1
        order = pending_order(product, email=f"buyer{point}@example.com")
        second = start_payment(order, provider.name)
        assert order.mark_paid()  # by another way
        given = len(provider.given_back())
        if provider.name == "stripe":
            stripe.pay(second.reference)
        else:
            paypal.take(second.reference)
        is_dead = dies_at(point, partial(sync_payment, second))
        time_passes()

        second.refresh_from_db()
        assert second.is_duplicate
        assert provider.given_back()[given:] == [1200]
        assert [refund.status for refund in second.refunds.all()] == ["succeeded"]
    assert point > 5
