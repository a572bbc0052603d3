import re
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from checkout.models import Order
from checkout.placing import place_order
from invoicing.models import Document, DocumentPdf
from invoicing.printing import print_document
from tests.factories import (
    handle_events_of,
    make_buyer,
    make_cart,
    make_product,
    make_shop,
    make_user,
    paid_order,
)
from tests.invoicing.sales import SAUDI, sold

pytestmark = pytest.mark.django_db
STUDIO = {"name": "Mona Studio", "address": "1 High Street\r\n\r\nAmman", "vat_id": "jo 123-٤٥٦"}


@pytest.fixture
def order() -> Order:
    return sold([(1000, 1500)])


def page_of(order: Order, part: str = "") -> str:
    return f"/orders/{order.token}/{part}"


def document_of(order: Order, part: str = "") -> str:
    return page_of(order, f"invoices/{order.documents.latest('counter').number}/{part}")


def test_the_order_page_leads_to_the_invoice_and_its_pdf(client: Client, order: Order) -> None:
    page = client.get(page_of(order)).text
    assert document_of(order) in page
    assert document_of(order, "pdf/") not in page
    assert "The PDF is being made" in page

    print_document(DocumentPdf.objects.get())

    assert document_of(order, "pdf/") in client.get(page_of(order)).text


def test_the_library_leads_to_the_invoice(client: Client) -> None:
    user = make_user()
    order = paid_order(user=user)
    client.force_login(user)

    assert f'href="{page_of(order)}#invoice"' in client.get("/library/").text


@pytest.mark.parametrize(("language", "name"), [("en", "Invoice"), ("ar", "فاتورة"), ("fa", "فاکتور")])
def test_the_pdf_is_private_and_has_a_name_in_its_language(client: Client, language: str, name: str) -> None:
    order = sold([(1000, 0)], language=language)
    print_document(DocumentPdf.objects.get())

    answer = client.get(document_of(order, "pdf/"))

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert (answer["X-Robots-Tag"], answer["Referrer-Policy"]) == ("noindex", "same-origin")
    said = answer["Content-Disposition"]
    assert said.startswith("attachment; filename")
    assert unquote(said).endswith(f"{name}-{Document.objects.get().number}.pdf" + '"' * (language == "en"))
    assert answer.getvalue().startswith(b"%PDF-1.7")


@pytest.mark.parametrize("language", ["en", "ar", "fa"])
def test_the_document_is_a_page_in_its_own_language(client: Client, language: str) -> None:
    make_shop(**SAUDI)
    order = sold([(1000, 1500)], language=language)

    answer = client.get(document_of(order))

    direction = "ltr" if language == "en" else "rtl"
    assert f'<html lang="{language}" dir="{direction}">' in answer.text
    assert answer["Content-Language"] == language
    assert 'class="qr"' in answer.text
    assert not re.search(r"\sstyle=|<style|<script(?![^>]*src=)", answer.text)


def test_the_page_waits_for_the_pdf_and_says_when_it_cannot_be_made(client: Client, order: Order) -> None:
    waiting = client.get(document_of(order, "pdf/"), follow=True)
    assert waiting.redirect_chain == [(document_of(order), 302)]
    assert "js/again.js" in waiting.text
    assert "This page looks again by itself." in waiting.text

    DocumentPdf.objects.get().mark_failed("Pango is missing.")
    failed = client.get(document_of(order)).text
    assert "You can print this page." in failed
    assert "js/again.js" not in failed

    print_document(DocumentPdf.objects.get())
    DocumentPdf.objects.update(next_attempt_at="2020-01-01T00:00Z")
    print_document(DocumentPdf.objects.get())
    assert document_of(order, "pdf/") in client.get(document_of(order)).text


def test_a_pdf_whose_file_is_lost_is_made_again(client: Client, order: Order, commits: Any) -> None:
    print_document(DocumentPdf.objects.get())
    pdf = DocumentPdf.objects.get()
    pdf.file.storage.delete(pdf.file.name)

    with commits():
        assert client.get(document_of(order, "pdf/")).status_code == 302

    assert client.get(document_of(order, "pdf/")).status_code == 200


def test_a_document_opens_by_its_own_order_alone(client: Client, order: Order) -> None:
    other = sold([(500, 0)])
    number = order.documents.get().number

    for path in (f"invoices/{number}/", f"invoices/{number}/pdf/", "invoices/INV-2026-99999/"):
        assert client.get(page_of(other, path)).status_code == 404
    assert client.get(f"/orders/x/invoices/{number}/").status_code == 404
    assert client.get("/orders/x/invoice-details/").status_code == 404


def test_the_buyer_puts_a_company_on_the_invoice(page_client: Client, order: Order) -> None:
    page = page_client.get(page_of(order)).text
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]

    answer = page_client.post(
        page_of(order, "invoice-details/"), {**STUDIO, "csrfmiddlewaretoken": token}, follow=True
    )

    last = order.documents.latest("counter")
    assert answer.redirect_chain == [(f"{page_of(order)}#invoice", 302)]
    assert f"Invoice {last.number} is made out to these details." in answer.text
    buyer = last.snapshot["buyer"]
    assert (buyer["name"], buyer["address"], buyer["vat_id"]) == (
        "Mona Studio",
        "1 High Street\nAmman",
        "JO123456",
    )
    assert 'value="Mona Studio"' in answer.text


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"name": " \u200f "}, "Write the name that the invoice is made out to."),
        ({"vat_id": "none"}, "A VAT id is of 4 to 20 letters and digits."),
        ({"address": "\n".join("1234567")}, "Please write the address in six lines at most."),
        ({"name": "x" * 201}, "at most 200 characters"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    client: Client, order: Order, bad: dict[str, str], said: str
) -> None:
    answer = client.post(page_of(order, "invoice-details/"), {**STUDIO, "name": "Kept", **bad})

    assert answer.status_code == 200
    assert said in answer.text
    assert "Kept" in answer.text or "name" in bad
    assert "jo 123-٤٥٦" in answer.text or "vat_id" in bad
    assert order.documents.count() == 1


def test_a_refusal_of_the_deed_is_said_on_the_page(client: Client) -> None:
    order = place_order(make_cart(), make_buyer())

    answer = client.post(page_of(order, "invoice-details/"), STUDIO)

    assert "This order is not paid, so there is no invoice yet." in answer.text
    assert not Document.objects.exists()


def test_a_free_order_offers_an_invoice(client: Client) -> None:
    order = place_order(make_cart(make_product(0)), make_buyer())
    handle_events_of(order)

    assert "Do you need an invoice for it?" in client.get(page_of(order)).text
    client.post(page_of(order, "invoice-details/"), STUDIO)
    assert document_of(order) in client.get(page_of(order)).text


def test_a_held_or_unpaid_order_shows_no_invoice(client: Client, order: Order) -> None:
    order.hold("A look first.")

    assert 'id="invoice"' not in client.get(page_of(order)).text
    assert 'id="invoice"' not in client.get(page_of(place_order(make_cart(), make_buyer()))).text
