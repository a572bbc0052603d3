"""Refunds and disputes at PayPal: made once, found again, told in words that staff can act on."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from checkout.errors import PaymentRefused, ProviderUnavailable
from checkout.models import Order, Payment, Refund
from checkout.payments import start_payment, sync_payment
from checkout.providers import get_provider, paypal_words
from checkout.providers.base import DisputeState, PaymentState, RefundState
from checkout.refunds import execute_refund, request_refund
from tests.checkout.paypal_cases import NO_SENSE_IN_MONEY, named, short_time_outs
from tests.doubles.paypal import Fault, PayPalDouble
from tests.factories import make_product, pending_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(paypal: PayPalDouble) -> Payment:
    payment = start_payment(pending_order(make_product(1250)), "paypal")
    paypal.approve(payment.reference)
    return sync_payment(payment)


@pytest.fixture
def refund(paid: Payment) -> Refund:
    return request_refund(paid, 500, reason=Refund.Reason.REQUESTED, source=Refund.Source.STAFF)


def execute(refund: Refund) -> Refund:
    """Carry the refund out, now that it is due."""
    Refund.objects.filter(pk=refund.pk).update(next_attempt_at=timezone.now())
    execute_refund(refund)
    refund.refresh_from_db()
    return refund


def given_back(paypal: PayPalDouble) -> list[str]:
    return [each["amount"]["value"] for each in paypal.refunds.values()]


def test_a_refund_is_known_at_paypal_by_our_key(paypal: PayPalDouble, paid: Payment, refund: Refund) -> None:
    assert execute(refund).status == Refund.Status.SUCCEEDED

    (call,) = paypal.called("/refund")
    assert call.key == call.sent["invoice_id"] == refund.key
    assert call.sent["custom_id"] == paid.key
    assert call.sent["amount"] == {"currency_code": "USD", "value": "5.00"}
    (made,) = get_provider("paypal").fetch(paid).refunds
    assert (made.key, made.reference, made.amount, made.state) == (
        refund.key,
        refund.reference,
        500,
        RefundState.SUCCEEDED,
    )


@pytest.mark.parametrize("fault", NO_SENSE_IN_MONEY, ids=named)
def test_a_refund_without_an_answer_is_looked_for_and_made_once(
    paypal: PayPalDouble, refund: Refund, fault: Fault
) -> None:
    paypal.fail(fault, path="/refund", times=2)

    with short_time_outs():
        execute(refund)
    assert refund.status == Refund.Status.PENDING
    assert refund.error

    paypal.heal()
    paypal.forget_keys()
    assert execute(refund).status == Refund.Status.SUCCEEDED
    assert given_back(paypal) == ["5.00"]
    refund.payment.order.refresh_from_db()
    assert refund.payment.order.status == Order.Status.PARTIALLY_REFUNDED


def test_a_refund_older_than_paypals_memory_is_looked_for_first(paypal: PayPalDouble, refund: Refund) -> None:
    get_provider("paypal").refund(refund)
    paypal.forget_keys()
    refund.created_at = timezone.now() - timedelta(hours=6, minutes=1)

    get_provider("paypal").refund(refund)

    assert given_back(paypal) == ["5.00"]
    assert len(paypal.called("/refund")) == 1


@pytest.mark.parametrize(
    "issue", ["DUPLICATE_INVOICE_ID", "CAPTURE_FULLY_REFUNDED", "REFUND_AMOUNT_EXCEEDED"]
)
def test_a_refusal_because_it_is_made_already_is_a_refund_made(
    paypal: PayPalDouble, refund: Refund, issue: str
) -> None:
    made = get_provider("paypal").refund(refund)
    paypal.forget_keys()
    paypal.book.refund_issue = issue

    assert get_provider("paypal").refund(refund) == made


@pytest.mark.parametrize("issue", sorted(paypal_words.REFUND_REFUSALS))
def test_a_refusal_is_final_and_says_what_to_do(paypal: PayPalDouble, refund: Refund, issue: str) -> None:
    paypal.book.refund_issue = issue

    assert execute(refund).status == Refund.Status.FAILED

    assert refund.error == str(paypal_words.REFUND_REFUSALS[issue])
    assert given_back(paypal) == []
    refund.payment.order.refresh_from_db()
    assert refund.payment.order.status == Order.Status.PAID


def test_a_refusal_we_have_no_words_for_is_told_in_paypals(paypal: PayPalDouble, refund: Refund) -> None:
    paypal.book.refund_issue = "PAYEE_ACCOUNT_RESTRICTED"

    assert execute(refund).status == Refund.Status.FAILED
    assert "PAYEE_ACCOUNT_RESTRICTED" in refund.error
    assert "debug id double" in refund.error


def test_money_still_held_back_is_not_refunded(paypal: PayPalDouble, paid: Payment, refund: Refund) -> None:
    paypal.orders[paid.reference]["purchase_units"][0]["payments"]["captures"][0]["status"] = "PENDING"

    assert execute(refund).status == Refund.Status.FAILED
    assert "Refund it once it has arrived" in refund.error


def test_a_refund_of_a_payment_that_paypal_no_longer_shows_is_left_to_staff(
    paypal: PayPalDouble, refund: Refund
) -> None:
    paypal.fail(Fault.DROP_AFTER, path="/refund")
    execute(refund)
    paypal.orders.clear()

    assert execute(refund).status == Refund.Status.PENDING
    assert "Look there whether the refund was made" in refund.error
    assert len(paypal.called("/refund")) == 1


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ("COMPLETED", Refund.Status.SUCCEEDED),
        ("FAILED", Refund.Status.FAILED),
        ("CANCELLED", Refund.Status.FAILED),
    ],
)
def test_a_pending_refund_is_looked_up_until_it_is_settled(
    paypal: PayPalDouble, refund: Refund, ends: str, status: str
) -> None:
    paypal.refund_status = "PENDING"
    assert execute(refund).status == Refund.Status.PENDING
    assert refund.reference
    paypal.forget_keys()

    paypal.settle_refund(refund.reference, ends)

    assert execute(refund).status == status
    assert len(paypal.refunds) == 1


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "12.51", "0.001", "1e2", "NaN"])
def test_an_amount_that_is_none_is_no_answer(paypal: PayPalDouble, paid: Payment, amount: str) -> None:
    paypal.orders[paid.reference]["purchase_units"][0]["payments"]["captures"][0]["amount"]["value"] = amount
    paypal.complaints.clear()

    if amount in ("0.00", "12.51"):  # an amount, and not ours
        assert get_provider("paypal").fetch(paid).amount != paid.amount
    else:
        with pytest.raises(ProviderUnavailable):
            get_provider("paypal").fetch(paid)
    paypal.complaints.clear()  # the double says what PayPal would not


def test_refunds_made_at_paypal_are_listed_beside_ours(
    paypal: PayPalDouble, paid: Payment, refund: Refund
) -> None:
    execute(refund)
    paypal.refund_by_hand(paid.reference, "7.50")

    result = get_provider("paypal").fetch(paid)

    assert result.state == PaymentState.SUCCEEDED
    assert result.amount == 1250
    assert [(each.amount, each.key) for each in result.refunds] == [(500, refund.key), (750, "")]
    sync_payment(paid)
    paid.order.refresh_from_db()
    assert paid.order.status == Order.Status.REFUNDED


@pytest.mark.parametrize("amount", [1251, 1250 * 2])
def test_more_than_is_left_is_refused(paypal: PayPalDouble, refund: Refund, amount: int) -> None:
    refund.amount = amount

    with pytest.raises(PaymentRefused, match="more than is left"):
        get_provider("paypal").refund(refund)

    assert given_back(paypal) == []


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("RESOLVED_BUYER_FAVOUR", DisputeState.LOST),
        ("ACCEPTED", DisputeState.LOST),
        ("RESOLVED_SELLER_FAVOUR", DisputeState.WON),
        ("RESOLVED_WITH_PAYOUT", DisputeState.WON),
        ("CANCELED_BY_BUYER", DisputeState.WON),
        ("DENIED", DisputeState.WON),
        ("NONE", DisputeState.WON),
    ],
)
def test_a_dispute_is_open_and_then_ends(
    paypal: PayPalDouble, paid: Payment, outcome: str, state: DisputeState
) -> None:
    (event,) = paypal.dispute(paid.reference)
    reference = event["resource"]["dispute_id"]

    (opened,) = get_provider("paypal").fetch(paid).disputes
    paypal.resolve(reference, outcome)
    (ended,) = get_provider("paypal").fetch(paid).disputes

    assert (opened.state, opened.reference, opened.amount) == (DisputeState.OPEN, reference, 1250)
    assert (opened.reason, opened.is_warning) == ("merchandise or service not as described", False)
    assert ended.state == state


def test_a_dispute_lost_in_part_costs_that_part(paypal: PayPalDouble, paid: Payment) -> None:
    (event,) = paypal.dispute(paid.reference)
    dispute = event["resource"]["dispute_id"]
    paypal.resolve(dispute, "RESOLVED_BUYER_FAVOUR")
    returned = {"currency_code": "USD", "value": "4.00"}
    paypal.book.disputes[dispute]["dispute_outcome"]["amount_refunded"] = returned

    assert get_provider("paypal").fetch(paid).disputes[0].amount == 400


def test_an_inquiry_is_a_warning(paypal: PayPalDouble, paid: Payment) -> None:
    paypal.dispute(paid.reference, "INQUIRY")

    assert get_provider("paypal").fetch(paid).disputes[0].is_warning


def test_no_refund_while_the_buyer_has_a_case_open(
    paypal: PayPalDouble, paid: Payment, refund: Refund
) -> None:
    paypal.dispute(paid.reference)

    assert execute(refund).status == Refund.Status.FAILED
    assert "Resolution Centre" in refund.error
    assert given_back(paypal) == []


def test_an_account_that_may_not_see_disputes_still_sells(
    paypal: PayPalDouble, paid: Payment, caplog: pytest.LogCaptureFixture
) -> None:
    paypal.fail(Fault.FORBIDDEN, path="/customer/disputes", times=9)

    assert get_provider("paypal").fetch(paid).disputes == ()
    assert "Disputes can't be seen" in caplog.text


@pytest.mark.parametrize("change", [{"status": "ODD"}, {"dispute_outcome": {"outcome_code": "ODD"}}])
def test_an_unknown_end_of_a_dispute_is_not_guessed(
    paypal: PayPalDouble, paid: Payment, change: dict[str, Any]
) -> None:
    (event,) = paypal.dispute(paid.reference)
    dispute = event["resource"]["dispute_id"]
    paypal.resolve(dispute, "DENIED")
    paypal.book.disputes[dispute] |= change

    with pytest.raises(ProviderUnavailable, match="ODD"):
        get_provider("paypal").fetch(paid)
    paypal.complaints.clear()  # the double says what PayPal would not
