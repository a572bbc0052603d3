from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from checkout import tasks
from checkout.errors import ProviderUnavailable
from checkout.models import DemoCharge, Order, Payment
from checkout.payments import expire_order, start_payment, sync_payment
from checkout.providers import demo
from tests.doubles.stripe import Fault, StripeDouble
from tests.factories import paid_order, pending_order, started_payment

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


def test_an_unpaid_order_expires_with_its_payment(commits: Any) -> None:
    order = overdue(started_payment().order)

    with commits():
        tasks.expire_due_orders()
        tasks.expire_due_orders()

    order.refresh_from_db()
    assert order.status == Order.Status.EXPIRED
    assert order.payments.get().status == Payment.Status.CANCELED
    assert names(order) == ["order.placed", "order.expired"]


def test_an_order_never_started_to_be_paid_expires() -> None:
    order = overdue(pending_order())

    tasks.expire_due_orders()

    order.refresh_from_db()
    assert order.status == Order.Status.EXPIRED


def test_an_order_that_is_being_paid_does_not_expire(stripe: StripeDouble) -> None:
    payment = start_payment(pending_order(), "stripe")
    stripe.pay_later(payment.reference)

    expire_order(overdue(payment.order))

    assert Order.objects.get().is_pending


def test_an_order_does_not_expire_while_its_provider_is_away(stripe: StripeDouble) -> None:
    payment = start_payment(pending_order(), "stripe")
    stripe.pay(payment.reference)
    stripe.fail(Fault.HTML, method="GET", times=2)
    order = overdue(payment.order)

    with pytest.raises(ProviderUnavailable):
        expire_order(order)
    tasks.expire_due_orders()
    order.refresh_from_db()
    assert order.is_pending

    tasks.expire_due_orders()
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


def test_a_payment_whose_start_was_never_answered_is_canceled_in_the_end(stripe: StripeDouble) -> None:
    order = pending_order()
    stripe.fail(Fault.HTML, method="POST")
    with pytest.raises(ProviderUnavailable):
        start_payment(order, "stripe")

    expire_order(overdue(order))

    assert order.payments.get().status == Payment.Status.CANCELED
    order.refresh_from_db()
    assert order.status == Order.Status.EXPIRED


def test_money_that_comes_late_wakes_an_expired_order(stripe: StripeDouble, commits: Any) -> None:
    payment = start_payment(pending_order(), "stripe")
    stripe.expire(payment.reference)
    expire_order(overdue(payment.order))
    assert Order.objects.get().status == Order.Status.EXPIRED

    stripe.sessions[payment.reference]["status"] = "open"
    stripe.pay(payment.reference)
    with commits():
        sync_payment(payment)

    order = Order.objects.get()
    assert order.status == Order.Status.PAID
    assert names(order) == ["order.placed", "order.expired", "order.paid"]
    assert len(mail.outbox) == 1


def test_a_paid_order_never_expires() -> None:
    order = overdue(paid_order())

    expire_order(order)
    assert not order.expire()

    order.refresh_from_db()
    assert order.status == Order.Status.PAID


def test_orders_that_staff_looks_at_do_not_stand_in_the_way_of_others() -> None:
    held = overdue(pending_order())
    held.hold("It looks odd.")

    assert list(Order.objects.overdue()) == []
