"""Real processes issue documents at the same moment, and die on the way: numbers have no gap for it."""

from functools import partial
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from checkout.models import Refund
from checkout.refunds import request_refund
from invoicing import exporting, printing
from invoicing.checking import faults
from invoicing.correcting import BuyerDetails, correct_invoice
from invoicing.exporting import make_export
from invoicing.issuing import keep_books_of
from invoicing.models import Document, DocumentPdf, Export, Series
from invoicing.printing import print_document
from tests.checkout.children import at_once, dies_in_statement
from tests.factories import make_product, make_user, paid_order

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 20
ASKED: Any = {"reason": Refund.Reason.REQUESTED, "source": Refund.Source.MANUAL}
MONA = BuyerDetails("Mona", "", "")


@pytest.fixture(autouse=True)
def _documents_wait_for_the_race(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.ORDER_REACTIONS, "order.paid", [])
    monkeypatch.setitem(settings.ORDER_REACTIONS, "order.refunded", [])
    monkeypatch.setattr(printing, "print_document", lambda pdf: None)


def assert_in_order(count: int) -> None:
    assert list(faults(lambda _what, _count: None)) == []
    assert list(Document.objects.order_by("counter").values_list("counter", flat=True)) == list(
        range(1, count + 1)
    )


def test_numbers_have_no_gap_whoever_issues_and_dies() -> None:
    product, died = make_product(1200), 0

    for number in range(1, ROUNDS + 1):
        one, other = (partial(keep_books_of, paid_order(product).pk) for _each in range(2))
        died += dies_in_statement(number, one)
        at_once(one, other, one)

    assert died > 10
    assert_in_order(2 * ROUNDS)


def test_invoice_refund_and_correction_meet() -> None:
    product = make_product(1200)
    orders = [paid_order(product) for _each in range(3)]
    for order in orders:
        request_refund(order.payments.get(), 500, **ASKED)

    at_once(
        *(partial(keep_books_of, order.pk) for order in orders),
        *(partial(keep_books_of, order.pk) for order in orders),
        *(partial(correct_invoice, order, MONA) for order in orders),
        *(partial(correct_invoice, order, MONA) for order in orders),
    )

    for order in orders:
        told = sorted(order.documents.values_list("reason", "kind"))
        corrected = [("correction", "credit_note"), ("correction", "invoice")]
        first = [("refund", "credit_note"), ("sale", "invoice")]
        assert told in (first, corrected + first)  # the correction may have been the first of all
        assert order.documents.filter(kind="invoice").latest("pk").snapshot["buyer"]["name"] == "Mona"
    assert_in_order(Document.objects.count())


def write_meanwhile() -> None:
    def write() -> None:
        Series.objects.update(year=2026)
        connection.close()

    other = Thread(target=write)
    other.start()
    other.join()


def test_an_export_goes_on_whatever_others_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """On SQLite, whoever still reads rows may not write once somebody else has written."""

    def print_and_be_overtaken(pdf: DocumentPdf) -> None:
        write_meanwhile()
        print_document(pdf)

    def report_and_be_overtaken(export: Export, done: int) -> None:
        write_meanwhile()
        report(export, done)

    report = Export.report
    monkeypatch.setattr(exporting, "CHUNK", 1)
    monkeypatch.setattr(exporting, "print_document", print_and_be_overtaken)
    monkeypatch.setattr(Export, "report", report_and_be_overtaken)
    monkeypatch.setattr(printing, "pdf_of", lambda document: b"%PDF-")
    for _each in range(4):
        keep_books_of(paid_order(make_product(1200)).pk)
    today = timezone.localdate()
    export = Export.objects.create(first_day=today, last_day=today, total=4, requested_by=make_user())

    make_export(export)

    export.refresh_from_db()
    assert (export.error, export.done, bool(export.file)) == ("", 4, True)
