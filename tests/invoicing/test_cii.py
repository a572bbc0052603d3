from typing import Any

import facturx
import pytest
from lxml import etree

from checkout.models import Order, Refund
from checkout.refunds import request_refund
from invoicing.cii import cii, has_cii
from invoicing.issuing import keep_books_of
from invoicing.models import Document
from tests.factories import make_shop, make_user
from tests.invoicing.sales import GERMAN, sold

pytestmark = pytest.mark.django_db
NAMES = {"ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"}


@pytest.fixture(autouse=True)
def _german_seller(db: None) -> None:
    make_shop(**GERMAN)


def found(xml: bytes, path: str) -> list[str]:
    """What stands at a path, after the schema has taken the whole."""
    facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931")
    steps = path.replace("/", "/ram:")
    return [each.text or "" for each in etree.fromstring(xml).findall(f".//ram:{steps}", NAMES)]


def sums(xml: bytes) -> dict[str, str]:
    (node,) = etree.fromstring(xml).findall(".//ram:SpecifiedTradeSettlementHeaderMonetarySummation", NAMES)
    return {etree.QName(each).localname: each.text or "" for each in node}


def snapshot_of(order: Order, **changes: Any) -> dict[str, Any]:
    return order.documents.earliest("counter").snapshot | changes


@pytest.mark.parametrize("letter", ["\ufffe", "\uffff", "\x0b", "\x1f"])
def test_letters_that_no_xml_has_stop_no_invoice(letter: str) -> None:
    order = sold([(1000, 0)], user=make_user(name=f"Mo{letter}na"))

    assert found(cii(snapshot_of(order)), "BuyerTradeParty/Name") == ["Mo na"]


def test_it_says_the_figures_of_the_order() -> None:
    order = sold([(1000, 1900), (333, 700), (50, 1900)], is_included=True, currency="EUR")
    xml = cii(snapshot_of(order))

    assert found(xml, "GrandTotalAmount") == [f"{order.total / 100:.2f}"] == ["13.83"]
    assert sums(xml) == {
        "LineTotalAmount": "11.93",
        "TaxBasisTotalAmount": "11.93",
        "TaxTotalAmount": "1.90",
        "GrandTotalAmount": "13.83",
        "TotalPrepaidAmount": "13.83",
        "DuePayableAmount": "0.00",
    }
    assert found(xml, "ApplicableHeaderTradeSettlement/ApplicableTradeTax/BasisAmount") == ["8.82", "3.11"]
    assert found(xml, "ApplicableHeaderTradeSettlement/ApplicableTradeTax/CalculatedAmount") == [
        "1.68",
        "0.22",
    ]
    assert found(xml, "SpecifiedLineTradeSettlement/ApplicableTradeTax/RateApplicablePercent") == [
        "19.00",
        "7.00",
        "19.00",
    ]
    assert found(xml, "SpecifiedTaxRegistration/ID") == [GERMAN["vat_id"]]
    assert found(xml, "SpecifiedLegalOrganization/ID") == [GERMAN["registration_number"]]


def test_a_credit_note_names_the_invoice() -> None:
    order = sold([(1000, 1900)], currency="EUR")
    asked: Any = {"reason": Refund.Reason.REQUESTED, "source": Refund.Source.MANUAL}
    request_refund(order.payments.get(), 500, **asked)
    keep_books_of(order.pk)
    xml = cii(Document.objects.get(kind="credit_note").snapshot)

    assert found(xml, "TypeCode")[0] == "381"
    assert found(xml, "InvoiceReferencedDocument/IssuerAssignedID") == [
        Document.objects.get(kind="invoice").number
    ]
    assert (sums(xml)["GrandTotalAmount"], sums(xml)["TaxTotalAmount"]) == ("5.00", "0.80")


@pytest.mark.parametrize(
    ("treatment", "category", "code", "vat_ids"),
    [
        ("standard", "Z", [], [GERMAN["vat_id"]]),
        ("reverse_charge", "AE", ["VATEX-EU-AE"], [GERMAN["vat_id"], "FR40303265045"]),
        ("exempt", "E", [], [GERMAN["vat_id"]]),
        ("outside", "O", ["VATEX-EU-O"], []),
    ],
)
def test_it_says_why_there_is_no_tax(
    treatment: str, category: str, code: list[str], vat_ids: list[str]
) -> None:
    order = sold([(1000, 0)], currency="EUR")
    buyer = {
        **snapshot_of(order)["buyer"],
        "country": "FR",
        "vat_id": "FR40303265045" if treatment == "reverse_charge" else "",
    }
    xml = cii(snapshot_of(order, treatment=treatment, buyer=buyer))

    assert found(xml, "CategoryCode") == [category, category]
    assert found(xml, "ExemptionReasonCode") == code
    assert found(xml, "SpecifiedTaxRegistration/ID") == vat_ids
    assert ("RateApplicablePercent" in xml.decode()) is (category != "O")


def test_beside_taxed_lines_nothing_is_outside_of_the_tax() -> None:
    order = sold([(1000, 1900), (500, 0)], currency="EUR")

    assert found(cii(snapshot_of(order, treatment="outside")), "CategoryCode") == ["S", "E", "S", "E"]


def test_an_address_of_many_lines_keeps_them_all() -> None:
    order = sold([(1000, 1900)], currency="EUR")
    buyer = {**snapshot_of(order)["buyer"], "address": "1\n2\n3\n4", "country": "DE"}
    xml = cii(snapshot_of(order, buyer=buyer))

    assert found(xml, "BuyerTradeParty/PostalTradeAddress/LineTwo") == ["2"]
    assert found(xml, "BuyerTradeParty/PostalTradeAddress/LineThree") == ["3, 4"]


@pytest.mark.parametrize(
    ("country", "vat_id", "currency", "has"),
    [
        ("DE", "DE1", "EUR", True),
        ("DE", "", "EUR", False),
        ("SA", "3", "EUR", False),
        ("DE", "DE1", "KWD", False),
    ],
)
def test_who_gives_it(country: str, vat_id: str, currency: str, has: bool) -> None:
    seller = {"country": country, "vat_id": vat_id}

    assert has_cii({"seller": seller, "currency": currency}) is has
