"""What was stored in English, by machines for staff, in the reader's language."""

import re
from collections.abc import Callable
from typing import Any

from django.utils.functional import Promise as StrPromise
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from checkout.providers import providers
from checkout.redeeming import USED_TWICE
from storefront.money import DECIMALS, digits
from storefront.templatetags.shop import isolate, ltr, money

# Why less is paid, by checkout.pricing.Part.reason.
REASONS: dict[str, StrPromise] = {
    "sale": gettext_lazy("Offer"),
    "quantity": gettext_lazy("Quantity price"),
    "cross": gettext_lazy("Offer"),
    "bump": gettext_lazy("Offer"),
    "upsell": gettext_lazy("Offer"),
    "loyal": gettext_lazy("For you as an earlier buyer"),
    "upgrade": gettext_lazy("Already paid for"),
    "coupon": gettext_lazy("Coupon"),
}
# Those whose label is the title of an offer.
TITLED = {"cross", "bump", "upsell", "loyal"}
# Texts that rows hold as they stand here.
_KNOWN = {
    gettext_noop("The order is held."),
    gettext_noop("What this order upgrades was upgraded by another order, or given back."),
    USED_TWICE,
    gettext_noop("It speaks of no payment of this shop."),
}
_DIFFERENCE = re.compile(r"(reference|amount|currency|live mode): (.*?) instead of (.*?)(?:; |$)")
_ANSWER = re.compile(r"The provider says (\w+), (\d+) ([A-Z]{3})\.")
_GIVEN_BACK = re.compile(r"Given back: (\d+) there, (\d+) here, in minor units of ([A-Z]{3})\.")


def sentence(words: str, **values: Any) -> SafeString:
    """Translated words with %(names)s filled in, safe for a page; values that are markup already stay so."""
    return SafeString(escape(words) % {name: conditional_escape(value) for name, value in values.items()})


def owned_words(label: str) -> str:
    """Why less of a bundle is paid, where checkout.line_offers said "2/3"."""
    owned, _slash, of = label.partition("/")
    words = ngettext(
        "You own %(owned)s of %(all)s already", "You own %(owned)s of %(all)s already", int(owned)
    )
    return words % {"owned": digits(owned), "all": digits(of)}


def provider_name(name: str) -> SafeString:
    """What staff calls a provider, also one that is no longer set up."""
    provider = providers().get(name)
    return ltr(name.capitalize()) if provider is None else conditional_escape(str(provider.label))


def explain(text: str, currency: str = "") -> SafeString:
    """A stored note in the reader's language, as far as it is one of ours; anything else as it is.

    `currency` is the one that a payment was asked in: amounts that differ are said in it.
    """
    if text in _KNOWN:
        return conditional_escape(_(text))
    for pattern, say in _PATTERNS:
        if match := pattern.fullmatch(text):
            return say(match)
    differences = list(_DIFFERENCE.finditer(text))
    if differences and currency:
        return SafeString(" ".join(_difference(match, differences, currency) for match in differences))
    return isolate(text) if text else SafeString()


def _difference(match: re.Match[str], differences: list[re.Match[str]], currency: str) -> SafeString:
    name, got, asked = match.groups()
    if name == "live mode":
        is_test = got == "False"
        return sentence(_("It was paid in test mode.") if is_test else _("It was paid in live mode."))
    words = {
        "reference": _("It carries the reference %(got)s instead of %(asked)s."),
        "amount": _("%(got)s was taken instead of %(asked)s."),
        "currency": _("It was taken in %(got)s instead of %(asked)s."),
    }[name]
    if name == "amount":
        taken_in = next((each[2] for each in differences if each[1] == "currency"), currency)
        return sentence(words, got=_amount(got, taken_in), asked=_amount(asked, currency))
    return sentence(words, got=ltr(got), asked=ltr(asked))


def _amount(text: str, currency: str) -> SafeString:
    return (
        money(int(text), currency) if text.isdecimal() and currency in DECIMALS else ltr(f"{text} {currency}")
    )


def _answer(match: re.Match[str]) -> SafeString:
    words = _("The provider says %(state)s, %(amount)s.")
    return sentence(words, state=ltr(match[1]), amount=_amount(match[2], match[3]))


def _given_back(match: re.Match[str]) -> SafeString:
    words = _("Given back there: %(theirs)s, here: %(ours)s.")
    return sentence(words, theirs=_amount(match[1], match[3]), ours=_amount(match[2], match[3]))


_PATTERNS: list[tuple[re.Pattern[str], Callable[[re.Match[str]], SafeString]]] = [
    (_ANSWER, _answer),
    (_GIVEN_BACK, _given_back),
]
