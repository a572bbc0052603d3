"""Writes a document as a page, from its snapshot alone: for the browser, and for the PDF."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from checkout.pricing import Part
from invoicing.models import Document
from invoicing.qr import qr_svg
from invoicing.showing import as_issued
from invoicing.wording import full_title, labels, notes, provider, title
from invoicing.zatca import has_qr, qr_text
from storefront.countries import countries
from storefront.logo import logo_data

_AS_THEY_ARE = ("number", "currency", "order", "seller", "buyer", "totals", "lines", "shown")


def page_of(document: Document, **more: Any) -> str:
    """The document in its own language, whatever the reader's is. `more` is for the bar on a screen."""
    logo = document.snapshot["seller"]["logo"]
    logo = (f"{settings.MEDIA_URL}{logo}" if more else logo_data(logo)) if logo else ""
    with as_issued(document):
        return render_to_string("invoicing/document.html", {**_context(document), "logo": logo, **more})


def title_of(document: Document) -> str:
    """What it is and its number, in its language."""
    with as_issued(document):
        return f"{title(document.snapshot)} {document.number}"


def filename_of(document: Document) -> str:
    """What the PDF is called for its reader."""
    return title_of(document).replace(" ", "-") + ".pdf"


def _context(document: Document) -> dict[str, Any]:
    snapshot, language = document.snapshot, document.language
    totals = snapshot["totals"]
    return {
        **{name: snapshot[name] for name in _AS_THEY_ARE},
        "language": language,
        "direction": "rtl" if language in settings.LANGUAGES_BIDI else "ltr",
        "title": title(snapshot),
        "full_title": full_title(snapshot),
        "words": labels(snapshot),
        "notes": notes(snapshot),
        "issued_on": date.fromisoformat(snapshot["issued_on"]),
        "issued_at": datetime.fromisoformat(snapshot["issued_at"]),
        "refers_to": _reference(snapshot["refers_to"]),
        "countries": dict(countries(language)),
        "discounts": _discounts(snapshot["lines"]),
        "has_taxes": any(tax["rate_bps"] for tax in totals["taxes"]),
        "paid": _payment(snapshot),
        "qr": qr_svg(qr_text(snapshot)) if has_qr(snapshot) else "",
    }


def _reference(reference: dict[str, str] | None) -> dict[str, Any] | None:
    return reference and {**reference, "issued_on": date.fromisoformat(reference["issued_on"])}


def _payment(snapshot: dict[str, Any]) -> dict[str, Any] | None:
    """How the sale was paid; of no concern to a document that sets another right."""
    payment, paid_on = snapshot["payment"], snapshot["order"]["paid_on"]
    if not payment or snapshot["reason"] not in ("sale", "correction") or snapshot["kind"] != "invoice":
        return None
    return {"provider": provider(payment["provider"]), "on": date.fromisoformat(paid_on)}


def _discounts(lines: list[dict[str, Any]]) -> list[Part]:
    """What each discount takes off in all."""
    sums: dict[tuple[str, str], int] = {}
    for part in (part for line in lines for part in line["discounts"]):
        key = part["reason"], part["label"]
        sums[key] = sums.get(key, 0) + part["amount"]
    return [Part(reason, label, amount) for (reason, label), amount in sums.items()]
