from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from checkout import tasks
from checkout.inbox import handle
from checkout.models import Order, Payment, WebhookEvent
from checkout.payments import start_payment
from tests.doubles.stripe import Fault, StripeDouble
from tests.factories import pending_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(stripe: StripeDouble, client: Any) -> WebhookEvent:
    """The message of a paid session, kept and not handled yet."""
    payment = start_payment(pending_order(), "stripe")
    *_others, event = stripe.pay(payment.reference)
    body, headers = stripe.signed(event)
    client.post("/webhooks/stripe/", body, content_type="application/json", headers=headers)
    return WebhookEvent.objects.get()


def test_keeps_the_message_as_it_came(told: WebhookEvent, stripe: StripeDouble) -> None:
    assert told.body.encode() == stripe.signed(stripe.events[-1])[0]
    assert (told.type, told.external_id) == ("checkout.session.completed", stripe.events[-1]["id"])
    assert (told.payment_key, told.payment_reference) == (
        Payment.objects.get().key,
        Payment.objects.get().reference,
    )


def test_asks_the_provider_and_does_not_believe_the_message(told: WebhookEvent, stripe: StripeDouble) -> None:
    stripe.sessions[told.payment_reference]["payment_status"] = "unpaid"
    stripe.sessions[told.payment_reference]["status"] = "open"

    handle(told)

    assert told.handled_at
    assert Order.objects.get().is_pending


def test_handles_it_once(told: WebhookEvent, stripe: StripeDouble) -> None:
    asked = len(stripe.calls)

    handle(told)
    handle(told)

    assert len(stripe.calls) == asked + 4  # the session, refunds, disputes, warnings
    assert (Order.objects.get().status, told.attempts) == (Order.Status.PAID, 1)


def test_a_provider_that_is_away_is_asked_again_later(told: WebhookEvent, stripe: StripeDouble) -> None:
    stripe.fail(Fault.HTML, method="GET")

    handle(told)

    told.refresh_from_db()
    assert told.handled_at is None
    assert "ProviderUnavailable" in told.error
    assert timedelta(seconds=10) < told.next_attempt_at - timezone.now() < timedelta(seconds=16)
    tasks.handle_due_webhooks()
    assert Order.objects.get().is_pending

    WebhookEvent.objects.update(next_attempt_at=timezone.now())
    tasks.handle_due_webhooks()

    told.refresh_from_db()
    assert (bool(told.handled_at), told.error, told.attempts) == (True, "", 2)
    assert Order.objects.get().status == Order.Status.PAID


def test_what_goes_wrong_with_one_message_does_not_stop_the_others(
    told: WebhookEvent, stripe: StripeDouble
) -> None:
    WebhookEvent.objects.create(provider="gone", external_id="1", type="x", payment_key="k", body="{}")
    Payment.objects.create(
        order=pending_order(), provider="gone", key="k", reference="r", amount=1, currency="USD"
    )

    WebhookEvent.objects.filter(provider="gone").update(next_attempt_at=timezone.now() - timedelta(hours=1))
    tasks.handle_due_webhooks()

    assert WebhookEvent.objects.get(provider="gone").error.startswith("ProviderNotOffered")
    assert Order.objects.filter(status=Order.Status.PAID).count() == 1


def test_a_lost_answer_to_the_start_is_made_good_by_the_message(stripe: StripeDouble, client: Any) -> None:
    payment = start_payment(pending_order(), "stripe")
    *_others, event = stripe.pay(payment.reference)
    Payment.objects.update(reference="", redirect_url="")
    body, headers = stripe.signed(event)
    client.post("/webhooks/stripe/", body, content_type="application/json", headers=headers)

    handle(WebhookEvent.objects.get())

    assert Payment.objects.get().reference == payment.reference
    assert Order.objects.get().status == Order.Status.PAID


def test_a_killed_worker_leaves_the_message_to_the_sweep(told: WebhookEvent) -> None:
    assert told.claim()  # and then its worker dies
    assert not told.claim()
    tasks.handle_due_webhooks()
    assert Order.objects.get().is_pending

    # The claim ends by the clock of the row: three minutes pass.
    WebhookEvent.objects.update(next_attempt_at=timezone.now())
    tasks.handle_due_webhooks()

    assert Order.objects.get().status == Order.Status.PAID
