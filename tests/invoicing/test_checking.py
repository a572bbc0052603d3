from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from checkout.models import Order, Refund
from checkout.refunds import request_refund
from invoicing.checking import faults
from invoicing.correcting import BuyerDetails, correct_invoice
from invoicing.issuing import keep_books_of
from invoicing.models import Chain, Document, Series
from tests.emptying import triggers_off
from tests.factories import handle_events_of, paid_order
from tests.invoicing.sales import sold

pytestmark = pytest.mark.django_db
ASKED: Any = {"reason": Refund.Reason.REQUESTED, "source": Refund.Source.MANUAL}


@pytest.fixture
def books() -> Document:
    """Two orders with invoices, of which one has a refund and a correction; the first document."""
    order = sold([(1000, 1500)])
    request_refund(order.payments.get(), 400, **ASKED)
    keep_books_of(order.pk)
    correct_invoice(order, BuyerDetails("Mona", "", ""))
    handle_events_of(order)
    sold([(500, 700)])
    return Document.objects.earliest("counter")


def found() -> list[str]:
    return list(faults(lambda _what, _count: None))


def forge(*statements: str) -> None:
    connection.check_constraints()  # PostgreSQL changes no table before
    with triggers_off(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        connection.check_constraints()


def test_books_in_order_pass(books: Document, capsys: Any) -> None:
    call_command("check_invoices")

    assert capsys.readouterr().out.strip() == "All documents are in order."


def test_what_is_sold_meanwhile_is_no_fault(books: Document) -> None:
    orders: list[Order] = []

    def sell_once(_what: str, _done: int) -> None:
        if not orders:
            orders.append(sold([(900, 0)]))

    assert list(faults(sell_once)) == []
    assert orders[0].documents.get().counter == Chain.objects.get().counter


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("SET net = net - 1, tax = tax + 1", "it says something else than its row"),
        ("SET counter = 99", "its counter is 2 and not 1"),
        ("SET position = 7", "its place in the series is 7 and not 1"),
        ("SET currency = 'EUR'", "it says something else than its row"),
        ("SET sha256 = 'forged'", "its hash is not that of what it says"),
    ],
)
def test_what_was_forged_is_found(books: Document, statement: str, said: str) -> None:
    forge(f"UPDATE invoicing_document {statement} WHERE id = {books.pk}")

    assert any(said in fault for fault in found()), found()
    with pytest.raises(CommandError, match="Faults: "):
        call_command("check_invoices")


def test_a_document_that_was_removed_is_found(books: Document) -> None:
    last = Document.objects.latest("counter")
    forge(
        f"DELETE FROM invoicing_documentpdf WHERE document_id = {last.pk}",
        f"DELETE FROM invoicing_document WHERE id = {last.pk}",
    )

    assert any("The chain ends at 5, and the last document is 4." in fault for fault in found())


def test_a_guard_that_was_taken_away_is_found(books: Document) -> None:
    connection.check_constraints()
    with triggers_off():
        said = found()

    assert len(said) == (2 if connection.vendor == "postgresql" else 3)


@pytest.mark.parametrize(
    ("skip", "said"),
    [
        (lambda: Series.objects.filter(kind="invoice").update(last_number=9), "is at 9, and its last"),
        (lambda: Chain.objects.update(counter=9), "The chain ends at 9"),
    ],
)
def test_a_number_that_was_skipped_is_found(books: Document, skip: Callable[[], object], said: str) -> None:
    skip()

    assert any(said in fault for fault in found())


def test_an_order_without_invoice_or_credit_note_is_found(books: Document) -> None:
    order = paid_order()
    order.events.filter(handled_at=None).update(handled_at=order.paid_at)
    refunded = sold([(800, 0)])
    refunded.events.filter(handled_at=None).update(handled_at=refunded.paid_at)
    request_refund(refunded.payments.get(), 300, **ASKED)
    refunded.events.filter(handled_at=None).update(handled_at=refunded.paid_at)

    assert found() == [
        f"Order {refunded}: its documents sum to 800, and it brought 500.",
        f"Order {order}: it is paid and has no invoice.",
    ]
