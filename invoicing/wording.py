"""The words of documents: in the document's language, and for Saudi sellers in Arabic beside it."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_noop, override
from django.utils.translation import gettext as _

from checkout.vat_ids import EU
from invoicing.models.kind import Kind, Reason
from invoicing.seller import GULF, SAUDI_ARABIA

# Papers for the Saudi tax authority are in Arabic, whatever else they are in.
_ALSO_ARABIC = frozenset([SAUDI_ARABIA])
_LABELS = {
    "number": gettext_noop("Number"),
    "date": gettext_noop("Date"),
    "order": gettext_noop("Order"),
    "refers_to": gettext_noop("Refers to"),
    "seller": gettext_noop("Seller"),
    "buyer": gettext_noop("Buyer"),
    "vat_id": gettext_noop("VAT id"),
    "registration": gettext_noop("Registered as"),
    "product": gettext_noop("Product"),
    "quantity": gettext_noop("Quantity"),
    "unit_price": gettext_noop("Unit price"),
    "without_tax": gettext_noop("Without tax"),
    "tax": gettext_noop("Tax"),
    "amount": gettext_noop("Amount"),
    "subtotal": gettext_noop("Subtotal"),
    "not_charged": gettext_noop("Tax, not charged"),
    "total": gettext_noop("Total"),
}
_SAYS_WHY = {
    Reason.REFUND: gettext_noop("This is for money that was given back."),
    Reason.DISPUTE: gettext_noop("This is for money that the buyer's bank took back."),
    Reason.REFUND_FAILED: gettext_noop("The refund of that credit note failed, so it is taken back."),
    Reason.DISPUTE_WON: gettext_noop("The dispute of that credit note was won, so it is taken back."),
}
_TREATMENTS = {
    "reverse_charge": gettext_noop("Reverse charge: the buyer owes the tax."),
    "exempt": gettext_noop("Exempt from tax."),
    "outside": gettext_noop("Not taxable in the seller's country."),
}
_DIRECTIVE = gettext_noop("Article 196 of Council Directive 2006/112/EC applies.")
PROVIDERS = {"paypal": "PayPal"}


def labels(snapshot: dict[str, Any]) -> dict[str, SafeString]:
    """What stands beside the figures, by name."""
    return {name: _in_all(text, snapshot) for name, text in _LABELS.items()}


def title(snapshot: dict[str, Any]) -> str:
    """What the document is called, in the language of now."""
    return _(_title(snapshot))


def full_title(snapshot: dict[str, Any]) -> SafeString:
    return _in_all(_title(snapshot), snapshot)


def notes(snapshot: dict[str, Any]) -> list[SafeString]:
    """Sentences that the figures need: why it was issued, and why there is no tax."""
    texts = [_SAYS_WHY.get(Reason(snapshot["reason"])), _correction(snapshot), *_untaxed(snapshot)]
    return [_in_all(text, snapshot) for text in texts if text]


def provider(name: str) -> str:
    """A proper name, whatever the shop has set up by now."""
    return PROVIDERS.get(name, name.capitalize())


def _title(snapshot: dict[str, Any]) -> str:
    if snapshot["kind"] == Kind.CREDIT_NOTE:
        return gettext_noop("Credit note")
    seller, buyer = snapshot["seller"], snapshot["buyer"]
    if not seller["vat_id"] or seller["country"] not in GULF:
        return gettext_noop("Invoice")
    is_simple = seller["country"] == SAUDI_ARABIA and not buyer["vat_id"]
    return gettext_noop("Simplified tax invoice") if is_simple else gettext_noop("Tax invoice")


def _correction(snapshot: dict[str, Any]) -> str:
    if snapshot["reason"] != Reason.CORRECTION:
        return ""
    if snapshot["kind"] == Kind.CREDIT_NOTE:
        return gettext_noop("It takes that invoice back, since another takes its place.")
    return gettext_noop("Corrected invoice: it takes the place of that one.")


def _untaxed(snapshot: dict[str, Any]) -> list[str]:
    """Why there is no tax; a seller without a VAT id takes none anyhow."""
    seller, treatment = snapshot["seller"], snapshot["treatment"]
    if not seller["vat_id"] or treatment not in _TREATMENTS:
        return []
    is_european = treatment == "reverse_charge" and {seller["country"], snapshot["buyer"]["country"]} <= EU
    return [_TREATMENTS[treatment], *([_DIRECTIVE] if is_european else [])]


def _in_all(text: str, snapshot: dict[str, Any]) -> SafeString:
    own = _(text)
    if snapshot["seller"]["country"] not in _ALSO_ARABIC or get_language() == "ar":
        return format_html("{}", own)
    with override("ar"):
        arabic = _(text)
    return format_html('{} <span class="also"><bdi lang="ar" dir="rtl">{}</bdi></span>', own, arabic)
