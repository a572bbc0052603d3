"""Writes what a document says, as plain data that is frozen with it. All figures are minor units."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from checkout.models import Order, OrderLine, Payment
from invoicing.crediting import Part
from invoicing.models import Document
from invoicing.models.kind import Kind, Reason
from invoicing.seller import seller
from invoicing.showing import shown_as
from storefront.text import clean_line

VERSION = 1


@dataclass(frozen=True)
class Draft:
    """A document without its number. `cause` is unique among all documents: the same is issued once."""

    kind: Kind
    reason: Reason
    cause: str
    buyer: dict[str, str]
    parts: Sequence[Part]
    links: dict[str, Any]
    corrects: Document | None = None


def snapshot_of(
    draft: Draft, order: Order, lines: Iterable[OrderLine], payment: Payment | None
) -> dict[str, Any]:
    """All that the document says but for its number, its place in the chain, and its time."""
    by_line = {line.pk: line for line in lines}
    written = [_line(by_line[part.line], part) for part in draft.parts]
    paid = order.paid_at
    return {
        "version": VERSION,
        "kind": str(draft.kind),
        "reason": str(draft.reason),
        "language": order.language,
        "currency": order.currency,
        "order": {"number": order.number, "paid_on": _day(paid) if paid else ""},
        "refers_to": _reference(draft.corrects),
        "seller": asdict(seller(order.language)),
        "buyer": draft.buyer,
        "treatment": order.tax_treatment,
        "shown": shown_as(order.language),
        "payment": {"provider": payment.provider, "amount": payment.amount} if payment else None,
        "lines": written,
        "totals": _totals(written),
    }


def details_of(order: Order) -> dict[str, str]:
    """The buyer as far as the order tells; the buyer may say more afterwards."""
    return {
        "name": clean_line(order.company or (order.user.name if order.user else "")),
        "address": "",
        "country": order.tax_country or order.country,
        "vat_id": order.vat_id,
        "email": order.email,
    }


def parts_of(lines: Iterable[OrderLine]) -> list[Part]:
    """The lines as they were sold."""
    return [Part(line.pk, line.net_amount, line.tax_amount) for line in lines]


def local_day(time: datetime) -> date:
    """The day by the shop's clock, which is what books go by."""
    return timezone.localtime(time).date()


def _day(time: datetime) -> str:
    return local_day(time).isoformat()


def _reference(document: Document | None) -> dict[str, str] | None:
    if document is None:
        return None
    return {"number": document.number, "kind": document.kind, "issued_on": document.snapshot["issued_on"]}


def _line(line: OrderLine, part: Part) -> dict[str, Any]:
    """A whole line says how its amount came about; a part of one only what it comes to."""
    is_whole = (part.net, part.tax) == (line.net_amount, line.tax_amount)
    return {
        "line": line.pk,
        "title": line.product_title,
        "variant": line.variant_title,
        "is_part": not is_whole,
        "quantity": line.quantity if is_whole else 1,
        "unit_amount": line.unit_amount if is_whole else part.amount,
        "discounts": line.discounts if is_whole else [],
        "discount_amount": line.discount_amount if is_whole else 0,
        "not_charged": line.total.not_charged if is_whole else 0,
        "net": part.net,
        "tax": part.tax,
        "amount": part.amount,
        "tax_rate_bps": line.tax_rate_bps,
        "tax_label": line.tax_label,
        "tax_is_included": line.tax_is_included,
    }


def _totals(lines: list[dict[str, Any]]) -> dict[str, Any]:
    taxes: dict[tuple[str, int], dict[str, Any]] = {}
    for line in lines:
        key = line["tax_label"], line["tax_rate_bps"]
        tax = taxes.setdefault(key, {"label": key[0], "rate_bps": key[1], "net": 0, "tax": 0})
        tax["net"] += line["net"]
        tax["tax"] += line["tax"]
    return {
        "list": sum(line["quantity"] * line["unit_amount"] for line in lines),
        "discount": sum(line["discount_amount"] for line in lines),
        "not_charged": sum(line["not_charged"] for line in lines),
        "net": sum(line["net"] for line in lines),
        "tax": sum(line["tax"] for line in lines),
        "total": sum(line["amount"] for line in lines),
        "taxes": sorted(taxes.values(), key=lambda each: (-each["rate_bps"], each["label"])),
    }
