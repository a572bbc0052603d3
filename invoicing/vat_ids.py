import re

from django.utils.translation import gettext as _

from invoicing.errors import VatIdRefused
from storefront.text import clean_line

_LOOSE = re.compile(r"(?=.*\d)[0-9A-Z]{4,20}", re.ASCII)
_BETWEEN = re.compile(r"[\s.,/_\-\u2010-\u2015\u200c]+")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


def clean_vat_id(text: str, country: str) -> str:
    """An id as it is kept, however it was typed: DE 136-695-976 is DE136695976. Empty stays empty.

    Raises VatIdRefused, with words for the buyer.
    """
    typed = _BETWEEN.sub("", clean_line(text).upper().translate(_DIGITS))
    if typed and not _LOOSE.fullmatch(typed):
        raise VatIdRefused(_("A VAT id is of 4 to 20 letters and digits."))
    return typed
