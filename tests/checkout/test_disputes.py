from typing import Any

import pytest

from checkout.disputes import book_disputes
from checkout.models import Dispute, Order
from checkout.payments import start_payment, sync_payment
from checkout.providers.base import DisputeResult, DisputeState
from delivery.models import DownloadGrant
from tests.doubles.stripe import StripeDouble
from tests.factories import make_product, paid_order, pending_order

pytestmark = pytest.mark.django_db


def test_a_dispute_lost_in_part_costs_that_part_of_the_order() -> None:
    order = paid_order(make_product(1200))
    payment = order.payments.get()
    book_disputes(payment, [DisputeResult(DisputeState.OPEN, "du_1", 1200)])

    for _twice in range(2):
        book_disputes(payment, [DisputeResult(DisputeState.LOST, "du_1", 500)])

    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.amount) == (Dispute.Status.LOST, 500)
    order.refresh_from_db()
    assert order.status == Order.Status.PARTIALLY_REFUNDED
    assert payment.refundable == 700


def test_a_lost_dispute_that_is_appealed_stays_lost_until_it_is_won(
    stripe: StripeDouble, commits: Any
) -> None:
    order = pending_order(make_product(1200))
    payment = start_payment(order, "stripe")
    stripe.pay(payment.reference)
    stripe.dispute(payment.reference)
    (dispute,) = stripe.book.disputes
    ends = []

    for status in ("lost", "appeal_needs_response", "appeal_under_review", "won", "lost"):
        stripe.move_dispute(dispute, status)
        with commits():
            sync_payment(payment)
        order.refresh_from_db()
        ends.append((order.status, DownloadGrant.objects.usable().count()))

    assert ends == [("refunded", 0)] * 3 + [("paid", 1)] * 2
    names = list(order.events.values_list("name", flat=True))
    assert (names.count("order.dispute_lost"), names.count("order.dispute_won")) == (1, 1)
