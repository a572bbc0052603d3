from typing import Any

import pytest

from checkout.models import Order, Refund
from checkout.placing import place_order
from checkout.refunds import request_refund
from invoicing.correcting import MOST_CORRECTIONS, BuyerDetails, correct_invoice, may_correct
from invoicing.errors import NothingToInvoice, TooManyCorrections
from invoicing.issuing import keep_books_of
from invoicing.models import Document
from tests.factories import make_buyer, make_cart, make_product, paid_order, pending_order
from tests.invoicing.sales import sold

pytestmark = pytest.mark.django_db
ASKED: Any = {"reason": Refund.Reason.REQUESTED, "source": Refund.Source.MANUAL}
STUDIO = BuyerDetails("Mona Studio", "1 High Street\nAmman", "JO123456")


def told(order: Order) -> list[tuple[str, str, int, int]]:
    documents = order.documents.order_by("counter")
    return [(each.kind, each.reason, each.total, each.tax) for each in documents]


def give_back(order: Order, amount: int) -> None:
    request_refund(order.payments.get(), amount, **ASKED)
    keep_books_of(order.pk)


def test_another_invoice_takes_the_place_of_the_former() -> None:
    order = sold([(1000, 1500), (0, 1500)])
    first = Document.objects.get()
    frozen = first.sha256

    issued = correct_invoice(order, STUDIO)

    assert told(order) == [
        ("invoice", "sale", 1150, 150),
        ("credit_note", "correction", 1150, 150),
        ("invoice", "correction", 1150, 150),
    ]
    assert issued.snapshot["buyer"] == {
        "name": "Mona Studio",
        "address": "1 High Street\nAmman",
        "vat_id": "JO123456",
        "country": "JO",
        "email": order.email,
    }
    note = order.documents.get(kind="credit_note")
    assert note.snapshot["buyer"]["name"] == ""
    assert [issued.corrects, note.corrects] == [first, first]
    assert [line["is_part"] for line in issued.snapshot["lines"]] == [False, False]
    assert Document.objects.get(pk=first.pk).sha256 == frozen


def test_the_same_details_again_change_nothing() -> None:
    order = sold([(1000, 1500)])

    assert correct_invoice(order, STUDIO) == correct_invoice(order, STUDIO)
    assert order.documents.count() == 3


def test_after_a_refund_it_is_about_what_is_left() -> None:
    order = sold([(1000, 1500), (500, 0)])
    give_back(order, 650)
    correct_invoice(order, STUDIO)
    give_back(order, 1000)

    assert told(order) == [
        ("invoice", "sale", 1650, 150),
        ("credit_note", "refund", 650, 59),
        ("credit_note", "correction", 1000, 91),
        ("invoice", "correction", 1000, 91),
        ("credit_note", "refund", 1000, 91),
    ]
    last = order.documents.latest("counter")
    assert last.snapshot["buyer"]["name"] == "Mona Studio"
    assert last.corrects == order.documents.get(reason="correction", kind="invoice")


def test_an_order_whose_money_went_back_has_nothing_to_invoice() -> None:
    order = sold([(1000, 1500)])
    give_back(order, 1150)

    assert not may_correct(order, list(order.documents.all()))
    with pytest.raises(NothingToInvoice):
        correct_invoice(order, STUDIO)
    assert order.documents.count() == 2


def test_an_order_that_is_not_paid_has_no_invoice() -> None:
    order = pending_order()

    with pytest.raises(NothingToInvoice):
        correct_invoice(order, STUDIO)
    assert not Document.objects.exists()


def test_an_order_that_is_held_waits_for_staff_also_with_its_invoice() -> None:
    order = paid_order()
    order.hold("A look first.")

    with pytest.raises(NothingToInvoice):
        correct_invoice(order, STUDIO)
    assert not Document.objects.exists()
    assert not may_correct(order, [])


def test_the_first_invoice_of_an_older_order_has_its_credit_notes_with_it() -> None:
    """Of a sale from before there were invoices, no event is to come."""
    order = paid_order()
    request_refund(order.payments.get(), 500, **ASKED)
    order.events.update(handled_at=order.paid_at)

    issued = correct_invoice(order, STUDIO)

    assert issued.reason == "sale"
    assert told(order) == [("invoice", "sale", 1200, 0), ("credit_note", "refund", 500, 0)]


def test_what_cost_nothing_has_an_invoice_when_its_buyer_asks() -> None:
    order = place_order(make_cart(make_product(0)), make_buyer())
    assert may_correct(order, [])

    issued = correct_invoice(order, STUDIO)
    again = correct_invoice(order, BuyerDetails("Another", "", ""))

    assert (issued.reason, issued.total, len(issued.snapshot["lines"])) == ("sale", 0, 1)
    assert (again.reason, len(again.snapshot["lines"])) == ("correction", 1)


def test_a_buyer_who_is_quicker_than_the_worker_has_the_first_invoice() -> None:
    order = paid_order()

    correct_invoice(order, STUDIO)
    keep_books_of(order.pk)

    assert told(order) == [("invoice", "sale", 1200, 0)]
    assert Document.objects.get().snapshot["buyer"]["name"] == "Mona Studio"


def test_an_invoice_is_corrected_only_so_often() -> None:
    order = sold([(1000, 0)])
    for number in range(MOST_CORRECTIONS):
        correct_invoice(order, BuyerDetails(f"Mona {number}", "", ""))

    with pytest.raises(TooManyCorrections):
        correct_invoice(order, STUDIO)
    assert order.documents.count() == 1 + 2 * MOST_CORRECTIONS
    assert not may_correct(order, list(order.documents.all()))
