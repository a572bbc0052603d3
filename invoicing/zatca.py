"""The QR code of Saudi Arabia's tax authority, phase 1: five fields as tag, length and value, in base64.

https://zatca.gov.sa, "Electronic Invoice Security Features Implementation Standards", the QR code.
"""

import base64
import logging
from typing import Any

from invoicing.seller import SAUDI_ARABIA
from storefront.money import plain_amount

logger = logging.getLogger(__name__)
MOST_BYTES = 255  # a length is one byte, and counts bytes of UTF-8: an Arabic letter has two


def is_too_long(name: str) -> bool:
    """Whether the seller's name does not fit into the code."""
    return len(name.encode()) > MOST_BYTES


def has_qr(snapshot: dict[str, Any]) -> bool:
    seller = snapshot["seller"]
    return seller["country"] == SAUDI_ARABIA and bool(seller["vat_id"])


def qr_text(snapshot: dict[str, Any]) -> str:
    """Seller, VAT id, time, total with tax, tax: as what a document says has them."""
    seller, totals, currency = snapshot["seller"], snapshot["totals"], snapshot["currency"]
    fields = [
        _fitting(seller["legal_name"] or seller["name"]),
        seller["vat_id"],
        snapshot["issued_at"],
        plain_amount(totals["total"], currency),
        plain_amount(totals["tax"], currency),
    ]
    return base64.b64encode(b"".join(_field(tag, text) for tag, text in enumerate(fields, start=1))).decode()


def _field(tag: int, text: str) -> bytes:
    value = text.encode()
    return bytes([tag, len(value)]) + value


def _fitting(name: str) -> str:
    """The name, cut between two letters where it does not fit. The settings refuse such a name."""
    if not is_too_long(name):
        return name
    logger.warning("The seller's name has more than %s bytes and is cut in the QR code.", MOST_BYTES)
    return name.encode()[:MOST_BYTES].decode(errors="ignore")
