"""Who sells, as documents say it."""

from dataclasses import dataclass

from django.utils.translation import override

from storefront.shop import shop

SAUDI_ARABIA = "SA"
# Here an invoice of a seller with a VAT id is called a tax invoice.
GULF = frozenset(["AE", "BH", "OM", SAUDI_ARABIA])


@dataclass(frozen=True)
class Seller:
    """`country` is an ISO code, `address` has lines; the prefixes begin the numbers of documents.

    `logo` is a path below MEDIA_ROOT that is made of the picture's content, so that it never shows another.
    """

    name: str
    legal_name: str = ""
    address: str = ""
    country: str = ""
    vat_id: str = ""
    registration_number: str = ""
    logo: str = ""
    invoice_prefix: str = "INV-"
    credit_note_prefix: str = "CN-"


def seller(language: str) -> Seller:
    """The seller by the shop's settings, with the name that the shop has in this language."""
    facts = shop()
    with override(language):
        name = facts.name
    return Seller(
        name=name,
        legal_name=facts.legal_name,
        address=facts.address,
        country=facts.country,
        vat_id=facts.vat_id,
        registration_number=facts.registration_number,
        logo=facts.logo,
        invoice_prefix=facts.invoice_prefix,
        credit_note_prefix=facts.credit_note_prefix,
    )
