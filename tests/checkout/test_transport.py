"""Providers that hang, drip, or ask to be left alone."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from django.test import Client
from django.utils import timezone

from checkout.inbox import handle
from checkout.models import Payment, Refund, WebhookEvent
from checkout.payments import start_payment, sync_if_stale, sync_payment
from checkout.providers import transport
from checkout.providers.transport import BoundedSession, patience, seconds_left, wait_wanted
from checkout.refunds import execute_refund, request_refund
from tests.doubles import paypal_wire, stripe_wire
from tests.doubles.paypal import PayPalDouble
from tests.doubles.stripe import StripeDouble
from tests.factories import pending_order


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server whose answers begin, and never get past their head."""
    stop = threading.Event()

    def serve(listener: socket.socket) -> None:
        while not stop.is_set():
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            threading.Thread(target=drip, args=[connection], daemon=True).start()

    def drip(connection: socket.socket) -> None:
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not stop.wait(0.05):
                    connection.sendall(b".")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=[listener], daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stop.set()


def test_a_head_that_drips_is_cut(dripping: str) -> None:
    began = time.monotonic()

    with pytest.raises(requests.RequestException):
        BoundedSession().get(dripping, timeout=(0.5, 0.5))

    assert time.monotonic() - began < 3


def test_who_waits_waits_for_all_calls_together(dripping: str) -> None:
    began = time.monotonic()

    with patience(0.6), patience(60):
        for _each in range(5):
            with pytest.raises(requests.RequestException):
                BoundedSession().get(dripping, timeout=(3, 7))
        assert seconds_left() == 0

    assert time.monotonic() - began < 3
    assert seconds_left() > 10**9


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("999999999999999999999", 6 * 3600),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
        ("١٢", 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 99999 07:28:00 GMT", 0),
    ],
)
def test_how_long_a_provider_wants_to_be_left_alone(said: str, seconds: int) -> None:
    assert wait_wanted({"Retry-After": said}) == timedelta(seconds=seconds)
    assert wait_wanted(None) == wait_wanted({}) == timedelta(0)


def test_or_until_when() -> None:
    wait = wait_wanted({"Retry-After": format_datetime(timezone.now() + timedelta(minutes=5), usegmt=False)})

    assert timedelta(minutes=4, seconds=58) < wait <= timedelta(minutes=5)


@pytest.fixture(params=["stripe", "paypal"])
def busy(request: Any, monkeypatch: pytest.MonkeyPatch) -> Payment:
    """A paid payment at a provider that answers 429 from now on, and wants to be left alone for an hour."""
    double: StripeDouble | PayPalDouble = request.getfixturevalue(request.param)
    payment = start_payment(pending_order(), request.param)
    if isinstance(double, StripeDouble):
        double.pay(payment.reference)
        fault: Any = stripe_wire.Fault.TOO_MANY
        reply: Any = stripe_wire.error_reply(429, "invalid_request_error", "Slow down", code="rate_limit")
    else:
        double.take(payment.reference)
        fault = paypal_wire.Fault.TOO_MANY
        reply = paypal_wire.refusal(429, "RATE_LIMIT_REACHED")
    sync_payment(payment)
    reply.headers["Retry-After"] = "3600"
    double.fail(fault, times=99)
    monkeypatch.setattr(double, "answer", lambda _call, _fault: reply)
    return payment


def is_in_an_hour(moment: Any) -> bool:
    return timedelta(minutes=59) < moment - timezone.now() <= timedelta(hours=1)


@pytest.mark.django_db
def test_a_refund_waits_as_long_as_the_provider_asks(busy: Payment) -> None:
    refund = request_refund(busy, 100, reason=Refund.Reason.OTHER, source=Refund.Source.STAFF)

    execute_refund(refund)

    refund.refresh_from_db()
    assert refund.status == Refund.Status.PENDING
    assert is_in_an_hour(refund.next_attempt_at)


@pytest.mark.django_db
def test_the_sweep_leaves_the_payment_alone_for_as_long(busy: Payment) -> None:
    Payment.objects.update(status=Payment.Status.PENDING, settled_at=None)
    busy.refresh_from_db()

    sync_if_stale(busy)

    busy.refresh_from_db()
    assert busy.error
    assert is_in_an_hour(busy.next_check_at)


@pytest.mark.django_db
def test_a_webhook_is_handled_when_the_provider_may_be_asked_again(busy: Payment) -> None:
    event = WebhookEvent.objects.create(
        provider=busy.provider, external_id="e", type="x", payment_key=busy.key, body="{}"
    )

    handle(event)

    event.refresh_from_db()
    assert event.handled_at is None
    assert is_in_an_hour(event.next_attempt_at)


@pytest.mark.django_db
@pytest.mark.parametrize("provider", ["stripe", "paypal"])
def test_a_buyer_does_not_wait_long_for_a_provider_that_hangs(
    request: Any, provider: str, dripping: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.getfixturevalue(provider)
    assert transport.BUYERS_PATIENCE < 10
    monkeypatch.setattr(transport, "BUYERS_PATIENCE", 0.5)
    payment, client = start_payment(pending_order(), provider), Client()
    settings.STRIPE_API_BASE = settings.PAYPAL_API_BASE = dripping
    began = time.monotonic()

    page = client.get(f"/orders/{payment.order.token}/")

    assert time.monotonic() - began < 4
    assert "We are confirming your payment" in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("provider", ["stripe", "paypal"])
def test_and_so_at_the_start_of_a_payment(
    request: Any, provider: str, dripping: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.getfixturevalue(provider)
    monkeypatch.setattr(transport, "BUYERS_PATIENCE", 0.5)
    order, client = pending_order(), Client()
    settings.STRIPE_API_BASE = settings.PAYPAL_API_BASE = dripping
    began = time.monotonic()

    answer = client.post(f"/orders/{order.token}/payments/", {"provider": provider})

    assert time.monotonic() - began < 4
    assert answer["Location"] == order.get_absolute_url()
    assert "does not answer just now" in client.get(answer["Location"]).content.decode()
