import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from catalog.models import Price
from checkout import payments, tasks
from checkout.errors import OrderNotPayable, ProviderNotOffered, TooManyOrders
from checkout.models import DemoCharge, Order, OrderEvent, Payment, Refund, WebhookEvent
from checkout.payments import expire_order, start_payment, sync_if_stale, sync_payment
from checkout.providers import demo
from delivery.models import DownloadGrant
from storefront.models import LimitCount, OutgoingMail
from tests.doubles.stripe import Fault, StripeDouble
from tests.factories import make_product, pending_order, started_payment

pytestmark = pytest.mark.django_db


def decide(payment: Payment, outcome: str) -> None:
    demo.decide(DemoCharge.objects.get(key=payment.key), outcome)


def names(order: Order) -> list[str]:
    return [event.name for event in order.events.all()]


def overdue(order: Order) -> Order:
    """A day passes for the order and for its payment pages."""
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    order.payments.update(expires_at=timezone.now() - timedelta(hours=1))
    order.refresh_from_db()
    return order


# --- starting -------------------------------------------------------------------------------------


def test_copies_the_sum_of_the_order_and_gives_a_page() -> None:
    order = pending_order(make_product(1250))

    payment = start_payment(order, "demo")

    assert (payment.amount, payment.currency, payment.status) == (1250, "USD", Payment.Status.PENDING)
    assert payment.redirect_url.endswith(f"/checkout/demo/{payment.reference}/")


def test_a_second_start_gives_the_same_page() -> None:
    order = pending_order()

    first, second = start_payment(order, "demo"), start_payment(order, "demo")

    assert first == second
    assert DemoCharge.objects.count() == 1


@pytest.mark.parametrize("name", ["stripe", "paypal", "", "Demo", "\x00"])
def test_an_unknown_provider_is_refused(name: str) -> None:
    with pytest.raises(ProviderNotOffered):
        start_payment(pending_order(), name)

    assert not Payment.objects.exists()


@pytest.mark.parametrize("status", ["paid", "refunded", "partially_refunded", "expired"])
def test_only_a_pending_order_can_be_paid(status: str) -> None:
    order = pending_order()
    Order.objects.update(status=status, paid_at=timezone.now())
    order.refresh_from_db()

    with pytest.raises(OrderNotPayable):
        start_payment(order, "demo")

    assert not Payment.objects.exists()


def test_a_held_order_takes_no_second_payment() -> None:
    order = pending_order()
    order.hold("A wrong sum came.")

    with pytest.raises(OrderNotPayable):
        start_payment(order, "demo")

    assert not Payment.objects.exists()


def test_attempts_from_one_network_are_limited() -> None:
    start_payment(pending_order(client_address="10.0.0.1"), "demo")
    LimitCount.objects.update(count=60)

    with pytest.raises(TooManyOrders):
        start_payment(pending_order(client_address="10.0.0.1"), "demo")
    start_payment(pending_order(client_address="10.0.0.2"), "demo")

    assert Payment.objects.count() == 2


def test_a_page_that_ran_out_is_replaced() -> None:
    order = pending_order()
    first = start_payment(order, "demo")
    Payment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    second = start_payment(order, "demo")

    assert second != first
    assert [each.status for each in order.payments.order_by("pk")] == ["canceled", "pending"]


def test_money_found_at_a_page_that_ran_out_is_not_asked_for_again() -> None:
    order = pending_order()
    decide(start_payment(order, "demo"), "pay")
    Payment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    with pytest.raises(OrderNotPayable):
        start_payment(order, "demo")

    assert order.payments.get().status == Payment.Status.SUCCEEDED
    assert DemoCharge.objects.count() == 1


def test_money_that_takes_days_is_not_asked_for_again(stripe: StripeDouble) -> None:
    order = pending_order()
    payment = start_payment(order, "stripe")
    stripe.pay_later(payment.reference)
    Payment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    stripe.forget_keys()

    with pytest.raises(OrderNotPayable, match="on its way"):
        start_payment(order, "stripe")

    assert order.payments.get().is_pending
    assert len(stripe.sessions) == 1


# --- settling -------------------------------------------------------------------------------------


def test_paid_at_the_provider_is_paid_here_once(commits: Any) -> None:
    payment = started_payment()
    decide(payment, "pay")

    with commits():
        for _each in range(3):
            sync_payment(payment)

    order = Order.objects.get()
    assert (order.status, payment.status) == (Order.Status.PAID, Payment.Status.SUCCEEDED)
    assert payment.capture_reference
    assert names(order) == ["order.placed", "order.paid"]
    assert DownloadGrant.objects.count() == 1
    assert len(mail.outbox) == OutgoingMail.objects.count() == 1


def test_declined_then_paid_with_a_new_attempt(commits: Any) -> None:
    order = pending_order()
    decide(start_payment(order, "demo"), "decline")
    assert sync_payment(order.payments.get()).status == Payment.Status.FAILED
    order.refresh_from_db()
    assert order.is_pending

    decide(second := start_payment(order, "demo"), "pay")
    with commits():
        sync_payment(second)

    order.refresh_from_db()
    assert order.status == Order.Status.PAID
    assert not Refund.objects.exists()


def test_the_price_may_change_while_the_buyer_pays(commits: Any) -> None:
    payment = started_payment(pending_order(make_product(1000)))
    Price.objects.update(amount=9900)
    decide(payment, "pay")

    with commits():
        sync_payment(payment)

    order = Order.objects.get()
    assert (order.status, order.total) == (Order.Status.PAID, 1000)
    assert not order.is_held


def two_tabs(stripe: StripeDouble) -> tuple[Order, list[Payment]]:
    """One order, two payment pages, both paid."""
    order = pending_order(make_product(1250))
    both = [start_payment(order, "demo"), start_payment(order, "stripe")]
    decide(both[0], "pay")
    stripe.pay(both[1].reference)
    return order, both


@pytest.mark.parametrize("turn", [0, 1])
def test_of_two_payments_the_second_is_given_back_once(stripe: StripeDouble, commits: Any, turn: int) -> None:
    order, both = two_tabs(stripe)
    first, second = both[turn], both[1 - turn]

    with commits():
        for payment in (first, second, second, first):
            sync_payment(payment)
        tasks.execute_due_refunds()

    refund = Refund.objects.get()
    assert (refund.payment, refund.amount, refund.reason, refund.status) == (
        second,
        1250,
        Refund.Reason.DUPLICATE,
        Refund.Status.SUCCEEDED,
    )
    assert [each["amount"] for each in stripe.refunds.values()] == ([1250] if second == both[1] else [])
    assert DemoCharge.objects.get().refunded == (1250 if second == both[0] else 0)
    order.refresh_from_db()
    assert order.status == Order.Status.PAID
    assert names(order) == ["order.placed", "order.paid"]
    assert len(mail.outbox) == 1


# --- money that differs ---------------------------------------------------------------------------

DIFFERENT = [
    pytest.param({"amount_total": 1}, "amount: 1 instead of 1250", id="less"),
    pytest.param({"amount_total": 1251}, "amount: 1251 instead of 1250", id="more"),
    pytest.param({"currency": "jpy"}, "currency: JPY instead of USD", id="currency"),
    pytest.param({"client_reference_id": "payment-x"}, "reference: payment-x instead of", id="reference"),
    pytest.param({"client_reference_id": None}, "reference:  instead of", id="no reference"),
    pytest.param({"livemode": True}, "live mode: True instead of False", id="mode"),
]


def different(stripe: StripeDouble, settings: Any, change: dict[str, Any]) -> Payment:
    settings.ADMINS = [("Staff", "staff@example.com")]
    payment = start_payment(pending_order(make_product(1250)), "stripe")
    stripe.pay(payment.reference)
    stripe.sessions[payment.reference] |= change
    return payment


@pytest.mark.parametrize(("change", "reason"), DIFFERENT)
def test_money_that_differs_is_held_and_never_delivered(
    stripe: StripeDouble, settings: Any, commits: Any, change: dict[str, Any], reason: str
) -> None:
    payment = different(stripe, settings, change)

    with commits():
        sync_payment(payment)
        sync_payment(payment)
    with commits():
        tasks.handle_due_events()
        tasks.sync_due_payments()
        expire_order(overdue(payment.order))

    order = Order.objects.get()
    assert (order.status, order.is_held, payment.status) == (Order.Status.PENDING, True, "pending")
    assert reason in order.held_reason == payment.mismatch
    assert not DownloadGrant.objects.exists()
    assert [(each.to, reason in each.body) for each in mail.outbox] == [(["staff@example.com"], True)]


def test_releasing_an_order_takes_the_money_as_it_is_and_delivers(
    stripe: StripeDouble, settings: Any, commits: Any
) -> None:
    payment = different(stripe, settings, {"amount_total": 1251})
    with commits():
        sync_payment(payment)

    with commits():
        released = payments.release_order(payment.order)
        again = payments.release_order(payment.order)

    order = Order.objects.get()
    assert (released, again) == (True, False)
    assert (order.status, order.is_held) == (Order.Status.PAID, False)
    payment.refresh_from_db()
    assert payment.status == Payment.Status.SUCCEEDED
    assert payment.capture_reference.startswith("pi_")
    assert DownloadGrant.objects.count() == 1
    assert [each.to for each in mail.outbox] == [["staff@example.com"], ["buyer@example.com"]]


def test_an_order_held_by_staff_before_it_was_paid_waits_and_goes_on_when_released(commits: Any) -> None:
    payment = started_payment()
    payment.order.hold("It looks odd.")
    decide(payment, "pay")
    with commits():
        sync_payment(payment)
    assert Order.objects.get().status == Order.Status.PAID
    assert not DownloadGrant.objects.exists()
    assert mail.outbox == []

    payments.release_order(payment.order)
    with commits():
        tasks.handle_due_events()

    assert DownloadGrant.objects.count() == 1
    assert len(mail.outbox) == 1


# --- looking again --------------------------------------------------------------------------------


def test_within_three_seconds_only_one_asks() -> None:
    payment = started_payment()
    decide(payment, "pay")
    Payment.objects.update(checked_at=timezone.now())

    sync_if_stale(payment)

    assert Payment.objects.get().is_pending


def test_the_sweep_finds_what_no_webhook_told(stripe: StripeDouble, commits: Any) -> None:
    stripe.withholds_webhooks = True
    payment = start_payment(pending_order(), "stripe")
    stripe.pay(payment.reference)

    with commits():
        tasks.sync_due_payments()

    assert Order.objects.get().status == Order.Status.PAID
    assert not WebhookEvent.objects.exists()


def test_the_sweep_goes_on_past_a_payment_that_can_not_be_looked_up(stripe: StripeDouble) -> None:
    away, there = (start_payment(pending_order(), "stripe") for _each in range(2))
    stripe.pay(there.reference)
    stripe.fail(Fault.HTML, method="GET", path=f"/v1/checkout/sessions/{away.reference}")

    tasks.sync_due_payments()

    away.refresh_from_db()
    there.refresh_from_db()
    assert (away.is_pending, bool(away.error), there.status) == (True, True, "succeeded")
    assert away.next_check_at > timezone.now()


def test_looks_become_rarer() -> None:
    payment, waits = started_payment(), []
    for _each in range(8):
        Payment.objects.update(checked_at=None)
        payment.refresh_from_db()
        assert payment.claim_check()
        payment.refresh_from_db()
        waits.append(round((payment.next_check_at - timezone.now()).total_seconds()))

    assert waits == [15, 30, 60, 120, 240, 480, 600, 600]


# --- every order of events ------------------------------------------------------------------------


@pytest.mark.parametrize("sequence", list(itertools.permutations(range(3))), ids=str)
def test_webhooks_end_alike_in_any_order_and_number(
    stripe: StripeDouble, commits: Any, client: Any, sequence: tuple[int, ...]
) -> None:
    """News of a declined card, of a paid one and of the completed session, each twice and in all orders."""
    payment = start_payment(pending_order(make_product(1250)), "stripe")
    events = stripe.decline(payment.reference) + stripe.pay(payment.reference)[1:]
    assert len(events) == 3

    with commits():
        for event in [events[index] for index in sequence + sequence[::-1]]:
            body, headers = stripe.signed(event)
            response = client.post(
                "/webhooks/stripe/", body, content_type="application/json", headers=headers
            )
            assert response.status_code == 200

    order = Order.objects.get()
    assert (order.status, order.payments.get().status) == ("paid", "succeeded")
    assert list(OrderEvent.objects.values_list("name", "attempts")) == [
        ("order.placed", 0),
        ("order.paid", 1),
    ]
    assert WebhookEvent.objects.filter(handled_at__isnull=False).count() == 3
    assert (DownloadGrant.objects.count(), len(mail.outbox)) == (1, 1)
