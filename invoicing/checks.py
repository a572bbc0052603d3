"""Faults of the seller's details that stop the shop at its start, instead of at the first invoice."""

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from invoicing.seller import SAUDI_ARABIA, Seller, seller
from invoicing.zatca import MOST_BYTES, is_too_long


def faults_of(seller: Seller) -> list[str]:
    """What invoices of such a seller could not be issued with, a sentence each."""
    faults, title = [], seller.legal_name or seller.name
    if seller.country == SAUDI_ARABIA and is_too_long(title):
        size = len(title.encode())
        faults.append(
            f"The seller's name has {size} bytes. The QR code of Saudi invoices takes {MOST_BYTES}, "
            "and an Arabic letter has two: write a shorter one."
        )
    prefixes = seller.invoice_prefix, seller.credit_note_prefix
    if not all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,11}", prefix) for prefix in prefixes):
        faults.append(
            "Numbers of documents begin with up to 12 Latin letters, digits and hyphens, such as INV-."
        )
    return faults


@register()
def check_seller(**_rest: Any) -> list[CheckMessage]:
    return [Error(text, id="invoicing.E001") for text in faults_of(seller(settings.LANGUAGE_CODE))]
