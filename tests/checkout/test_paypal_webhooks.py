"""What PayPal tells: believed by its own word over the exact bytes, and by nothing else."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from checkout.errors import ProviderUnavailable
from checkout.models import Payment, Refund, WebhookEvent
from checkout.payments import start_payment, sync_payment
from checkout.providers import get_provider
from checkout.refunds import request_refund
from tests.checkout.paypal_cases import NO_SENSE, named, short_time_outs
from tests.doubles.paypal import CERTIFICATE, EVENTS, TOKEN, VERIFY, Fault, PayPalDouble
from tests.factories import make_product, pending_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment(paypal: PayPalDouble) -> Payment:
    return start_payment(pending_order(make_product(1250)), "paypal")


@pytest.fixture
def approved(paypal: PayPalDouble, payment: Payment) -> dict[str, Any]:
    (event,) = paypal.approve(payment.reference)
    paypal.calls.clear()
    return event


def post(body: bytes, headers: dict[str, str]) -> int:
    page = Client(raise_request_exception=False)
    return page.post("/webhooks/paypal/", body, content_type="application/json", headers=headers).status_code


def assert_nothing_came_of_it(payment: Payment) -> None:
    assert not WebhookEvent.objects.exists()
    payment.refresh_from_db()
    assert payment.is_pending
    assert payment.order.is_pending


def test_the_raw_text_is_what_paypal_is_asked_about(
    paypal: PayPalDouble, payment: Payment, approved: dict[str, Any]
) -> None:
    body, headers = paypal.signed(approved)
    assert b'"id" :' in body  # PayPal's spaces, which Python would not write
    assert "خلاصة".encode() in body

    assert post(body, headers) == 200

    (call,) = paypal.called(VERIFY)
    assert b'"webhook_event": ' + body + b"}" in call.raw
    assert call.sent["webhook_id"] == paypal.webhook_id
    assert WebhookEvent.objects.get().external_id == approved["id"]


def test_the_same_event_written_anew_is_not_paypals(
    paypal: PayPalDouble, payment: Payment, approved: dict[str, Any]
) -> None:
    body, headers = paypal.signed(approved)

    assert post(json.dumps(json.loads(body)).encode(), headers) == 400
    assert_nothing_came_of_it(payment)


@pytest.mark.parametrize(
    "address",
    [
        "{double}/v1/notifications/certs/CERT-mine",
        "https://evil.example/v1/notifications/certs/CERT-1",
        "https://api.paypal.com.evil.example/certs/CERT-1",
        "https://evil.example/.paypal.com/certs/CERT-1",
        "https://api.paypal.com@evil.example/certs/CERT-1",
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_foreign_certificate_is_refused_and_never_fetched(
    paypal: PayPalDouble, payment: Payment, approved: dict[str, Any], address: str
) -> None:
    body, headers = paypal.signed(approved)

    assert post(body, headers | {"PAYPAL-CERT-URL": address.format(double=paypal.url)}) == 400

    assert paypal.calls == []
    assert_nothing_came_of_it(payment)


def test_even_paypals_own_certificate_is_left_to_paypal(
    paypal: PayPalDouble, payment: Payment, approved: dict[str, Any]
) -> None:
    body, headers = paypal.signed(approved)
    post(body, headers)
    other = CERTIFICATE.replace("CERT-3", "CERT-4")

    assert post(body, headers | {"PAYPAL-CERT-URL": other}) == 400

    assert {call.path for call in paypal.calls} <= {TOKEN, VERIFY, f"/v2/checkout/orders/{payment.reference}"}


@pytest.mark.parametrize(
    "missing",
    ["TRANSMISSION-ID", "TRANSMISSION-TIME", "TRANSMISSION-SIG", "CERT-URL", "AUTH-ALGO"],
)
def test_an_unsigned_message_costs_no_call(
    paypal: PayPalDouble, payment: Payment, approved: dict[str, Any], missing: str
) -> None:
    body, headers = paypal.signed(approved)
    del headers[f"PAYPAL-{missing}"]

    assert post(body, headers) == 400

    assert paypal.calls == []
    assert_nothing_came_of_it(payment)


def test_a_message_for_another_webhook_is_refused(
    paypal: PayPalDouble, payment: Payment, approved: dict[str, Any]
) -> None:
    assert post(*paypal.signed(approved, webhook_id="SOMEBODYELSES")) == 400
    assert_nothing_came_of_it(payment)


@pytest.mark.parametrize(
    "body",
    [
        b'{}, "webhook_id": "SOMEBODYELSES", "x": {}',
        b'{}}, {"a": {',
        b"[]",
        b'"text"',
        b"null",
        b"",
        b"{",
        b"[" * 100_000,
        b'\xef\xbb\xbf{"id": "WH-1"}',
        '{"id": "WH-1"}'.encode("utf-16"),
        b'{"id": "\xff"}',
    ],
    ids=range(11),
)
def test_what_is_no_object_is_never_pasted_into_the_question(
    paypal: PayPalDouble, payment: Payment, approved: dict[str, Any], body: bytes
) -> None:
    _body, headers = paypal.signed(approved)

    assert post(body, headers) == 400

    assert paypal.calls == []
    assert_nothing_came_of_it(payment)


def test_a_huge_message_is_refused_unread(
    paypal: PayPalDouble, payment: Payment, approved: dict[str, Any]
) -> None:
    _body, headers = paypal.signed(approved)

    assert post(b'{"id": "' + b"x" * 3_000_000 + b'"}', headers) == 400

    assert paypal.calls == []
    assert_nothing_came_of_it(payment)


def test_without_a_webhook_id_there_is_no_such_place(
    settings: Any, paypal: PayPalDouble, payment: Payment, approved: dict[str, Any]
) -> None:
    settings.PAYPAL_WEBHOOK_ID = paypal.webhook_id = ""

    assert post(*paypal.signed(approved)) == 404

    assert paypal.calls == []
    assert_nothing_came_of_it(payment)


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        *[(VERIFY, fault) for fault in (*NO_SENSE, Fault.UNKNOWN_STATUS)],
        *[(TOKEN, fault) for fault in (Fault.ERROR, Fault.SLOW, Fault.HTML, Fault.NOTHING)],
    ],
    ids=named,
)
def test_what_cannot_be_verified_now_is_asked_for_again(
    paypal: PayPalDouble, payment: Payment, approved: dict[str, Any], commits: Any, path: str, fault: Fault
) -> None:
    if path == TOKEN:
        paypal.revoke_tokens()
    paypal.fail(fault, path=path, times=2)
    signed = paypal.signed(approved)

    with short_time_outs():
        assert post(*signed) == 503
    assert_nothing_came_of_it(payment)

    paypal.heal()
    with commits():
        assert post(*signed) == 200
    payment.refresh_from_db()
    assert payment.status == Payment.Status.SUCCEEDED


def test_each_kind_of_event_finds_its_payment(paypal: PayPalDouble, payment: Payment) -> None:
    paypal.approve(payment.reference)
    sync_payment(payment)
    refund = request_refund(payment, 250, reason=Refund.Reason.REQUESTED, source=Refund.Source.STAFF)
    get_provider("paypal").refund(refund)
    paypal.refund_by_hand(payment.reference, "1.00")
    paypal.dispute(payment.reference)
    kinds = [event["event_type"] for event in paypal.events]
    assert kinds == [
        "CHECKOUT.ORDER.APPROVED",
        "PAYMENT.CAPTURE.COMPLETED",
        "PAYMENT.CAPTURE.REFUNDED",
        "PAYMENT.CAPTURE.REFUNDED",
        "CUSTOMER.DISPUTE.CREATED",
    ]

    for event in paypal.events:
        assert post(*paypal.signed(event)) == 200

    assert set(WebhookEvent.objects.values_list("payment_key", flat=True)) == {payment.key}
    assert [each.type for each in WebhookEvent.objects.filter(is_money=True)] == ["PAYMENT.CAPTURE.COMPLETED"]


@pytest.mark.parametrize("field", ["order", "up", "capture", "disputed"])
def test_an_event_without_our_key_is_known_by_its_order_or_capture(
    paypal: PayPalDouble, payment: Payment, commits: Any, field: str
) -> None:
    paypal.approve(payment.reference)
    sync_payment(payment)
    capture = payment.capture_reference
    resources: dict[str, dict[str, Any]] = {
        "order": {"supplementary_data": {"related_ids": {"order_id": payment.reference}}},
        "up": {"id": "R1", "links": [{"rel": "up", "href": f"{paypal.url}/v2/payments/captures/{capture}"}]},
        "capture": {"id": capture},
        "disputed": {"dispute_id": "PP-D-1", "disputed_transactions": [{"seller_transaction_id": capture}]},
    }
    paypal.calls.clear()

    with commits():
        post(*paypal.signed(paypal.book.event("PAYMENT.CAPTURE.REFUNDED", "refund", resources[field])))

    assert WebhookEvent.objects.get().error == ""
    assert len(paypal.called(f"/v2/checkout/orders/{payment.reference}")) == 1


@pytest.mark.parametrize(
    ("custom_id", "is_money"), [("payment-of-a-lost-database", True), ("from another site", False)]
)
def test_money_with_our_kind_of_key_is_money_and_other_sales_of_the_account_are_not(
    paypal: PayPalDouble, custom_id: str, is_money: bool
) -> None:
    resource = {"id": "C1", "custom_id": custom_id}

    post(*paypal.signed(paypal.book.event("PAYMENT.CAPTURE.COMPLETED", "capture", resource)))

    assert WebhookEvent.objects.get().is_money is is_money


def test_what_no_webhook_told_is_read_from_paypals_list_page_by_page(
    paypal: PayPalDouble, payment: Payment
) -> None:
    paypal.events_a_page = 2
    paypal.approve(payment.reference)
    sync_payment(payment)
    for _each in range(3):
        paypal.refund_by_hand(payment.reference, "1.00")
    paypal.calls.clear()

    told = list(get_provider("paypal").recent_events(timezone.now() - timedelta(hours=1)))

    assert [each.external_id for each in told] == [event["id"] for event in reversed(paypal.events)]
    assert {each.payment_key for each in told} == {payment.key}
    assert len(paypal.called(EVENTS)) == 3
    assert list(get_provider("paypal").recent_events(timezone.now() + timedelta(hours=1))) == []


def test_a_list_that_breaks_off_is_unavailable(paypal: PayPalDouble, payment: Payment) -> None:
    paypal.events_a_page = 1
    paypal.approve(payment.reference)
    paypal.approve(payment.reference)
    listed = get_provider("paypal").recent_events(timezone.now() - timedelta(hours=1))
    next(listed)
    paypal.fail(Fault.ERROR, path=EVENTS)

    with pytest.raises(ProviderUnavailable):
        next(listed)
