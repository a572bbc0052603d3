from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from checkout import tasks
from checkout.errors import InvalidTransition, RefundTooLarge
from checkout.models import DemoCharge, Order, OrderEvent, Payment, Refund
from checkout.providers.base import RefundResult, RefundState
from checkout.refunds import execute_refund, request_refund, settle_refund
from delivery.models import DownloadGrant
from tests.factories import make_product, paid_order, pending_order

pytestmark = pytest.mark.django_db


def paid_payment(amount: int = 1200) -> Payment:
    return paid_order(make_product(amount)).payments.get()


def requested(payment: Payment, amount: int, reason: Refund.Reason = Refund.Reason.REQUESTED) -> Refund:
    return request_refund(payment, amount, reason=reason, source=Refund.Source.STAFF)


def test_a_full_refund_takes_the_rights_back(commits: Any) -> None:
    with commits():
        payment = paid_payment()
    assert DownloadGrant.objects.usable().count() == 1

    with commits():
        refund = requested(payment, 1200)

    refund.refresh_from_db()
    order = Order.objects.get()
    assert (refund.status, order.status) == (Refund.Status.SUCCEEDED, Order.Status.REFUNDED)
    assert (refund.reference, refund.attempts) == (f"demo_{refund.key}", 1)
    assert DownloadGrant.objects.usable().count() == 0
    assert DemoCharge.objects.get().refunded == 1200


def test_partial_refunds_keep_the_rights_until_all_is_given_back(commits: Any) -> None:
    with commits():
        payment = paid_payment()

    with commits():
        requested(payment, 500)
    assert Order.objects.get().status == Order.Status.PARTIALLY_REFUNDED
    assert DownloadGrant.objects.usable().count() == 1

    with commits():
        requested(payment, 700)
    assert Order.objects.get().status == Order.Status.REFUNDED
    assert DownloadGrant.objects.usable().count() == 0
    assert OrderEvent.objects.filter(name="order.refunded").count() == 2


@pytest.mark.parametrize("amount", [0, -1, 1201, 10**12])
def test_never_more_than_is_left(amount: int) -> None:
    payment = paid_payment()

    with pytest.raises(RefundTooLarge):
        requested(payment, amount)

    assert not Refund.objects.exists()


def test_refunds_on_their_way_count_as_given() -> None:
    payment = paid_payment()
    requested(payment, 1000)

    with pytest.raises(RefundTooLarge):
        requested(payment, 201)

    assert payment.refundable == 200


def test_a_failed_refund_may_be_tried_anew() -> None:
    payment = paid_payment()
    refund = requested(payment, 1200)
    settle_refund(refund, RefundResult(RefundState.FAILED, "r1", 1200, error="account closed"))

    assert payment.refundable == 1200
    assert requested(payment, 1200) != refund
    refund.refresh_from_db()
    assert (refund.status, refund.error) == (Refund.Status.FAILED, "account closed")


def test_an_unpaid_payment_can_not_be_refunded() -> None:
    payment = Payment.objects.create(order=pending_order(), provider="demo", amount=1200, currency="USD")

    with pytest.raises(RefundTooLarge):
        requested(payment, 1)
    with pytest.raises(InvalidTransition):
        payment.order.follow_money(1)

    assert not Refund.objects.exists()


def test_a_refund_is_settled_once(commits: Any) -> None:
    refund = requested(paid_payment(), 500)

    with commits():
        for _each in range(2):
            settle_refund(refund, RefundResult(RefundState.SUCCEEDED, "r1", 500))
        execute_refund(refund)

    assert DemoCharge.objects.get().refunded == 0  # it was settled by other news; nobody was asked
    assert OrderEvent.objects.filter(name="order.refunded").count() == 1
    assert Order.objects.get().status == Order.Status.PARTIALLY_REFUNDED


def test_a_refund_of_a_second_payment_leaves_the_order_alone() -> None:
    payment = paid_payment()
    Payment.objects.update(is_duplicate=True)
    refund = requested(payment, 1200, Refund.Reason.DUPLICATE)

    execute_refund(refund)

    refund.refresh_from_db()
    assert refund.status == Refund.Status.SUCCEEDED
    assert Order.objects.get().status == Order.Status.PAID


def test_the_sweep_carries_out_what_no_task_did(commits: Any) -> None:
    refund = requested(paid_payment(), 500)  # the task is sent after commit, and there is none

    tasks.execute_due_refunds()
    tasks.execute_due_refunds()

    refund.refresh_from_db()
    assert (refund.status, refund.attempts) == (Refund.Status.SUCCEEDED, 1)


@hypothesis_settings(max_examples=10)
@given(st.lists(st.tuples(st.integers(1, 700), st.sampled_from(["succeeded", "failed"])), max_size=6))
def test_what_is_given_back_never_exceeds_what_was_taken(story: list[tuple[int, str]]) -> None:
    payment = paid_payment(1000)
    given_back = 0

    for amount, outcome in story:
        try:
            refund = requested(payment, amount)
        except RefundTooLarge:
            assert given_back + amount > 1000
            continue
        settle_refund(refund, RefundResult(RefundState(outcome), refund.key, amount))
        given_back += amount if outcome == "succeeded" else 0

    payment.order.refresh_from_db()
    expected = "refunded" if given_back == 1000 else "partially_refunded" if given_back else "paid"
    assert payment.order.status == expected
    assert payment.refundable == 1000 - given_back >= 0
