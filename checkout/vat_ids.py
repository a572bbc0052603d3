"""VAT ids of companies: their form and check digits, never whether an authority knows them.

Nothing is asked of anybody: VIES and its like are no part of this.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from stdnum import get_cc_module
from stdnum.exceptions import InvalidChecksum, ValidationError

from checkout.errors import VatIdRefused
from storefront.countries import country_name, known_country
from storefront.text import clean_line

EU = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)
# Written with the country before it, and with these letters where they are not the country's own.
_PREFIXES = {**{code: code for code in EU}, "GR": "EL", "GB": "GB"}
_BELONGING = {"EL": "GR", "CHE": "CH"}
# Whose numbers are another country's.
_AS = {"LI": "CH", "IM": "GB"}
_ENDINGS = {"NO": ("MVA",), "CH": ("MWST",)}
# What python-stdnum does not know.
_PATTERNS = {
    "AE": re.compile(r"1\d{14}", re.ASCII),
    "BH": re.compile(r"2\d{14}", re.ASCII),
    "OM": re.compile(r"OM\d{10}", re.ASCII),
    "SA": re.compile(r"3\d{13}3", re.ASCII),
}
_EXAMPLES = {
    "AE": "100123456700003",
    "BH": "200001234500002",
    "OM": "OM1100006083",
    "SA": "310122393500003",
    "AT": "ATU13585627",
    "BE": "BE0403019261",
    "CH": "CHE-107.787.577 MWST",
    "DE": "DE136695976",
    "EG": "100-531-385",
    "ES": "ESB58378431",
    "FR": "FR40303265045",
    "GB": "GB980780684",
    "IE": "IE6433435F",
    "IT": "IT00743110157",
    "NL": "NL004495445B01",
    "NO": "NO995525828MVA",
    "PL": "PL8567346215",
    "SE": "SE123456789701",
    "TR": "4540536920",
}
_LOOSE = re.compile(r"(?=.*\d)[0-9A-Z]{4,20}", re.ASCII)
_BETWEEN = re.compile(r"[\s.,/_\-\u2010-\u2015\u200c]+")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


def clean_vat_id(text: str, country: str) -> str:
    """An id as it is kept, however it was typed: DE 136-695-976 is DE136695976. Empty stays empty.

    Raises VatIdRefused, with words for the buyer, for what is no VAT id of the country. Where we know no
    form, any few letters and digits will do; see is_checked().
    """
    typed = _BETWEEN.sub("", clean_line(text).upper().translate(_DIGITS))
    if not typed:
        return ""
    known = _form(country)
    if known is None:
        if _LOOSE.fullmatch(typed):
            return typed
        raise VatIdRefused(_("A VAT id is of 4 to 20 letters and digits."))
    refusal = None
    for candidate in _candidates(typed, country):
        try:
            return known(candidate)
        except ValidationError as error:
            refusal = refusal if isinstance(refusal, InvalidChecksum) else error
    raise VatIdRefused(_why_not(typed, country, refusal))


def is_checked(vat_id: str, country: str) -> bool:
    """Whether it is a VAT id of this country by a form that we know, as reverse charge wants it."""
    if not vat_id or _form(country) is None:
        return False
    try:
        return clean_vat_id(vat_id, country) == vat_id
    except VatIdRefused:
        return False


@cache
def _form(country: str) -> Callable[[str], str] | None:
    """What takes an id of the country apart and gives it as it is kept, or None where we know nothing."""
    country = _AS.get(country, country)
    if country in _PATTERNS:
        return lambda text: _matching(text, _PATTERNS[country])
    module: Any = get_cc_module(country.lower(), "vat") if country else None
    if module is None:
        return None
    prefix = _PREFIXES.get(country, "")
    return lambda text: prefix + str(module.validate(text))


def _matching(text: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(text):
        raise ValidationError
    return text


def _candidates(typed: str, country: str) -> Iterator[str]:
    """As typed, and with what people leave out or put before it."""
    country = _AS.get(country, country)
    bare = typed.removeprefix(country)
    yield typed
    for each in dict.fromkeys((bare, typed)):
        yield from (each + ending for ending in _ENDINGS.get(country, ()))
    if bare != typed:
        yield bare
    if country == "OM":
        yield "OM" + typed


def _why_not(typed: str, country: str, refusal: ValidationError | None) -> str:
    name = country_name(country)
    if other := _other_country(typed, country):
        words = _("This is a VAT id of %(other)s, and you chose %(country)s.")
        return words % {"other": country_name(other), "country": name}
    if isinstance(refusal, InvalidChecksum):
        return _("A digit of this VAT id is wrong: its check digit does not fit.")
    if example := _EXAMPLES.get(_AS.get(country, country)):
        words = _("This is no VAT id of %(country)s. It looks like \u2066%(example)s\u2069.")
        return words % {"country": name, "example": example}
    return _("This is no VAT id of %(country)s.") % {"country": name}


def _other_country(typed: str, country: str) -> str:
    """The country that the id is of, where it says so itself."""
    named = _BELONGING.get(typed[:3]) or _BELONGING.get(typed[:2]) or known_country(typed[:2])
    for other in (named, *_PATTERNS):
        if other and other != _AS.get(country, country) and _is_id_of(typed, other):
            return other
    return ""


def _is_id_of(typed: str, country: str) -> bool:
    form = _form(country)
    try:
        return form is not None and bool(form(typed))
    except ValidationError:
        return False
