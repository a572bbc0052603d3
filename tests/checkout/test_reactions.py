from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from checkout import reactions, tasks
from checkout.models import Order, OrderEvent
from delivery.models import DownloadGrant
from tests.factories import handle_events_of, paid_order

pytestmark = pytest.mark.django_db

broken = True


def sometimes_broken(event: OrderEvent) -> None:
    event.order.lines.update(product_title="Never seen")
    if broken:
        raise ZeroDivisionError("out of order")


@pytest.fixture
def paid(settings: Any) -> OrderEvent:
    """The event of a paid order, with a reaction between the usual ones that fails."""
    settings.ORDER_REACTIONS = settings.ORDER_REACTIONS | {
        "order.paid": [
            "delivery.fulfilment.grant_downloads",
            f"{__name__}.sometimes_broken",
            "delivery.mails.mail_delivery",
        ]
    }
    return paid_order().events.get(name="order.paid")


def test_each_reaction_is_a_transaction_and_a_failure_is_tried_again(
    paid: OrderEvent, commits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with commits():
        reactions.handle_event(paid)

    paid.refresh_from_db()
    assert (paid.handled_at, paid.error) == (None, "ZeroDivisionError: out of order")
    assert paid.next_attempt_at > timezone.now() + timedelta(seconds=10)
    assert DownloadGrant.objects.count() == 1
    assert paid.order.lines.get().product_title != "Never seen"
    assert mail.outbox == []

    monkeypatch.setitem(globals(), "broken", False)
    OrderEvent.objects.update(next_attempt_at=timezone.now())
    with commits():
        tasks.handle_due_events()

    paid.refresh_from_db()
    assert (bool(paid.handled_at), paid.error, paid.attempts) == (True, "", 2)
    assert (DownloadGrant.objects.count(), len(mail.outbox)) == (1, 1)


def test_waits_grow_to_ten_minutes(paid: OrderEvent) -> None:
    waits = []
    for _each in range(8):
        OrderEvent.objects.update(next_attempt_at=timezone.now())
        reactions.handle_event(paid)
        waits.append(round((paid.next_attempt_at - timezone.now()).total_seconds()))

    assert waits == [15, 30, 60, 120, 240, 480, 600, 600]


def test_run_again_makes_a_handled_event_due_and_changes_nothing_twice(commits: Any) -> None:
    with commits():
        event = paid_order().events.get(name="order.paid")

    event.run_again()
    with commits():
        tasks.handle_due_events()

    event.refresh_from_db()
    assert event.attempts == 2
    assert (DownloadGrant.objects.count(), len(mail.outbox)) == (1, 1)


def test_what_happens_once_is_written_once() -> None:
    order = paid_order()

    assert not order.mark_paid()
    assert not OrderEvent.record(order, "order.paid", once="order.paid")

    assert order.events.filter(name="order.paid").count() == 1


def test_an_order_refunded_before_it_was_fulfilled_brings_nothing(commits: Any) -> None:
    order = paid_order()
    Order.objects.update(status=Order.Status.REFUNDED)
    order.refresh_from_db()

    with commits():
        handle_events_of(order)

    assert not DownloadGrant.objects.usable().exists()
    assert mail.outbox == []


def test_holding_twice_keeps_the_first_reason() -> None:
    order = paid_order()

    assert order.hold("first")
    assert not order.hold("second")

    assert Order.objects.get().held_reason == "first"
    assert order.events.filter(name="order.held").count() == 1
