"""What invoices add to pages and reactions, counted."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from invoicing.correcting import BuyerDetails, correct_invoice
from invoicing.issuing import keep_books_of
from invoicing.models import Document
from tests.checkout.test_queries import at_most
from tests.factories import paid_order
from tests.invoicing.sales import pay, sold, taxed

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("lines", [1, 6])
def test_an_invoice(lines: int) -> None:
    sold([(1000, 1500)])  # the year's first document makes the series
    order = pay(taxed([(1000, 1500)] * lines))

    with at_most(13):
        keep_books_of(order.pk)
    assert Document.objects.count() == 2


def test_an_invoice_that_is_there(django_assert_max_num_queries: object) -> None:
    order = sold([(1000, 1500)])

    with at_most(6):
        keep_books_of(order.pk)


def test_the_order_page_asks_once_for_any_number_of_documents() -> None:
    order, client, counts = paid_order(), Client(), []
    keep_books_of(order.pk)
    for name in ("Mona", "Mina"):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/orders/{order.token}/").status_code == 200
        counts.append(sum("invoicing_document" in each["sql"] for each in asked))
        correct_invoice(order, BuyerDetails(name, "", ""))

    assert counts == [1, 1]
