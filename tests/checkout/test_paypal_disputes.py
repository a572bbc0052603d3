"""A dispute at PayPal that ends for the buyer is listed there twice, as a dispute and as a refund."""

from typing import Any

import pytest

from checkout.models import Dispute, Order, Payment, Refund
from checkout.payments import start_payment, sync_payment
from checkout.refunds import execute_refund, money_returned, request_refund
from tests.doubles.paypal import PayPalDouble
from tests.factories import make_product, pending_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(paypal: PayPalDouble) -> Payment:
    payment = start_payment(pending_order(make_product(1250)), "paypal")
    paypal.approve(payment.reference)
    return sync_payment(payment)


def dispute(paypal: PayPalDouble, payment: Payment, value: str = "12.50", stage: str = "CHARGEBACK") -> str:
    (event,) = paypal.dispute(payment.reference, stage)
    reference = str(event["resource"]["dispute_id"])
    paypal.book.disputes[reference]["dispute_amount"]["value"] = value
    return reference


def standing(payment: Payment) -> tuple[str, int, int]:
    """The order's status, what went back of it, and what is left of the payment."""
    order = Order.objects.get(pk=payment.order_id)
    return order.status, money_returned(order), Payment.objects.get(pk=payment.pk).refundable


@pytest.mark.parametrize("looks", [[], [0], [1], [0, 1]], ids=str)
@pytest.mark.parametrize("refund_first", [True, False])
def test_what_a_lost_dispute_took_is_counted_once(
    paypal: PayPalDouble, paid: Payment, looks: list[int], refund_first: bool
) -> None:
    reference = dispute(paypal, paid, "5.00")
    steps: list[Any] = [
        lambda: paypal.refund_by_hand(paid.reference, "5.00"),
        lambda: paypal.resolve(reference, "RESOLVED_BUYER_FAVOUR"),
    ]
    for number, step in enumerate(steps if refund_first else steps[::-1]):
        step()
        if number in looks:
            sync_payment(paid)

    for _each in range(2):
        sync_payment(paid)

    assert standing(paid) == ("partially_refunded", 500, 750)
    assert Dispute.objects.get().status == "lost"
    assert not Refund.objects.exists()


def test_staff_who_gives_in_has_made_a_refund(paypal: PayPalDouble, paid: Payment) -> None:
    reference = dispute(paypal, paid)
    sync_payment(paid)
    paypal.refund_by_hand(paid.reference, "12.50")
    sync_payment(paid)
    assert standing(paid)[1] == 0

    paypal.resolve(reference, "CANCELED_BY_BUYER")
    sync_payment(paid)

    assert standing(paid) == ("refunded", 1250, 0)
    assert Refund.objects.get().source == "provider"


def test_refunds_from_before_a_dispute_are_counted_beside_it(paypal: PayPalDouble, paid: Payment) -> None:
    ours = request_refund(paid, 250, reason=Refund.Reason.OTHER, source=Refund.Source.STAFF)
    execute_refund(ours)
    paypal.refund_by_hand(paid.reference, "1.00")
    reference = dispute(paypal, paid, "9.00")
    paypal.refund_by_hand(paid.reference, "9.00")
    paypal.resolve(reference, "ACCEPTED")

    sync_payment(paid)

    assert standing(paid) == ("refunded", 1250, 0)
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [100, 250]
