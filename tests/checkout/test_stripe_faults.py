"""The calls to Stripe that follow a payment, gone wrong in each way: money and order end the same."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from stripe import RequestsClient

from checkout import reconciling
from checkout.errors import ProviderUnavailable
from checkout.models import Order, Payment, ReconcileMark, Refund, WebhookEvent
from checkout.payments import start_payment, sync_payment
from checkout.refunds import execute_refund, request_refund
from tests.checkout.stripe_cases import NO_SENSE, failing, named
from tests.doubles.stripe import Fault, StripeDouble
from tests.factories import pending_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RequestsClient, "INITIAL_DELAY", 0.01)


@pytest.fixture
def paid(stripe: StripeDouble) -> Payment:
    """Paid at Stripe, with a refund, a dispute and a warning; the shop has not looked yet."""
    payment = start_payment(pending_order(), "stripe")
    stripe.pay(payment.reference)
    stripe.refund_in_dashboard(payment.reference, 200)
    stripe.dispute(payment.reference)
    stripe.warn(payment.reference)
    return payment


# A list's rows have a status only for refunds and disputes; a warning has none that could be odd.
LOOKS = [
    (path, fault)
    for path in ("/v1/refunds", "/v1/disputes", "/v1/radar/early_fraud_warnings")
    for fault in NO_SENSE
    if (path, fault) != ("/v1/radar/early_fraud_warnings", Fault.UNKNOWN_STATUS)
]


@pytest.mark.parametrize(("path", "fault"), LOOKS, ids=named)
def test_a_look_without_a_whole_answer_changes_nothing(
    stripe: StripeDouble, paid: Payment, path: str, fault: Fault
) -> None:
    with failing(stripe, fault, method="GET", path=path, times=2), pytest.raises(ProviderUnavailable):
        sync_payment(paid)
    paid.refresh_from_db()
    assert paid.is_pending
    assert not paid.refunds.exists()
    assert not paid.disputes.exists()

    sync_payment(paid)
    assert paid.refunds.get().amount == 200
    assert sorted(paid.disputes.values_list("amount", "is_warning")) == [(0, True), (1000, False)]


@pytest.mark.parametrize("fault", NO_SENSE, ids=named)
def test_a_refund_without_an_answer_is_looked_for_and_made_once(stripe: StripeDouble, fault: Fault) -> None:
    payment = start_payment(pending_order(), "stripe")
    stripe.pay(payment.reference)
    refund = request_refund(
        sync_payment(payment), 500, reason=Refund.Reason.REQUESTED, source=Refund.Source.STAFF
    )

    with failing(stripe, fault, method="POST", path="/v1/refunds", times=2):
        execute_refund(refund)
    refund.refresh_from_db()
    assert refund.status == Refund.Status.PENDING
    assert refund.error

    stripe.forget_keys()
    Refund.objects.update(next_attempt_at=timezone.now())
    execute_refund(refund)
    refund.refresh_from_db()
    assert refund.status == Refund.Status.SUCCEEDED
    assert [each["amount"] for each in stripe.refunds.values()] == [500]
    payment.order.refresh_from_db()
    assert payment.order.status == Order.Status.PARTIALLY_REFUNDED


def test_another_currency_than_asked_for_is_held_for_staff(stripe: StripeDouble) -> None:
    payment = start_payment(pending_order(), "stripe")
    stripe.pay(payment.reference)
    stripe.fail(Fault.OTHER_CURRENCY, method="GET", path="/v1/checkout")

    sync_payment(payment)

    assert payment.mismatch == "currency: JPY instead of USD"
    payment.order.refresh_from_db()
    assert payment.order.is_held
    assert payment.order.paid_at is None


@pytest.mark.parametrize("fault", [fault for fault in NO_SENSE if fault != Fault.UNKNOWN_STATUS], ids=named)
def test_a_list_of_events_without_an_answer_is_read_from_the_same_place_again(
    stripe: StripeDouble, paid: Payment, commits: Any, fault: Fault
) -> None:
    mark = ReconcileMark.objects.create(provider="stripe", read_until=timezone.now() - timedelta(hours=1))

    with failing(stripe, fault, method="GET", path="/v1/events", times=2), commits():
        reconciling.reconcile(lambda _what, _count: None)
    before = mark.read_until
    mark.refresh_from_db()
    assert mark.read_until == before
    assert not WebhookEvent.objects.exists()

    with commits():
        reconciling.reconcile(lambda _what, _count: None)
    mark.refresh_from_db()
    assert mark.read_until > before
    assert WebhookEvent.objects.filter(handled_at=None).count() == 0 < WebhookEvent.objects.count()
