"""What fails for days is given up where staff sees it, and goes on when staff says so."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from checkout import inbox, tasks
from checkout.models import OrderEvent, WebhookEvent
from checkout.models.event import PARKED_AFTER, DueRow
from checkout.reactions import handle_event
from storefront.doctor import queue
from tests.factories import paid_order, started_payment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _staff(settings: Any) -> None:
    settings.ADMINS = [("Staff", "staff@example.com")]


def fails(_event: OrderEvent) -> None:
    raise RuntimeError("no ink")


@pytest.fixture
def poison(settings: Any) -> OrderEvent:
    settings.ORDER_REACTIONS = settings.ORDER_REACTIONS | {"order.paid": [f"{__name__}.fails"]}
    return paid_order().events.get(name="order.paid")


def handle_until_parked(row: DueRow, handle: Any) -> timedelta:
    """Try whenever it is due, as the sweeps do, and give the time that would have passed."""
    passed = timedelta(0)
    for _each in range(PARKED_AFTER + 5):
        row.refresh_from_db()
        passed += max(row.next_attempt_at - timezone.now(), timedelta(0))
        type(row).objects.filter(pk=row.pk).update(next_attempt_at=timezone.now())
        handle(row)
    row.refresh_from_db()
    return passed


def test_an_event_that_fails_for_days_is_given_up_and_staff_told_once(
    poison: OrderEvent, commits: Any
) -> None:
    with commits():
        passed = handle_until_parked(poison, handle_event)

    assert timedelta(days=2) < passed < timedelta(days=4)
    assert (poison.attempts, poison.handled_at) == (PARKED_AFTER, None)
    assert poison.parked_at is not None
    assert "no ink" in poison.error
    assert [each.to for each in mail.outbox] == [["staff@example.com"]]
    assert "no ink" in str(mail.outbox[0].body)
    assert list(OrderEvent.objects.parked()) == [poison]


def test_others_go_on_beside_it(poison: OrderEvent, settings: Any, commits: Any) -> None:
    handle_until_parked(poison, handle_event)
    settings.ORDER_REACTIONS = settings.ORDER_REACTIONS | {"order.paid": []}
    other = paid_order().events.get(name="order.paid")

    tasks.handle_due_events()

    other.refresh_from_db()
    poison.refresh_from_db()
    assert other.handled_at is not None
    assert (poison.handled_at, poison.attempts) == (None, PARKED_AFTER)


def test_run_again_gives_it_all_its_attempts(poison: OrderEvent, settings: Any) -> None:
    handle_until_parked(poison, handle_event)

    poison.run_again()
    poison.refresh_from_db()
    assert (poison.attempts, poison.parked_at, poison.error) == (0, None, "")
    handle_event(poison)
    poison.refresh_from_db()
    assert (poison.attempts, poison.parked_at) == (1, None)

    poison.run_again()
    settings.ORDER_REACTIONS = settings.ORDER_REACTIONS | {"order.paid": []}
    tasks.handle_due_events()
    poison.refresh_from_db()
    assert poison.handled_at is not None


def test_a_webhook_event_too(settings: Any, commits: Any) -> None:
    payment = started_payment()
    event = WebhookEvent.objects.create(
        provider="demo", external_id="e", type="charge.paid", payment_key=payment.key, body="{}"
    )
    settings.DEMO = False  # the provider is no longer set up

    with commits():
        handle_until_parked(event, inbox.handle)

    assert (event.attempts, event.handled_at) == (PARKED_AFTER, None)
    assert event.parked_at is not None
    assert [each.subject for each in mail.outbox] == ["Given up: demo charge.paid"]
    settings.DEMO = True
    event.run_again()
    tasks.handle_due_webhooks()
    event.refresh_from_db()
    assert not event.error
    assert event.handled_at is not None


def test_an_order_may_be_held_for_longer(commits: Any) -> None:
    order = paid_order()
    order.hold("look")
    event = order.events.get(name="order.paid")

    with commits():
        handle_until_parked(event, handle_event)

    assert (event.parked_at, event.error) == (None, "The order is held.")
    with commits():
        order.release()
    event.refresh_from_db()
    tasks.handle_due_events()
    event.refresh_from_db()
    assert event.handled_at is not None


def test_the_doctor_counts_what_was_given_up(poison: OrderEvent) -> None:
    handle_until_parked(poison, handle_event)

    said = [finding.text for finding in queue.lag() if finding.level == "warning"]
    assert said == ["Given up: 1. Mend the cause, then run them again in the admin."]
