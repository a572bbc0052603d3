"""Countries by their ISO 3166 codes, named in each language."""

from functools import cache

from babel import Locale
from django.utils.translation import get_language

from storefront.text import fold

_NO_COUNTRY = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "AC", "CP", "DG", "EA", "IC", "TA"}


@cache
def countries(language: str) -> list[tuple[str, str]]:
    """Codes with their names in a language, in the order of its alphabet."""
    names = Locale.parse(language).territories
    known = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha()]
    return sorted((pair for pair in known if pair[0] not in _NO_COUNTRY), key=lambda pair: fold(pair[1]))


@cache
def _codes() -> frozenset[str]:
    return frozenset(code for code, _name in countries("en"))


def known_country(text: str) -> str:
    """The code, in capitals, if there is such a country; else nothing."""
    code = text.strip().upper()
    return code if code in _codes() else ""


def country_name(code: str) -> str:
    """In the reader's language; a code that is none stays as it is."""
    return dict(countries(get_language() or "en")).get(code, code)
