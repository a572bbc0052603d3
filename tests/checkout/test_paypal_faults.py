"""Each call to PayPal gone wrong in each way: the money, the payment and the order end the same."""

from datetime import timedelta

import pytest
from django.utils import timezone

from checkout import reconciling
from checkout.errors import PaymentRefused, ProviderUnavailable
from checkout.models import Payment, ReconcileMark, WebhookEvent
from checkout.payments import start_payment, sync_payment
from checkout.providers import get_provider
from tests.checkout.paypal_cases import NO_SENSE, NO_SENSE_IN_MONEY, named, short_time_outs
from tests.doubles.paypal import EVENTS, Fault, PayPalDouble
from tests.factories import pending_order


@pytest.mark.django_db
class TestPayPalFaults:
    @pytest.fixture(autouse=True)
    def _double(self, paypal: PayPalDouble) -> None:
        self.double = paypal

    @pytest.mark.parametrize("fault", NO_SENSE, ids=named)
    def test_a_start_without_an_answer_is_gone_on_with(self, fault: Fault) -> None:
        order = pending_order()
        self.double.fail(fault, path="/checkout/orders", times=2)

        with short_time_outs(), pytest.raises(ProviderUnavailable):
            start_payment(order, "paypal")
        assert order.payments.get().is_pending
        self.double.heal()
        payment = start_payment(order, "paypal")

        assert list(self.double.orders) == [payment.reference]
        assert order.payments.get() == payment
        assert {call.key for call in self.double.called("/checkout/orders")} == {payment.key}

    def test_a_refused_start_is_final_for_the_attempt_and_not_for_the_order(self) -> None:
        order = pending_order()
        self.double.fail(Fault.REFUSED, path="/checkout/orders")

        with pytest.raises(PaymentRefused, match="choose another"):
            start_payment(order, "paypal")
        assert order.payments.get().status == Payment.Status.FAILED

        assert start_payment(order, "paypal").is_open

    @pytest.mark.parametrize(
        ("path", "fault"),
        [
            *[("/checkout/orders", fault) for fault in NO_SENSE_IN_MONEY],
            *[
                ("/customer/disputes", fault)
                for fault in (Fault.ERROR, Fault.SLOW, Fault.HTML, Fault.NOTHING)
            ],
        ],
        ids=named,
    )
    def test_a_look_without_an_answer_changes_nothing(self, path: str, fault: Fault) -> None:
        payment = start_payment(pending_order(), "paypal")
        self.double.take(payment.reference)
        self.double.fail(fault, method="GET", path=path, times=2)

        with short_time_outs(), pytest.raises(ProviderUnavailable):
            sync_payment(payment)
        payment.refresh_from_db()
        assert payment.is_pending
        assert payment.order.is_pending

        self.double.heal()
        assert sync_payment(payment).status == Payment.Status.SUCCEEDED

    @pytest.mark.parametrize("fault", NO_SENSE_IN_MONEY, ids=named)
    def test_a_capture_without_an_answer_is_looked_for_and_taken_once(self, fault: Fault) -> None:
        payment = start_payment(pending_order(), "paypal")
        self.double.approve(payment.reference)
        self.double.fail(fault, path="/capture", times=2)

        with short_time_outs(), pytest.raises(ProviderUnavailable):
            sync_payment(payment)
        payment.refresh_from_db()
        assert payment.is_pending

        self.double.heal()
        assert sync_payment(payment).status == Payment.Status.SUCCEEDED
        (unit,) = self.double.orders[payment.reference]["purchase_units"]
        assert [each["id"] for each in unit["payments"]["captures"]] == [payment.capture_reference]

    @pytest.mark.parametrize("fault", NO_SENSE, ids=named)
    def test_a_list_of_events_without_an_answer_is_read_from_the_same_place_again(self, fault: Fault) -> None:
        payment = start_payment(pending_order(), "paypal")
        self.double.approve(payment.reference)
        began = timezone.now() - timedelta(hours=1)
        mark = ReconcileMark.objects.create(provider="paypal", read_until=began)
        self.double.fail(fault, path=EVENTS, times=2)

        with short_time_outs(), pytest.raises(ProviderUnavailable):
            reconciling.read_events(get_provider("paypal"), lambda _what, _count: None)
        mark.refresh_from_db()
        assert mark.read_until == began
        assert not WebhookEvent.objects.exists()

        self.double.heal()
        reconciling.read_events(get_provider("paypal"), lambda _what, _count: None)
        mark.refresh_from_db()
        assert mark.read_until > began
        assert WebhookEvent.objects.get().payment_key == payment.key

    @pytest.mark.parametrize("path", ["/checkout/orders", "/capture"])
    def test_another_currency_than_asked_for_is_held_for_staff(self, path: str) -> None:
        payment = start_payment(pending_order(), "paypal")
        if path == "/capture":
            self.double.approve(payment.reference)
        else:
            self.double.take(payment.reference)
        self.double.fail(Fault.WRONG_CURRENCY, path=path)

        sync_payment(payment)

        assert payment.mismatch == "currency: EUR instead of USD"
        payment.order.refresh_from_db()
        assert payment.order.is_held
        assert payment.order.paid_at is None

    def test_the_answer_about_another_order_is_none(self) -> None:
        payment, other = (start_payment(pending_order(), "paypal") for _each in range(2))
        self.double.take(other.reference)
        self.double.orders[payment.reference] = self.double.orders[other.reference]

        with pytest.raises(ProviderUnavailable):
            sync_payment(payment)

        payment.refresh_from_db()
        assert payment.is_pending

    @pytest.mark.parametrize(
        "reference", ["..\\1", "O1/../../v1/x", "O1?fields=x", "O1\n", "", "é", "x" * 61]
    )
    def test_what_cannot_be_an_id_stands_in_no_address(self, reference: str) -> None:
        payment = start_payment(pending_order(), "paypal")
        payment.reference = reference
        self.double.calls.clear()

        with pytest.raises(ProviderUnavailable):
            get_provider("paypal").fetch(payment)

        assert self.double.calls == []
