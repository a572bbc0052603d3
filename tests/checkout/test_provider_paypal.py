import copy
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from checkout.errors import ProviderNotOffered, ProviderUnavailable
from checkout.models import Payment
from checkout.payments import start_payment, sync_payment
from checkout.providers import get_provider, paypal_words, providers_for
from checkout.providers.base import DisputeState, PaymentState, RefundState
from checkout.providers.paypal import PayPalProvider
from delivery.pages import state_of
from storefront.checks import check_providers
from tests.checkout.provider_contract import ProviderContract, Signed
from tests.doubles import paypal_schema, provider_schema
from tests.doubles.paypal import Fault, PayPalDouble
from tests.factories import make_product, pending_order


class TestPayPal(ProviderContract):
    name = "paypal"
    signature_header = "PAYPAL-TRANSMISSION-SIG"

    @pytest.fixture(autouse=True)
    def _double(self, paypal: PayPalDouble) -> None:
        self.double = paypal

    def pay(self, payment: Payment) -> None:
        self.double.take(payment.reference)

    def fail(self, payment: Payment) -> None:
        self.double.take(payment.reference, "DECLINED")

    def expire(self, payment: Payment) -> None:
        del self.double.orders[payment.reference]
        Payment.objects.update(created_at=timezone.now() - timedelta(hours=7))
        payment.refresh_from_db()

    def count_pages(self) -> int:
        return len(self.double.orders)

    def given_back(self) -> list[int]:
        return [paypal_words.amount_in(refund["amount"]) for refund in self.double.refunds.values()]

    def webhook(self, payment: Payment, kind: str = "", *, sent_at: int | None = None) -> Signed:
        order = {"id": payment.reference, "purchase_units": [{"custom_id": payment.key}]}
        return self.double.signed(
            self.double.book.event(kind or "CHECKOUT.ORDER.APPROVED", "checkout-order", order)
        )

    def test_a_message_older_than_five_minutes_is_refused(self) -> None:
        """PayPal sends again for three days: what keeps a message from counting twice is its id."""
        payment = self.started()

        assert self.post(self.webhook(payment, sent_at=1)).status_code == 200

    @pytest.mark.parametrize(
        ("currency", "amount"), [("JPY", 500), ("HUF", 12500), ("TWD", 9900), ("ILS", 4599)]
    )
    def test_amounts_are_exact_with_any_number_of_decimals(
        self, settings: Any, currency: str, amount: int
    ) -> None:
        super().test_amounts_are_exact_with_any_number_of_decimals(settings, currency, amount)


@pytest.mark.django_db
class TestPayPalOnly:
    @pytest.fixture(autouse=True)
    def _double(self, paypal: PayPalDouble) -> None:
        self.double = paypal

    def approved(self, plan: str = "approve") -> Payment:
        payment = start_payment(pending_order(make_product(1250)), "paypal")
        self.double.approve(payment.reference, plan)
        return payment

    def captured(self) -> Payment:
        return sync_payment(self.approved())

    def test_calls_are_checked_against_the_published_documents(self) -> None:
        if provider_schema.folder() is None:
            pytest.skip(provider_schema.ABSENT)
        sent = {"intent": "TAKE", "purchase_units": [{"colour": "red", "amount": {"value": 5}}]}

        found = paypal_schema.call_complaints("POST", "/v2/checkout/orders", {}, sent, {})

        assert "$.intent: 'TAKE' is not one of" in "".join(found)
        assert "$.purchase_units[0].amount.value: 5 is not of type 'string'" in "".join(found)
        assert "$.purchase_units[0].amount: 'currency_code' is a required property" in "".join(found)
        assert "'colour' was unexpected" in "".join(found)

    @pytest.mark.parametrize(("language", "locale"), [("en", "en-US"), ("ar", "ar-EG"), ("fa", None)])
    def test_sends_what_the_order_says(self, language: str, locale: str | None) -> None:
        order = pending_order(
            make_product(990, title_en="Clean Lines"), make_product(5, title_en="خطوط"), language=language
        )

        payment = start_payment(order, "paypal")

        (call,) = self.double.called("/checkout/orders")
        (unit,) = call.sent["purchase_units"]
        context = call.sent["payment_source"]["paypal"]["experience_context"]
        assert call.key == unit["custom_id"] == payment.key
        assert unit["invoice_id"] == f"{order.number}-{payment.key[-12:]}"
        assert unit["amount"] == {
            "currency_code": "USD",
            "value": "9.95",
            "breakdown": {
                "item_total": {"currency_code": "USD", "value": "9.95"},
                "discount": {"currency_code": "USD", "value": "0.00"},
            },
        }
        assert [(each["name"], each["quantity"], each["unit_amount"]["value"]) for each in unit["items"]] == [
            ("Clean Lines", "1", "9.90"),
            ("خطوط", "1", "0.05"),
        ]
        assert (context.get("locale"), context["user_action"]) == (locale, "PAY_NOW")
        assert context["shipping_preference"] == "NO_SHIPPING"
        assert order.token in context["return_url"]
        assert context["cancel_url"].endswith("/checkout/")

    def test_an_approved_payment_is_captured_once_whoever_looks_first(self) -> None:
        payment = self.approved()

        assert get_provider("paypal").fetch(payment).state == PaymentState.APPROVED
        results = [get_provider("paypal").capture(payment) for _each in range(2)]

        assert [result.state for result in results] == [PaymentState.SUCCEEDED] * 2
        assert results[0] == results[1]
        assert (results[0].amount, results[0].currency, results[0].key) == (1250, "USD", payment.key)
        assert len(self.double.called("/capture")) == 1
        assert sync_payment(payment).status == Payment.Status.SUCCEEDED

    def test_a_buyer_who_never_comes_back_has_paid_by_the_message_of_approval(self, commits: Any) -> None:
        payment = start_payment(pending_order(), "paypal")
        (event,) = self.double.approve(payment.reference)

        with commits():
            response = TestPayPal().post(self.double.signed(event))

        assert response.status_code == 200
        payment.refresh_from_db()
        assert payment.status == Payment.Status.SUCCEEDED
        assert payment.capture_reference == self.capture_id(payment)

    def test_a_capture_made_between_look_and_call_is_not_made_again(self) -> None:
        payment = self.approved()
        self.double.book.old_copies = [copy.deepcopy(self.double.orders[payment.reference])] * 2
        self.double.take(payment.reference)

        assert sync_payment(payment).status == Payment.Status.SUCCEEDED

        assert len(self.double.called("/capture")) == 1
        assert payment.capture_reference == self.capture_id(payment)

    def test_a_declined_card_leaves_the_payment_open_for_another(self) -> None:
        payment = self.approved("decline")

        result = get_provider("paypal").capture(payment)
        sync_payment(payment)

        assert result.state == PaymentState.DECLINED
        assert "declined" in result.error
        assert payment.is_pending
        assert state_of(payment.order) == "failed"
        sync_payment(payment)
        keys = {call.key for call in self.double.called("/capture")}
        assert len(keys) == 1  # nobody tries the same card again and again

        assert start_payment(payment.order, "paypal") == payment  # back to the page that is open
        self.double.approve(payment.reference)
        assert sync_payment(payment).status == Payment.Status.SUCCEEDED

    @pytest.mark.parametrize("status", ["DECLINED", "FAILED"])
    def test_an_order_that_is_completed_without_its_money_is_not_paid(self, status: str) -> None:
        payment = start_payment(pending_order(), "paypal")
        self.double.take(payment.reference, status)
        assert self.double.orders[payment.reference]["status"] == "COMPLETED"

        assert sync_payment(payment).status == Payment.Status.FAILED
        payment.order.refresh_from_db()
        assert payment.order.is_pending

    @pytest.mark.parametrize(
        ("ends", "status"), [("COMPLETED", Payment.Status.SUCCEEDED), ("DECLINED", Payment.Status.FAILED)]
    )
    def test_a_capture_that_is_held_back_waits_for_its_end(self, ends: str, status: str) -> None:
        payment = self.approved("hold")

        result = get_provider("paypal").capture(payment)
        assert (result.state, result.error) == (
            PaymentState.PENDING,
            "PayPal holds this payment back: pending review.",
        )
        assert sync_payment(payment).is_pending
        payment.order.refresh_from_db()
        assert payment.order.is_pending

        self.double.settle(payment.reference, ends)
        assert sync_payment(payment).status == status

    def test_a_refusal_for_good_is_final_for_the_attempt_and_not_for_the_order(self) -> None:
        payment = self.approved()
        self.double.fail(Fault.REFUSED, path="/capture")

        assert sync_payment(payment).status == Payment.Status.FAILED

        assert start_payment(payment.order, "paypal").is_open
        assert payment.order.payments.count() == 2

    @pytest.mark.parametrize("status", ["CREATED", "PAYER_ACTION_REQUIRED", "SAVED"])
    def test_a_page_at_which_nobody_pays_closes_after_hours(self, status: str) -> None:
        payment = start_payment(pending_order(), "paypal")
        order = self.double.orders[payment.reference]
        order["status"] = status

        assert sync_payment(payment).is_pending
        order["create_time"] = f"{timezone.now() - timedelta(hours=6, minutes=1):%Y-%m-%dT%H:%M:%SZ}"
        assert sync_payment(payment).status == Payment.Status.CANCELED

    def test_an_order_that_paypal_does_not_show_yet_is_not_given_up(self) -> None:
        payment = start_payment(pending_order(), "paypal")
        self.double.orders.clear()

        with pytest.raises(ProviderUnavailable):
            sync_payment(payment)
        payment.refresh_from_db()
        assert payment.is_pending

    def test_a_lost_start_is_gone_on_with_by_its_key_or_by_the_order_a_message_named(self) -> None:
        order = pending_order()
        self.double.fail(Fault.DROP_AFTER, path="/checkout/orders")
        with pytest.raises(ProviderUnavailable):
            start_payment(order, "paypal")
        (order_id,) = self.double.orders

        assert start_payment(order, "paypal").reference == order_id

        payment = order.payments.get()
        Payment.objects.update(redirect_url="")  # as if a message had been quicker than our answer
        self.double.forget_keys()
        assert start_payment(order, "paypal").redirect_url == payment.redirect_url
        assert list(self.double.orders) == [order_id]

    @pytest.mark.parametrize(
        "address",
        [
            "https://evil.example/checkoutnow",
            "http://www.paypal.com/checkoutnow",
            "https://paypal.com.evil.example/",
            "https://evilpaypal.com/",
            "javascript:alert(1)",
            "//www.paypal.com/",
            "",
        ],
    )
    def test_the_buyer_is_sent_to_paypal_only(self, address: str) -> None:
        order = pending_order()
        self.double.book.page_address = address

        with pytest.raises(ProviderUnavailable):
            start_payment(order, "paypal")

        assert order.payments.get().redirect_url == ""

    def test_the_buyer_is_sent_to_the_page_that_paypal_names(self) -> None:
        address = "https://www.sandbox.paypal.com/checkoutnow?token=5O190127TN364715T"
        self.double.book.page_address = address

        assert start_payment(pending_order(), "paypal").redirect_url == address

    def test_the_payment_page_leads_back_to_the_order(self) -> None:
        payment = start_payment(pending_order(), "paypal")

        canceled = requests.post(
            payment.redirect_url, {"outcome": "cancel"}, timeout=5, allow_redirects=False
        )
        paid = requests.post(payment.redirect_url, {"outcome": "approve"}, timeout=5, allow_redirects=False)

        assert "/checkout/?token=" in canceled.headers["Location"]
        assert f"{payment.order.token}/?token={payment.reference}" in paid.headers["Location"]

    @pytest.mark.parametrize(
        "currency", ["SAR", "AED", "QAR", "KWD", "BHD", "OMR", "JOD", "EGP", "MAD", "IRR", "TRY"]
    )
    def test_currencies_that_paypal_does_not_take_are_not_offered_and_staff_is_told_why(
        self, settings: Any, currency: str
    ) -> None:
        settings.CURRENCY = currency
        order = pending_order(make_product(12500))

        why = get_provider("paypal").why_not(order.total, currency)
        assert f"PayPal takes no payments in {currency}." in why
        assert "paypal" not in [provider.name for provider in providers_for(order.total, currency)]
        with pytest.raises(ProviderNotOffered):
            start_payment(order, "paypal")

        assert self.double.calls == []
        assert not Payment.objects.exists()

    @pytest.mark.parametrize(("amount", "is_whole"), [(12500, True), (12550, False)])
    def test_forints_are_whole(self, amount: int, is_whole: bool) -> None:
        assert bool(get_provider("paypal").why_not(amount, "HUF")) is not is_whole

    def test_where_an_item_cannot_be_said_only_the_sum_is(self, settings: Any) -> None:
        settings.CURRENCY = "HUF"
        order = pending_order(make_product(12550), make_product(450))

        start_payment(order, "paypal")

        (unit,) = self.double.called("/checkout/orders")[0].sent["purchase_units"]
        assert unit["amount"] == {"currency_code": "HUF", "value": "130"}
        assert "items" not in unit

    @pytest.mark.parametrize(
        ("base", "is_live"),
        [
            ("https://api-m.paypal.com", True),
            ("https://api.paypal.com", True),
            ("https://api-m.sandbox.paypal.com", False),
            ("https://api-m.paypal.com.evil.example", False),
            ("http://127.0.0.1:8110", False),
        ],
    )
    def test_live_money_is_told_by_the_host(self, settings: Any, base: str, is_live: bool) -> None:
        settings.PAYPAL_API_BASE = base

        assert PayPalProvider().is_live is is_live

    def capture_id(self, payment: Payment) -> str:
        return self.double.orders[payment.reference]["purchase_units"][0]["payments"]["captures"][0]["id"]


def test_states_are_ours() -> None:
    said = set(paypal_words.ORDER_STATES.values()) | set(paypal_words.CAPTURE_STATES.values())
    assert said | {PaymentState.DECLINED} == set(PaymentState)  # which a capture's refusal says
    assert set(paypal_words.REFUND_STATES.values()) == set(RefundState)
    assert set(paypal_words.DISPUTE_STATES.values()) == set(DisputeState)


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        (("", "", ""), []),
        (("client", "secret", "webhook"), []),
        (("client", "secret", ""), ["PAYPAL_WEBHOOK_ID"]),
        (("client", "", ""), ["PAYPAL_CLIENT_SECRET", "PAYPAL_WEBHOOK_ID"]),
        (("", "", "webhook"), ["PAYPAL_CLIENT_ID", "PAYPAL_CLIENT_SECRET"]),
    ],
)
def test_paypal_is_set_up_whole_or_not_at_all(
    settings: Any, values: tuple[str, str, str], missing: list[str]
) -> None:
    settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET, settings.PAYPAL_WEBHOOK_ID = values

    errors = check_providers()

    assert len(errors) == bool(missing)
    assert all(f"{name} is missing" in errors[0].msg for name in missing)


@pytest.mark.parametrize("host", ["https://www.paypal.com", "https://www.sandbox.paypal.com"])
def test_browsers_may_go_to_paypal_from_a_form(settings: Any, host: str) -> None:
    assert host in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"]
