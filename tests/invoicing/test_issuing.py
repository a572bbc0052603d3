from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from checkout.models import Dispute, Order, Refund
from checkout.placing import place_order
from checkout.providers.base import RefundResult, RefundState
from checkout.refunds import request_refund, settle_refund
from invoicing.chain import FIRST, seal
from invoicing.errors import DocumentsOnlyGrow
from invoicing.issuing import keep_books_of
from invoicing.models import Chain, Document, DocumentPdf, Series
from tests.factories import handle_events_of, make_buyer, make_cart, make_product, make_shop, paid_order
from tests.invoicing.sales import sold

pytestmark = pytest.mark.django_db
ASKED: Any = {"reason": Refund.Reason.REQUESTED, "source": Refund.Source.MANUAL}


def told(order: Order) -> list[tuple[str, str, int, int]]:
    """Kind, reason, total and tax of each document of the order."""
    documents = order.documents.order_by("counter")
    return [(each.kind, each.reason, each.total, each.tax) for each in documents]


def refund(order: Order, amount: int, **fields: Any) -> Refund:
    made = request_refund(order.payments.get(), amount, **ASKED, **fields)
    handle_events_of(order)
    return made


def test_a_paid_order_has_one_invoice_however_often_it_is_told() -> None:
    order = sold([(1200, 1500)])
    for _each in range(3):
        keep_books_of(order.pk)

    invoice = Document.objects.get()
    assert (invoice.number, invoice.counter) == (f"INV-{timezone.now():%Y}-00001", 1)
    assert (invoice.net, invoice.tax, invoice.total) == (1200, 180, 1380)
    assert (invoice.previous_sha256, invoice.sha256) == (FIRST, seal(invoice.snapshot, FIRST))
    assert DocumentPdf.objects.get().document == invoice
    assert (Chain.objects.get().sha256, Series.objects.get().last_number) == (invoice.sha256, 1)


def test_an_invoice_says_what_the_lines_say() -> None:
    make_shop(legal_name="Rumman Books LLC", vat_id="DE136695976", invoice_prefix="RB-")
    order = sold([(1200, 1900), (500, 0)])
    snapshot = Document.objects.get().snapshot

    line, free_of_tax = snapshot["lines"]
    assert (line["quantity"], line["unit_amount"], line["net"], line["tax"], line["amount"]) == (
        1,
        1200,
        1200,
        228,
        1428,
    )
    assert (free_of_tax["net"], free_of_tax["tax"], free_of_tax["tax_rate_bps"]) == (500, 0, 0)
    assert snapshot["totals"] == {
        "list": 1700,
        "discount": 0,
        "not_charged": 0,
        "net": 1700,
        "tax": 228,
        "total": 1928,
        "taxes": [
            {"label": "VAT", "rate_bps": 1900, "net": 1200, "tax": 228},
            {"label": "", "rate_bps": 0, "net": 500, "tax": 0},
        ],
    }
    assert snapshot["seller"]["legal_name"] == "Rumman Books LLC"
    assert snapshot["number"].startswith("RB-")
    assert snapshot["buyer"] == {
        "name": "",
        "address": "",
        "country": "JO",
        "vat_id": "",
        "email": order.email,
    }
    assert snapshot["payment"] == {"provider": "demo", "amount": 1928}


def test_what_costs_nothing_or_is_not_paid_has_no_invoice() -> None:
    handle_events_of(paid_order_of_nothing())

    assert not Document.objects.exists()


def paid_order_of_nothing() -> Order:
    return place_order(make_cart(make_product(0)), make_buyer())


def test_each_refund_has_a_credit_note_and_they_sum_to_the_invoice() -> None:
    order = sold([(1001, 1500), (333, 700)])
    for amount in (400, 333, 1, order.total - 734):
        refund(order, amount)
        keep_books_of(order.pk)

    assert told(order)[0][2] == order.total == 1507
    notes = told(order)[1:]
    assert [(kind, reason, total) for kind, reason, total, _tax in notes] == [
        ("credit_note", "refund", 400),
        ("credit_note", "refund", 333),
        ("credit_note", "refund", 1),
        ("credit_note", "refund", 773),
    ]
    assert sum(tax for *_others, tax in notes) == told(order)[0][3] == 173
    assert {note.corrects for note in order.documents.filter(kind="credit_note")} == {
        order.documents.get(kind="invoice")
    }


def test_a_refund_of_lines_credits_these() -> None:
    order = sold([(1000, 1500), (500, 0)])
    first, second = order.lines.all()

    refund(order, 500, lines={second: 500})

    note = order.documents.get(kind="credit_note")
    (line,) = note.snapshot["lines"]
    assert (line["line"], line["is_part"], line["quantity"], line["amount"]) == (second.pk, False, 1, 500)
    assert note.snapshot["refers_to"]["number"] == order.documents.get(kind="invoice").number


def test_a_refund_that_fails_after_all_is_set_right_by_another_invoice() -> None:
    order = sold([(1000, 1500)])
    returned = refund(order, 500)

    settle_refund(returned, RefundResult(RefundState.FAILED, "r", 500, error="closed account"))
    handle_events_of(order)
    keep_books_of(order.pk)

    assert told(order) == [
        ("invoice", "sale", 1150, 150),
        ("credit_note", "refund", 500, 65),
        ("invoice", "refund_failed", 500, 65),
    ]
    assert order.documents.get(reason="refund_failed").corrects == order.documents.get(reason="refund")


def test_a_lost_dispute_counts_like_a_refund_until_it_is_won() -> None:
    order = sold([(1000, 0)])
    refund(order, 300)
    dispute = Dispute.objects.create(payment=order.payments.get(), reference="dp_1", amount=1000)
    keep_books_of(order.pk)
    dispute.close(Dispute.Status.LOST, 1000)
    keep_books_of(order.pk)

    assert told(order)[1:] == [("credit_note", "refund", 300, 0), ("credit_note", "dispute", 700, 0)]
    dispute.close(Dispute.Status.WON, 1000)
    keep_books_of(order.pk)

    assert told(order)[3:] == [("invoice", "dispute_won", 700, 0)]


def test_a_refund_beside_a_lost_dispute_is_credited_when_the_dispute_is_won() -> None:
    """Both together are more than was paid, so at first nothing is left for the refund's note."""
    order = sold([(1000, 0)])
    dispute = Dispute.objects.create(payment=order.payments.get(), reference="dp_1", amount=1000)
    dispute.close(Dispute.Status.LOST, 1000)
    keep_books_of(order.pk)
    Refund.objects.create(payment=order.payments.get(), amount=300, status="succeeded", source="provider")
    keep_books_of(order.pk)
    assert told(order)[1:] == [("credit_note", "dispute", 1000, 0)]

    dispute.close(Dispute.Status.WON, 1000)
    keep_books_of(order.pk)

    assert told(order)[2:] == [("invoice", "dispute_won", 1000, 0), ("credit_note", "refund", 300, 0)]
    keep_books_of(order.pk)
    assert order.documents.count() == 4


def test_money_that_went_back_before_the_invoice_was_written_is_credited_with_it() -> None:
    order = paid_order(make_product(1000))
    order.hold("A look first.")
    request_refund(order.payments.get(), 1000, **ASKED)
    handle_events_of(order)

    assert [(kind, total) for kind, _reason, total, _tax in told(order)] == [
        ("invoice", 1000),
        ("credit_note", 1000),
    ]


def test_money_that_was_paid_twice_is_no_part_of_the_sale(commits: Any) -> None:
    order = sold([(1000, 0)])
    payment = order.payments.get()
    payment.pk, payment.key, payment.reference, payment.is_duplicate = None, "other", "other", True
    payment.save(force_insert=True)
    with commits():
        request_refund(payment, 1000, **ASKED)

    assert told(order) == [("invoice", "sale", 1000, 0)]


def test_a_number_that_was_taken_by_a_failed_try_is_given_to_the_next() -> None:
    first, second = paid_order(), paid_order()

    with transaction.atomic():
        keep_books_of(first.pk)
        transaction.set_rollback(True)
    keep_books_of(second.pk)
    keep_books_of(first.pk)

    assert list(Document.objects.order_by("counter").values_list("order", "position")) == [
        (second.pk, 1),
        (first.pk, 2),
    ]


def test_a_document_is_neither_changed_nor_deleted() -> None:
    order = sold([(1000, 0)])
    invoice = order.documents.get()
    invoice.total = 1
    orm: list[Callable[[], Any]] = [
        invoice.save,
        invoice.delete,
        Document.objects.all().delete,
        partial(Document.objects.update, total=1),
        partial(Document.objects.bulk_update, [invoice], ["total"]),
        order.documents.all().delete,
    ]
    for deed in orm:
        with pytest.raises(DocumentsOnlyGrow):
            deed()
    own = {
        "postgresql": "TRUNCATE invoicing_document CASCADE",
        "sqlite": "REPLACE INTO invoicing_document SELECT * FROM invoicing_document",
    }
    connection.check_constraints()  # which PostgreSQL puts off, and would not empty a table before
    for statement in (
        "UPDATE invoicing_document SET total = 1",
        "DELETE FROM invoicing_document",
        own[connection.vendor],
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    assert Document.objects.get().total == 1000
