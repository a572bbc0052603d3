"""Staff twice, the provider's messages and the sweeps, all at once in real processes: one refund."""

import contextlib
import os
from functools import partial
from typing import Any

import pytest

from checkout.errors import RefundNotPossible, RefundTooLarge
from checkout.models import Mismatch, Order, OrderEvent, Payment, Refund
from checkout.refunds import request_refund
from delivery.models import DownloadGrant
from storefront.celery import app
from tests.checkout.at_provider import AtProvider, paid, time_passes
from tests.checkout.children import at_once
from tests.factories import make_product, pending_order

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = int(os.environ.get("RACE_ROUNDS", "20"))
SEEN = {"stripe": "checkout.session.completed", "paypal": "PAYMENT.CAPTURE.COMPLETED"}
REFUNDED = {"stripe": "refund.created", "paypal": "PAYMENT.CAPTURE.REFUNDED"}


@pytest.fixture(params=["stripe", "paypal"])
def provider(request: pytest.FixtureRequest) -> AtProvider:
    return AtProvider(request.param, request.getfixturevalue(request.param))


def give_all_back(payment: Payment) -> None:
    with contextlib.suppress(RefundTooLarge, RefundNotPossible):
        request_refund(payment, 1200, reason=Refund.Reason.REQUESTED, source=Refund.Source.STAFF)


def test_refund_and_refund_and_webhook_are_one_refund(provider: AtProvider) -> None:
    product = make_product(1200)

    for number in range(ROUNDS):
        payment = paid(provider, pending_order(product, email=f"buyer{number}@example.com"))
        given = len(provider.given_back())
        at_once(
            partial(give_all_back, payment),
            partial(give_all_back, payment),
            provider.webhook(SEEN[provider.name]),
            app.tasks["checkout.execute_due_refunds"],
        )
        time_passes()

        assert provider.given_back()[given:] == [1200]
        assert_refunded_once(payment)
        assert payment.refunds.get().source == Refund.Source.STAFF


def test_refund_and_refund_there_and_its_webhook_are_one_refund(provider: AtProvider) -> None:
    product = make_product(1200)

    for number in range(ROUNDS):
        payment = paid(provider, pending_order(product, email=f"buyer{number}@example.com"))
        given = len(provider.given_back())
        provider.refund_there(payment, 1200)
        told: Any = provider.webhook(REFUNDED[provider.name])
        at_once(partial(give_all_back, payment), told, told, app.tasks["checkout.execute_due_refunds"])
        time_passes()

        assert provider.given_back()[given:] == [1200]
        assert_refunded_once(payment)


def assert_refunded_once(payment: Payment) -> None:
    assert [refund.amount for refund in payment.refunds.filter(status="succeeded")] == [1200]
    assert not payment.refunds.filter(status="pending").exists()
    order = Order.objects.get(pk=payment.order_id)
    assert order.status == Order.Status.REFUNDED
    assert OrderEvent.objects.filter(order=order, name="order.refunded").count() == 1
    assert not DownloadGrant.objects.usable().filter(line__order=order).exists()
    assert not Mismatch.objects.exists()
