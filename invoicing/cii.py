"""The machine-readable copy of a document: Cross Industry Invoice as EN 16931 has it, for Factur-X.

Made from the snapshot alone. BT and BR are the terms and rules of EN 16931-1.
"""

from collections.abc import Iterator
from typing import Any

from lxml import etree
from lxml.builder import ElementMaker

from checkout.vat_ids import EU
from invoicing.models.kind import Kind
from storefront.money import decimals, plain_amount

_URN = "urn:un:unece:uncefact:data:standard:"
_SPACES = {
    "rsm": f"{_URN}CrossIndustryInvoice:100",
    "ram": f"{_URN}ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_URN}UnqualifiedDataType:100",
    "qdt": f"{_URN}QualifiedDataType:100",
}
rsm, ram, udt, qdt = (ElementMaker(namespace=space, nsmap=_SPACES) for space in _SPACES.values())
_PROFILE = "urn:cen.eu:en16931:2017"
_TYPES = {Kind.INVOICE: "380", Kind.CREDIT_NOTE: "381"}
_PIECE = "C62"
_ONLINE_PAYMENT = "68"
# How a line without tax is to be understood: its category, and why, in words and as a code.
_UNTAXED = {
    "standard": ("Z", "", ""),
    "reverse_charge": ("AE", "Reverse charge", "VATEX-EU-AE"),
    "exempt": ("E", "Exempt from VAT", ""),
    "outside": ("O", "Not subject to VAT", "VATEX-EU-O"),
}


def has_cii(snapshot: dict[str, Any]) -> bool:
    """Sellers in the EU with a VAT id; the standard knows no amounts of three decimals."""
    seller = snapshot["seller"]
    return seller["country"] in EU and bool(seller["vat_id"]) and decimals(snapshot["currency"]) <= 2


def cii(snapshot: dict[str, Any]) -> bytes:
    """The XML. The same snapshot is the same bytes."""
    root = rsm.CrossIndustryInvoice(
        rsm.ExchangedDocumentContext(ram.GuidelineSpecifiedDocumentContextParameter(ram.ID(_PROFILE))),
        rsm.ExchangedDocument(
            ram.ID(snapshot["number"]),
            ram.TypeCode(_TYPES[Kind(snapshot["kind"])]),
            ram.IssueDateTime(_day(udt, snapshot["issued_on"])),
        ),
        rsm.SupplyChainTradeTransaction(
            *_lines(snapshot),
            _agreement(snapshot),
            ram.ApplicableHeaderTradeDelivery(
                ram.ActualDeliverySupplyChainEvent(
                    ram.OccurrenceDateTime(_day(udt, snapshot["order"]["paid_on"]))
                )
            ),
            _settlement(snapshot),
        ),
    )
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _lines(snapshot: dict[str, Any]) -> Iterator[Any]:
    for place, line in enumerate(snapshot["lines"], start=1):
        net, quantity = _amount(line["net"], snapshot), str(line["quantity"])
        category, *_why = _category(line["tax_rate_bps"], snapshot)
        yield ram.IncludedSupplyChainTradeLineItem(
            ram.AssociatedDocumentLineDocument(ram.LineID(str(place))),
            ram.SpecifiedTradeProduct(ram.Name(" · ".join(filter(None, [line["title"], line["variant"]])))),
            ram.SpecifiedLineTradeAgreement(
                # The price of so many together, since that of one may not come out even: BT-146, BT-149.
                ram.NetPriceProductTradePrice(
                    ram.ChargeAmount(net), ram.BasisQuantity(quantity, unitCode=_PIECE)
                )
            ),
            ram.SpecifiedLineTradeDelivery(ram.BilledQuantity(quantity, unitCode=_PIECE)),
            ram.SpecifiedLineTradeSettlement(
                ram.ApplicableTradeTax(
                    ram.TypeCode("VAT"), ram.CategoryCode(category), *_rate(line["tax_rate_bps"], category)
                ),
                ram.SpecifiedTradeSettlementLineMonetarySummation(ram.LineTotalAmount(net)),
            ),
        )


def _agreement(snapshot: dict[str, Any]) -> Any:
    seller, buyer = snapshot["seller"], snapshot["buyer"]
    taxes = snapshot["totals"]["taxes"]
    is_outside = all(_category(tax["rate_bps"], snapshot)[0] == "O" for tax in taxes)
    name = seller["legal_name"] or seller["name"]
    vat_id = "" if is_outside else seller["vat_id"]  # BR-O-2
    return ram.ApplicableHeaderTradeAgreement(
        ram.SellerTradeParty(*_party(name, seller, legal_id=seller["registration_number"], vat_id=vat_id)),
        ram.BuyerTradeParty(*_party(buyer["name"] or buyer["email"], buyer, vat_id=buyer["vat_id"])),
        ram.BuyerOrderReferencedDocument(ram.IssuerAssignedID(snapshot["order"]["number"])),
    )


def _party(name: str, who: dict[str, str], *, legal_id: str = "", vat_id: str = "") -> Iterator[Any]:
    one, two, *more = [*who["address"].splitlines(), "", ""]
    rows = {"LineOne": one, "LineTwo": two, "LineThree": ", ".join(filter(None, more))}
    yield ram.Name(name)
    if legal_id:
        yield ram.SpecifiedLegalOrganization(ram.ID(legal_id))
    yield ram.PostalTradeAddress(
        *(ram(tag, row) for tag, row in rows.items() if row), ram.CountryID(who["country"])
    )
    if email := who.get("email"):
        yield ram.URIUniversalCommunication(ram.URIID(email, schemeID="EM"))
    if vat_id:
        yield ram.SpecifiedTaxRegistration(ram.ID(vat_id, schemeID="VA"))


def _settlement(snapshot: dict[str, Any]) -> Any:
    totals, currency = snapshot["totals"], snapshot["currency"]
    net, tax, total = (_amount(totals[name], snapshot) for name in ("net", "tax", "total"))
    return ram.ApplicableHeaderTradeSettlement(
        ram.InvoiceCurrencyCode(currency),
        ram.SpecifiedTradeSettlementPaymentMeans(ram.TypeCode(_ONLINE_PAYMENT)),
        *_taxes(snapshot),
        ram.SpecifiedTradeSettlementHeaderMonetarySummation(
            ram.LineTotalAmount(net),
            ram.TaxBasisTotalAmount(net),
            ram.TaxTotalAmount(tax, currencyID=currency),
            ram.GrandTotalAmount(total),
            ram.TotalPrepaidAmount(total),  # paid, or given back, before the document was written
            ram.DuePayableAmount(_amount(0, snapshot)),
        ),
        *_reference(snapshot["refers_to"]),
    )


def _reference(reference: dict[str, str] | None) -> Iterator[Any]:
    if reference:
        yield ram.InvoiceReferencedDocument(
            ram.IssuerAssignedID(reference["number"]),
            ram.FormattedIssueDateTime(_day(qdt, reference["issued_on"])),
        )


def _taxes(snapshot: dict[str, Any]) -> Iterator[Any]:
    """The breakdown: one for each category and rate, BG-23."""
    sums: dict[tuple[int, tuple[str, str, str]], tuple[int, int]] = {}
    for tax in snapshot["totals"]["taxes"]:
        key = tax["rate_bps"], _category(tax["rate_bps"], snapshot)
        net, amount = sums.get(key, (0, 0))
        sums[key] = net + tax["net"], amount + tax["tax"]
    for (bps, (category, reason, code)), (net, amount) in sums.items():
        yield ram.ApplicableTradeTax(
            ram.CalculatedAmount(_amount(amount, snapshot)),
            ram.TypeCode("VAT"),
            *([ram.ExemptionReason(reason)] if reason else []),
            ram.BasisAmount(_amount(net, snapshot)),
            ram.CategoryCode(category),
            *([ram.ExemptionReasonCode(code)] if code else []),
            *_rate(bps, category),
        )


def _category(bps: int, snapshot: dict[str, Any]) -> tuple[str, str, str]:
    """Standard where there is a rate. Beside taxed lines nothing can be outside of the tax: BR-O-11."""
    if bps:
        return "S", "", ""
    is_mixed = any(tax["rate_bps"] for tax in snapshot["totals"]["taxes"])
    treatment = snapshot["treatment"]
    if (
        treatment == "reverse_charge"
        and not {snapshot["seller"]["country"], snapshot["buyer"]["country"]} <= EU
    ):
        return "AE", "Reverse charge", ""
    return _UNTAXED["exempt" if treatment == "outside" and is_mixed else treatment]


def _rate(bps: int, category: str) -> list[Any]:
    """What is outside of the tax has no rate, not even zero: BR-O-5."""
    return [] if category == "O" else [ram.RateApplicablePercent(f"{bps / 100:.2f}")]


def _amount(amount: int, snapshot: dict[str, Any]) -> str:
    return plain_amount(amount, snapshot["currency"])


def _day(space: Any, day: str) -> Any:
    return space.DateTimeString(day.replace("-", ""), format="102")
