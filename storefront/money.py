"""Money: integer minor units and an ISO 4217 code, exact at every step.

The number of decimals is the payment providers' (ISO 4217), not the one a locale likes to show.
"""

import re
from collections.abc import Sequence
from functools import cache

from babel import Locale
from babel.numbers import get_currency_symbol
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from storefront.errors import StorefrontError
from storefront.models.shop import Numerals
from storefront.shop import shop

# Decimals by currency. https://docs.stripe.com/currencies and ISO 4217 agree on these, but for the rial:
# nobody has used its hundredths for a century, and the providers of Iran take whole rials.
_CODES = {
    0: "CLP IRR JPY KRW VND XAF XOF",
    2: "AED AUD BRL CAD CHF CNY CZK DKK EGP EUR GBP HKD HUF IDR ILS INR MAD MXN MYR NOK NZD PHP PKR PLN QAR "
    "RON SAR SEK SGD THB TRY TWD USD ZAR",
    3: "BHD JOD KWD OMR TND",
}
DECIMALS = {code: places for places, codes in _CODES.items() for code in codes.split()}
# Prices go in steps of so many minor units: Stripe wants a third decimal to be 0, and people count in tomans,
# which are ten rials. https://docs.stripe.com/currencies#three-decimal
STEPS = {**{code: 10 for code, places in DECIMALS.items() if places == 3}, "IRR": 10}
_PERSIAN = str.maketrans("0123456789.,", "۰۱۲۳۴۵۶۷۸۹٫٬")
_ARABIC = str.maketrans("0123456789.,", "٠١٢٣٤٥٦٧٨٩٫٬")
_NUMBER = re.compile(r"[0-9](?:[0-9.,]*[0-9])?")
# CLDR's symbols for these are bare codes in some languages; shops of the region write these words.
SYMBOLS = {
    "ar": {"USD": "$", "EUR": "€", "GBP": "£"},
    "fa": {"USD": "$", "EUR": "€", "GBP": "£", "SAR": "ریال سعودی", "AED": "درهم", "KWD": "دینار کویت"},
}
TOMAN = {"ar": "تومان", "fa": "تومان"}

# What people type for digits, the decimal point and the thousands.
_TYPED = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩٫٬", "01234567890123456789.,")
_PLAIN = re.compile(r"\d{1,12}(?:\.(\d+))?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)


class UnknownCurrency(StorefrontError):
    """A currency code that the shop has no decimals for."""


class AmountNotUnderstood(StorefrontError):
    """A text that is no amount of the currency."""


def decimals(currency: str) -> int:
    """How many decimals the currency has. Raises UnknownCurrency."""
    try:
        return DECIMALS[currency]
    except KeyError:
        raise UnknownCurrency(_("The currency %(code)s is not known here.") % {"code": currency}) from None


def plain_amount(amount: int, currency: str) -> str:
    """Minor units as a decimal number for programs and form fields: 1250 USD is 12.50."""
    places = decimals(currency)
    whole, part = divmod(abs(amount), 10**places)
    return ("-" if amount < 0 else "") + (f"{whole}.{part:0{places}d}" if places else str(whole))


def parse_amount(text: str, currency: str) -> int:
    """What somebody typed, in Latin, Arabic or Persian digits, as minor units: ۱۲٫۵ USD is 1250.

    Raises AmountNotUnderstood for anything that could be read in two ways, and for too many decimals.
    """
    places = decimals(currency)
    typed = "".join(text.split()).translate(_TYPED)
    if _GROUPED.fullmatch(typed) and (places != 3 or typed.count(",") > 1 or "." in typed):
        typed = typed.replace(",", "")
    match = _PLAIN.fullmatch(typed)
    if match is None:
        raise AmountNotUnderstood(_("Write an amount such as %(example)s.") % {"example": _example(currency)})
    part = match[1] or ""
    if len(part) > places:
        raise AmountNotUnderstood(
            ngettext(
                "Amounts in %(code)s have at most %(count)s decimal.",
                "Amounts in %(code)s have at most %(count)s decimals.",
                places,
            )
            % {"code": currency, "count": digits(places)}
        )
    return int(typed.replace(".", "") + "0" * (places - len(part)))


def parse_price(text: str, currency: str) -> int:
    """As parse_amount(), for a price: raises AmountNotUnderstood also between two steps of the currency."""
    amount, step = parse_amount(text, currency), STEPS.get(currency, 1)
    if amount % step:
        raise AmountNotUnderstood(
            _("Prices in %(code)s go in steps of %(step)s.")
            % {"code": currency, "step": plain_amount(step, currency)}
        )
    return amount


def parse_rate(text: str) -> int:
    """What somebody typed as a share of a hundred, in any of our digits: ۱۲٫۵٪ is 1250 basis points.

    Raises AmountNotUnderstood for what is no share of 0 to 100, and for more than two decimals.
    """
    typed = "".join(text.split()).translate(_TYPED).replace(",", ".").strip("%٪")
    match = _PLAIN.fullmatch(typed)
    places = len(match[1] or "") if match else 3
    if places > 2 or (bps := int(typed.replace(".", "") + "0" * (2 - places))) > 10_000:
        raise AmountNotUnderstood(_("Write a share such as %(example)s.") % {"example": "12.5"})
    return bps


def plain_rate(bps: int) -> str:
    """Basis points as a decimal number for programs and form fields: 1250 is 12.5."""
    whole, part = divmod(bps, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".")


def _example(currency: str) -> str:
    return plain_amount(1250 * 10 ** decimals(currency) // 100, currency)


def numerals(language: str) -> dict[int, int]:
    """How Latin digits and separators are written in a language: as they are, where it is empty."""
    if language == "fa":
        return _PERSIAN
    return _ARABIC if language == "ar" and shop().arabic_numerals == Numerals.ARABIC else {}


def digits(value: object) -> str:
    """A number, or a text with numbers in it, in the digits of the reader's language."""
    table = numerals(get_language() or "")
    return _NUMBER.sub(lambda number: number[0].translate(table), str(value))


def format_number(amount: int, currency: str, language: str) -> str:
    """Minor units as a number in the reader's digits: 123450 USD is 1,234.50, and ۱٬۲۳۴٫۵۰ in Persian."""
    places = decimals(currency)
    whole, part = divmod(abs(amount), 10**places)
    # Not by Babel: its default numbering mixes separators.
    text = f"{whole:,}" + (f".{part:0{places}d}" if places else "")
    return ("-" if amount < 0 else "") + text.translate(numerals(language))


def format_money(amount: int, currency: str, language: str) -> str:
    """Minor units as a price in the reader's language, without markup: $12.50, ۱۲٫۵۰ $.

    Rials are shown as tomans, ten rials each, as everybody in Iran says prices.
    """
    if currency == "IRR":
        return _format_toman(amount, language)
    number, symbol = format_number(abs(amount), currency, language), _symbol(currency, language)
    minus = _minus(amount, language)
    if language != "en":
        return f"{minus}{number}\u00a0{symbol}"
    return f"{minus}{symbol}\u00a0{number}" if symbol[-1].isalpha() else f"{minus}{symbol}{number}"


def format_rate(bps: int, language: str) -> str:
    """Basis points as a share of a hundred in the reader's digits: 750 is 7.5%, and ۷٫۵٪ in Persian."""
    number = plain_rate(bps).translate(numerals(language))
    return number + ("٪" if numerals(language) else "%")


def _format_toman(rials: int, language: str) -> str:
    tomans, rest = divmod(abs(rials), 10)
    number = (f"{tomans:,}" + (f".{rest}" if rest else "")).translate(numerals(language))
    return f"{_minus(rials, language)}{number}\u00a0{TOMAN.get(language, 'toman')}"


def _minus(amount: int, language: str) -> str:
    """The sign of what is below zero; a mark keeps it before the number where one reads from the right."""
    if amount >= 0:
        return ""
    return "-" if language == "en" else "\u200e-"


@cache
def _symbol(currency: str, language: str) -> str:
    own = SYMBOLS.get(language, {}).get(currency)
    return own or get_currency_symbol(currency, locale=Locale.parse(language)).strip("\u200e\u200f")


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights, to the last minor unit: the parts always sum to it.

    The largest remainders get the odd units, the earlier part first among equals. Weights that are all
    zero share equally. Raises ValueError on a negative weight or on no weights.
    """
    if not weights or min(weights) < 0:
        raise ValueError("Weights must be at least one, and not negative.")
    total = sum(weights)
    if not total:
        weights, total = [1] * len(weights), len(weights)
    sign = -1 if amount < 0 else 1
    parts, remainders = zip(*(divmod(abs(amount) * weight, total) for weight in weights), strict=True)
    odd = abs(amount) - sum(parts)
    first = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[:odd]
    return [sign * (part + (i in first)) for i, part in enumerate(parts)]
