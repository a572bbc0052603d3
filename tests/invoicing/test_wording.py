"""Which words of the law an invoice has, of orders as the checkout places them."""

from typing import Any

import pytest
from django.test import Client

from catalog.models import Product
from checkout.models import Order
from invoicing.cii import cii
from invoicing.issuing import keep_books_of
from invoicing.models import Document
from invoicing.paper import page_of
from invoicing.wording import notes
from tests.factories import make_product, make_rate, make_shop, pending_order
from tests.invoicing.sales import GERMAN, SAUDI, pay
from tests.invoicing.test_cii import found

pytestmark = pytest.mark.django_db
ARTICLE = "Article 196 of Council Directive 2006/112/EC applies."
FRENCH: dict[str, Any] = {"country": "FR", "company": "Mojo SARL", "vat_id": "FR40303265045"}


def bought(seller: dict[str, str], *, is_included: bool = True, **buyer: Any) -> Document:
    """The invoice of something for 120.00."""
    make_shop(**seller, charges_tax=True, prices_include_tax=is_included)
    order = pay(pending_order(make_product(12_000), **buyer))
    keep_books_of(order.pk)
    return order.documents.get()


@pytest.mark.parametrize("is_included", [True, False])
def test_reverse_charge_names_its_article_and_both_vat_ids(is_included: bool) -> None:
    make_rate("FR", 2000)
    invoice = bought(GERMAN, is_included=is_included, **FRENCH)
    page, net = page_of(invoice), 10_000 if is_included else 12_000

    assert (invoice.net, invoice.tax, invoice.total) == (net, 0, net)
    assert notes(invoice.snapshot) == ["Reverse charge: the buyer owes the tax.", ARTICLE]
    assert GERMAN["vat_id"] in page
    assert FRENCH["vat_id"] in page
    assert invoice.snapshot["totals"]["not_charged"] == 12_000 - net
    assert ("Tax, not charged" in page) is is_included
    assert found(cii(invoice.snapshot), "ExemptionReasonCode") == ["VATEX-EU-AE"]


def test_a_corrected_invoice_keeps_the_vat_id_that_spared_the_tax(client: Client) -> None:
    make_rate("FR", 2000)
    invoice = bought(GERMAN, **FRENCH)
    address = f"/orders/{invoice.order.token}/invoice-details/"

    for vat_id in ("", "FR40303265046"):
        page = client.post(address, {"name": "Mojo SARL", "address": "Paris", "vat_id": vat_id})
        assert page.status_code == 200
        assert "VAT id" in page.text
        assert Document.objects.count() == 1

    client.post(address, {"name": "Mojo SARL", "address": "Paris", "vat_id": "fr 40 303 265 045"})
    assert [each.total for each in Document.objects.order_by("counter")] == [10_000] * 3
    assert Document.objects.latest("counter").snapshot["buyer"]["vat_id"] == FRENCH["vat_id"]


def test_outside_of_the_union_its_directive_is_not_named() -> None:
    make_rate("SA", 1500)
    invoice = bought(GERMAN, country="SA", company="Studio", vat_id="310122393500003")

    assert notes(invoice.snapshot) == ["Reverse charge: the buyer owes the tax."]
    assert found(cii(invoice.snapshot), "CategoryCode") == ["AE", "AE"]
    assert found(cii(invoice.snapshot), "ExemptionReasonCode") == []


@pytest.mark.parametrize("language", ["en", "ar", "fa"])
def test_a_country_without_a_rate_is_outside_of_the_tax(language: str) -> None:
    invoice = bought(GERMAN, country="JO", language=language)
    words = {
        "en": "Not taxable in the seller",
        "ar": "غير خاضع للضريبة في بلد البائع",
        "fa": "در کشور فروشنده مشمول مالیات نیست",
    }

    assert (invoice.tax, invoice.total) == (0, 12_000)
    assert words[language] in page_of(invoice)


def test_what_is_never_taxed_is_exempt() -> None:
    make_rate("SA", 1500)
    make_shop(**SAUDI, charges_tax=True)
    order: Order = pay(pending_order(make_product(100, tax_class=Product.TaxClass.EXEMPT), country="SA"))
    keep_books_of(order.pk)

    (note,) = notes(order.documents.get().snapshot)
    assert note.startswith("Exempt from tax. <span")


def test_a_taxed_sale_needs_no_reason() -> None:
    make_rate("SA", 1500)
    invoice = bought(SAUDI, country="SA")

    assert (invoice.net, invoice.tax, notes(invoice.snapshot)) == (10_435, 1565, [])
