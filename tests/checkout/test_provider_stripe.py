from typing import Any

import pytest
import requests
from stripe import RequestsClient

from checkout.errors import PaymentRefused, ProviderUnavailable
from checkout.models import Order, Payment, Refund, WebhookEvent
from checkout.payments import start_payment, sync_payment
from checkout.providers import get_provider
from checkout.providers import stripe as shops_stripe
from checkout.providers.base import PaymentState, RefundState
from checkout.refunds import execute_refund, request_refund
from tests.checkout.provider_contract import ProviderContract, Signed
from tests.checkout.stripe_cases import NO_SENSE, failing, named
from tests.doubles import provider_schema
from tests.doubles.stripe import Fault, StripeDouble
from tests.doubles.stripe_book import _event
from tests.factories import make_product, pending_order


class TestStripe(ProviderContract):
    name = "stripe"
    signature_header = "Stripe-Signature"

    @pytest.fixture(autouse=True)
    def _double(self, stripe: StripeDouble) -> None:
        self.double = stripe

    def pay(self, payment: Payment) -> None:
        self.double.pay(payment.reference)

    def fail(self, payment: Payment) -> None:
        self.double.pay_later(payment.reference)
        self.double.settle(payment.reference, is_paid=False)

    def expire(self, payment: Payment) -> None:
        self.double.expire(payment.reference)

    def count_pages(self) -> int:
        return len(self.double.sessions)

    def given_back(self) -> list[int]:
        return [refund["amount"] for refund in self.double.refunds.values()]

    def webhook(self, payment: Payment, kind: str = "", *, sent_at: int | None = None) -> Signed:
        session = {
            "id": payment.reference,
            "object": "checkout.session",
            "metadata": {"payment": payment.key},
            "livemode": False,
        }
        return self.double.signed(_event(kind or "checkout.session.completed", session), sent_at=sent_at)


@pytest.mark.django_db
class TestStripeOnly:
    @pytest.fixture(autouse=True)
    def _double(self, stripe: StripeDouble, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(RequestsClient, "INITIAL_DELAY", 0.01)
        self.double = stripe

    def test_requests_are_checked_against_the_published_schema(self) -> None:
        if provider_schema.folder() is None:
            pytest.skip(provider_schema.ABSENT)

        found = provider_schema.complaints(
            "stripe", "POST", "/v1/checkout/sessions", {"mode": "payment", "locale": "ar", "colour": "red"}
        )

        assert len(found) == 2
        assert "'ar' is not one of" in "".join(found)
        assert "'colour' was unexpected" in "".join(found)

    @pytest.mark.parametrize(("language", "locale"), [("en", "en"), ("ar", "auto"), ("fa", "auto")])
    def test_sends_what_the_order_says(self, language: str, locale: str) -> None:
        order = pending_order(make_product(990, title_en="Clean Lines"), language=language)

        payment = start_payment(order, "stripe")

        sent = self.double.calls[0].sent
        assert sent["line_items"]["0"] == {
            "quantity": "1",
            "price_data": {"currency": "usd", "unit_amount": "990", "product_data": {"name": "Clean Lines"}},
        }
        assert sent["client_reference_id"] == payment.key == self.double.calls[0].key
        assert sent["metadata"] == {"payment": payment.key, "order": order.number}
        assert sent["payment_intent_data"]["metadata"] == sent["metadata"]
        assert (sent["customer_email"], sent["locale"]) == (order.email, locale)
        assert order.token in sent["success_url"]

    def test_a_declined_card_leaves_the_page_open_for_another(self) -> None:
        payment = start_payment(pending_order(), "stripe")

        self.double.decline(payment.reference)
        assert sync_payment(payment).is_pending

        self.double.pay(payment.reference)
        assert sync_payment(payment).status == Payment.Status.SUCCEEDED

    def test_a_delayed_method_is_pending_until_the_money_is_there(self) -> None:
        payment = start_payment(pending_order(), "stripe")

        self.double.pay_later(payment.reference)
        assert sync_payment(payment).is_pending

        self.double.settle(payment.reference, is_paid=True)
        assert sync_payment(payment).status == Payment.Status.SUCCEEDED

    def test_the_payment_page_leads_back_to_the_order(self) -> None:
        payment = start_payment(pending_order(), "stripe")

        declined = requests.post(payment.redirect_url, {"outcome": "decline"}, timeout=5)
        paid = requests.post(payment.redirect_url, {"outcome": "pay"}, timeout=5, allow_redirects=False)

        assert "declined" in declined.text
        assert paid.status_code == 303
        assert payment.order.token in paid.headers["Location"]

    @pytest.mark.parametrize(
        "fault", [Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.SLOW], ids=["before", "after", "time-out"]
    )
    def test_a_lost_answer_is_asked_for_again_with_the_same_key(self, fault: Fault) -> None:
        with failing(self.double, fault, method="POST"):
            payment = start_payment(pending_order(), "stripe")

        assert list(self.double.sessions) == [payment.reference]

    @pytest.mark.parametrize(
        "fault",
        [
            Fault.TOO_MANY,
            Fault.DROP_BEFORE,
            Fault.DROP_AFTER,
            Fault.SLOW,
            Fault.DRIP,
            Fault.HTML,
            Fault.HUGE,
            Fault.NOTHING,
        ],
        ids=lambda fault: fault.name.lower(),
    )
    def test_no_sensible_answer_to_a_start_is_unavailable_and_a_repeat_goes_on(self, fault: Fault) -> None:
        order = pending_order()

        with failing(self.double, fault, method="POST", times=2), pytest.raises(ProviderUnavailable):
            start_payment(order, "stripe")
        assert order.payments.get().is_pending
        payment = start_payment(order, "stripe")

        assert list(self.double.sessions) == [payment.reference]
        assert order.payments.get() == payment

    def test_a_server_error_is_kept_by_stripe_so_the_next_try_has_a_new_key(self) -> None:
        order = pending_order()
        self.double.fail(Fault.ERROR, method="POST")

        with pytest.raises(PaymentRefused):
            start_payment(order, "stripe")
        payment = start_payment(order, "stripe")

        assert [each.status for each in order.payments.order_by("pk")] == ["failed", "pending"]
        assert list(self.double.sessions) == [payment.reference]

    @pytest.mark.parametrize(
        "fault",
        NO_SENSE,
        ids=named,
    )
    def test_no_sensible_answer_to_a_look_changes_nothing(self, fault: Fault) -> None:
        payment = start_payment(pending_order(), "stripe")
        self.double.pay(payment.reference)

        with failing(self.double, fault, method="GET", times=2), pytest.raises(ProviderUnavailable):
            sync_payment(payment)
        payment.refresh_from_db()
        assert payment.is_pending
        assert payment.order.is_pending

        assert sync_payment(payment).status == Payment.Status.SUCCEEDED

    def test_a_refused_start_is_final_for_the_attempt_and_not_for_the_order(self) -> None:
        order = pending_order()
        self.double.fail(Fault.REFUSED, method="POST")

        with pytest.raises(PaymentRefused, match="choose another"):
            start_payment(order, "stripe")
        assert order.payments.get().status == Payment.Status.FAILED

        assert start_payment(order, "stripe").is_open
        assert order.payments.count() == 2

    def test_a_pending_refund_is_looked_up_until_it_is_settled(self) -> None:
        self.double.refund_status = "pending"
        refund = self._requested_refund()
        execute_refund(refund)
        refund.refresh_from_db()
        assert refund.status == Refund.Status.PENDING
        assert refund.reference

        self.double.forget_keys()
        self.double.refunds[refund.reference]["status"] = "succeeded"
        refund.next_attempt_at = refund.created_at
        refund.save()
        execute_refund(refund)

        refund.refresh_from_db()
        assert refund.status == Refund.Status.SUCCEEDED
        assert len(self.double.refunds) == 1

    def test_a_refund_that_fails_at_stripe_is_failed_with_its_reason(self) -> None:
        self.double.refund_status = "failed"
        refund = self._requested_refund()

        execute_refund(refund)

        refund.refresh_from_db()
        assert refund.status == Refund.Status.FAILED
        refund.payment.order.refresh_from_db()
        assert refund.payment.order.status == Order.Status.PAID

    def test_an_unknown_refund_status_is_not_guessed(self) -> None:
        self.double.refund_status = "odd"
        refund = self._requested_refund()

        execute_refund(refund)

        refund.refresh_from_db()
        assert refund.status == Refund.Status.PENDING
        assert "odd" in refund.error

    def test_live_money_is_told_from_test_money(self, settings: Any) -> None:
        settings.STRIPE_SECRET_KEY = "sk_live_double"  # noqa: S105
        payment = start_payment(pending_order(), "stripe")
        self.double.pay(payment.reference)

        assert get_provider("stripe").is_live
        assert get_provider("stripe").fetch(payment).is_live
        assert sync_payment(payment).status == Payment.Status.SUCCEEDED

    def test_a_payment_unknown_to_stripe_is_refused(self) -> None:
        payment = start_payment(pending_order(), "stripe")
        self.double.sessions.clear()

        with pytest.raises(PaymentRefused):
            sync_payment(payment)

        payment.refresh_from_db()
        assert payment.is_pending

    @pytest.mark.parametrize(
        "address", ["https://evil.example/pay", "http://checkout.stripe.com/x", None, "//x"]
    )
    def test_the_buyer_is_sent_to_stripe_only(self, address: str | None) -> None:
        order = pending_order()
        original = self.double.book._open_session
        self.double.book._open_session = lambda call: original(call) | {"url": address}  # type: ignore[method-assign]

        with pytest.raises(ProviderUnavailable):
            start_payment(order, "stripe")

        assert order.payments.get().redirect_url == ""

    @pytest.mark.parametrize(("currency", "amount"), [("KWD", 5124), ("USD", 100_000_000)])
    def test_sums_that_stripe_cannot_take_are_not_offered(
        self, settings: Any, currency: str, amount: int
    ) -> None:
        settings.CURRENCY = currency
        order = pending_order(make_product(amount))

        assert get_provider("stripe").why_not(order.total, order.currency)
        with pytest.raises(Exception, match="can't be paid in that way"):
            start_payment(order, "stripe")

        assert self.double.calls == []
        assert not Payment.objects.exists()

    def test_without_a_webhook_secret_there_is_no_such_place(self, settings: Any, client: Any) -> None:
        settings.STRIPE_WEBHOOK_SECRET = ""
        self.double.webhook_secret = ""
        body, headers = self.double.signed(_event("checkout.session.completed", {"object": "x"}))

        response = client.post("/webhooks/stripe/", body, content_type="application/json", headers=headers)

        assert response.status_code == 404
        assert not WebhookEvent.objects.exists()

    def _requested_refund(self) -> Refund:
        payment = start_payment(pending_order(), "stripe")
        self.double.pay(payment.reference)
        return request_refund(
            sync_payment(payment), 500, reason=Refund.Reason.REQUESTED, source=Refund.Source.STAFF
        )


def test_states_are_ours() -> None:
    assert set(shops_stripe.INTENT_STATES.values()) <= set(PaymentState)
    assert set(shops_stripe.REFUND_STATES.values()) <= set(RefundState)
