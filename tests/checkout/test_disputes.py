import pytest

from checkout.disputes import book_disputes
from checkout.models import Dispute, Order
from checkout.providers.base import DisputeResult, DisputeState
from tests.factories import make_product, paid_order

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
