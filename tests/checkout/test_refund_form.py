"""Staff gives back all or a part of a payment, on the page of its order."""

from typing import Any

import pytest
from django.test import Client

from checkout.models import DemoCharge, Dispute, Order, Payment, Refund, RefundLine
from delivery.models import DownloadGrant
from tests.checkout.staff_pages import errors, page_of, refund, wish
from tests.factories import pending_order

pytestmark = pytest.mark.django_db


def test_a_part_goes_back_through_the_provider(staff: Client, order: Order, commits: Any) -> None:
    response = refund(staff, order, commits, amount="۵٫۵", note="Torn page")

    made = Refund.objects.get()
    assert (made.amount, made.status, made.source, made.note) == (550, "succeeded", "staff", "Torn page")
    assert str(made.requested_by) == "staff@example.com"
    assert DemoCharge.objects.get().refunded == 550
    assert "The refund is on its way." in response.text
    assert "Torn page" in response.text
    assert "$14.50" in response.text
    assert DownloadGrant.objects.usable().count() == 2


def test_lines_get_their_parts_and_lose_their_files(staff: Client, order: Order, commits: Any) -> None:
    dear, cheap = order.lines.all()

    refund(staff, order, commits, amount="", revokes_access="on", **{f"line_{cheap.pk}": "8.00"})

    assert Refund.objects.get().amount == 800
    assert [(part.line, part.amount) for part in RefundLine.objects.all()] == [(cheap, 800)]
    assert DownloadGrant.objects.usable().get().line == dear


def test_money_given_back_by_other_means_is_noted_at_once(staff: Client, order: Order, commits: Any) -> None:
    refund(staff, order, commits, amount="20.00", source="manual")

    order.refresh_from_db()
    assert (Refund.objects.get().source, Refund.objects.get().status) == ("manual", "succeeded")
    assert order.status == Order.Status.REFUNDED
    assert DemoCharge.objects.get().refunded == 0


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("20.01", "more than is left"),
        ("0", "above zero"),
        ("-5", "Write an amount such as"),
        ("5.123", "at most 2 decimals"),
        ("all", "Write an amount such as"),
        ("9" * 30, "Write an amount such as"),
        ("", "Write how much"),
    ],
)
def test_amounts_that_can_not_be(staff: Client, order: Order, commits: Any, typed: str, words: str) -> None:
    response = refund(staff, order, commits, amount=typed, note="Kept <b>")

    assert response.status_code == 200
    assert words in " ".join(errors(response))
    assert "Nothing was done." in response.text
    assert f'value="{typed}"' in response.text or not typed
    assert "Kept &lt;b&gt;" in response.text
    assert not Refund.objects.exists()


def test_lines_that_sum_to_something_else(staff: Client, order: Order, commits: Any) -> None:
    dear, cheap = order.lines.all()

    response = refund(staff, order, commits, amount="9", **{f"line_{dear.pk}": "5", f"line_{cheap.pk}": "2"})
    more = refund(staff, order, commits, amount="", **{f"line_{cheap.pk}": "8.01"})

    assert "The lines sum to 7.00." in errors(response)[0]
    assert "more than is left of" in errors(more)[0]
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": "duplicate"},
        {"reason": "?"},
        {"source": "shop"},
        {"source": ""},
        {"left": "x"},
        {"left": ""},
    ],
)
def test_wishes_that_no_form_sends(staff: Client, order: Order, commits: Any, fields: dict[str, str]) -> None:
    assert refund(staff, order, commits, **fields).status_code == 200
    assert not Refund.objects.exists()


@pytest.mark.parametrize("payment", ["", "0", "x", "9" * 30])
def test_a_payment_of_another_order(staff: Client, order: Order, payment: str) -> None:
    response = staff.post(page_of(order, "refunds"), wish(order) | {"payment": payment}, follow=True)

    assert "This order has no such payment." in response.text
    assert not Refund.objects.exists()


def test_a_form_that_is_sent_twice_gives_back_once(staff: Client, order: Order, commits: Any) -> None:
    sent = wish(order, amount="5")

    with commits():
        staff.post(page_of(order, "refunds"), sent)
        again = staff.post(page_of(order, "refunds"), sent)

    assert "was given back since this page was opened" in errors(again)[0]
    assert Refund.objects.get().amount == 500


def test_no_refund_while_the_bank_asks_for_the_money(staff: Client, order: Order, commits: Any) -> None:
    Dispute.objects.create(payment=order.payments.get(), reference="dp_1", amount=2000)

    assert "Refund," not in staff.get(page_of(order)).text
    response = refund(staff, order, commits, amount="5")

    assert "asking for this money already" in errors(response)[0]
    assert 'value="5"' in response.text
    assert not Refund.objects.exists()


def test_an_unpaid_order_offers_no_refund(staff: Client, commits: Any) -> None:
    order = pending_order()
    payment = Payment.objects.create(order=order, provider="demo", amount=1200, currency="USD")

    assert "Refund," not in staff.get(page_of(order)).text
    response = refund(staff, order, commits, amount="5")

    assert "more than is left" in errors(response)[0]
    assert payment.refunds.count() == 0
