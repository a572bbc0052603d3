"""PayPal's own page: it stays open after a declined card, dies after hours, and pays one account."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from checkout.models import Order, Payment
from checkout.payments import start_payment, sync_payment
from tests.doubles.paypal import PayPalDouble
from tests.doubles.paypal_book import MERCHANT
from tests.doubles.stripe import StripeDouble
from tests.factories import make_product, pending_order

pytestmark = pytest.mark.django_db


def approved(paypal: PayPalDouble, plan: str = "approve") -> Payment:
    payment = start_payment(pending_order(make_product(1250)), "paypal")
    paypal.approve(payment.reference, plan)
    return payment


def capture_keys(paypal: PayPalDouble) -> set[str]:
    return {call.key for call in paypal.called("/capture")}


def test_after_a_declined_card_the_buyer_is_told_and_may_choose_another(paypal: PayPalDouble) -> None:
    payment, client = approved(paypal, "decline"), Client()
    address = f"/orders/{payment.order.token}/"

    page = client.get(address).content.decode()

    assert "The payment did not go through" in page
    assert 'value="paypal"' in page
    again = client.post(f"{address}payments/", {"provider": "paypal"})
    assert again["Location"] == payment.redirect_url
    assert "We are confirming" in client.get(address).content.decode()  # the last look was just now
    paypal.approve(payment.reference)
    Payment.objects.update(checked_at=None)
    assert "Thank you" in client.get(address).content.decode()
    assert len(capture_keys(paypal)) == 2


def test_who_comes_back_from_there_with_no_other_card_is_told_again(paypal: PayPalDouble) -> None:
    payment, client = approved(paypal, "decline"), Client()
    sync_payment(payment)
    start_payment(payment.order, "paypal")

    page = client.get(f"/orders/{payment.order.token}/").content.decode()

    assert "The payment did not go through" in page
    assert len(capture_keys(paypal)) == 1


def test_a_declined_card_is_not_tried_again_by_looking(paypal: PayPalDouble) -> None:
    payment = approved(paypal, "decline")

    for _each in range(3):
        sync_payment(payment)

    assert len(paypal.called("/capture")) == 1
    assert payment.is_pending
    assert Order.objects.get().is_pending


def test_after_a_declined_card_another_provider_may_be_chosen(
    paypal: PayPalDouble, stripe: StripeDouble
) -> None:
    payment = approved(paypal, "decline")
    sync_payment(payment)

    other = start_payment(payment.order, "stripe")
    stripe.pay(other.reference)
    sync_payment(other)
    paypal.approve(payment.reference)  # the first page is still open in a tab
    sync_payment(payment)

    assert Order.objects.get().status == "paid"
    assert len(capture_keys(paypal)) == 1
    Payment.objects.filter(pk=payment.pk).update(expires_at=timezone.now())
    payment.refresh_from_db()
    assert sync_payment(payment).status == Payment.Status.CANCELED


def test_the_page_is_not_offered_for_longer_than_paypal_keeps_it(paypal: PayPalDouble) -> None:
    payment = start_payment(pending_order(), "paypal")
    life = payment.expires_at - timezone.now()
    assert timedelta(hours=2, minutes=59) < life <= timedelta(hours=3, minutes=1)

    paypal.orders[payment.reference]["create_time"] = "2026-01-01T00:00:00Z"
    Payment.objects.update(expires_at=timezone.now())
    again = start_payment(payment.order, "paypal")

    payment.refresh_from_db()
    assert (payment.status, again.status) == (Payment.Status.CANCELED, Payment.Status.PENDING)
    assert again.redirect_url != payment.redirect_url


@pytest.mark.parametrize(("merchant", "is_ours"), [("", True), (MERCHANT, True), ("OTHER", False)])
def test_money_on_another_account_is_held(
    paypal: PayPalDouble, settings: Any, merchant: str, is_ours: bool
) -> None:
    settings.PAYPAL_MERCHANT_ID = merchant
    payment = approved(paypal)

    sync_payment(payment)

    order = Order.objects.get()
    assert (order.status, order.is_held) == (("paid", False) if is_ours else ("pending", True))
    assert payment.mismatch == ("" if is_ours else f"payee: {MERCHANT} instead of OTHER")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"custom_id": "payment-other"}, "reference: payment-other instead of"),
        ({"amount": {"currency_code": "USD", "value": "0.01"}}, "amount: 1 instead of 1250"),
        ({"amount": {"currency_code": "EUR", "value": "12.50"}}, "currency: EUR instead of USD"),
    ],
)
def test_money_that_differs_is_held(paypal: PayPalDouble, change: dict[str, Any], said: str) -> None:
    payment = approved(paypal)
    paypal.orders[payment.reference]["purchase_units"][0].update(change)

    sync_payment(payment)

    order = Order.objects.get()
    assert (order.status, order.is_held) == ("pending", True)
    assert payment.mismatch.startswith(said)
