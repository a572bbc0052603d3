"""Who sells, as documents say it."""

from dataclasses import dataclass

from django.conf import settings

# Sellers here give a machine-readable copy along, as EN 16931 has it.
EU = frozenset(
    ["AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"]
    + ["IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"]
)
SAUDI_ARABIA = "SA"
# Here an invoice of a seller with a VAT id is called a tax invoice.
GULF = frozenset(["AE", "BH", "OM", SAUDI_ARABIA])


@dataclass(frozen=True)
class Seller:
    """`country` is an ISO code, `address` has lines; the prefixes begin the numbers of documents."""

    name: str
    legal_name: str = ""
    address: str = ""
    country: str = ""
    vat_id: str = ""
    registration_number: str = ""
    invoice_prefix: str = "INV-"
    credit_note_prefix: str = "CN-"


def seller(language: str) -> Seller:
    """The seller, with the name that the shop has in this language."""
    return Seller(**settings.SELLER)
