"""Template tags that say how a price came about."""

from collections.abc import Iterable

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from checkout.models import OrderLine
from checkout.pricing import Part, Tax, Totals
from checkout.wording import REASONS, TITLED, owned_words, sentence
from storefront.money import format_rate
from storefront.templatetags.shop import isolate, money

register = template.Library()


@register.filter
def totals(lines: Iterable[OrderLine]) -> Totals:
    """What the lines of an order came to, as when it was placed."""
    return Totals(tuple(line.total for line in lines))


@register.filter
def reason(part: Part) -> SafeString:
    """Why less is paid, such as: Coupon EID."""
    if part.reason == "bundle":
        return isolate(owned_words(part.label))
    words = REASONS.get(part.reason, "")
    if part.label and part.reason in TITLED:
        return sentence(gettext("%(reason)s “%(title)s”"), reason=words, title=isolate(part.label))
    return format_html("{} <bdi>{}</bdi>", words, part.label) if part.label else format_html("{}", words)


@register.filter
def tax_name(tax: Tax) -> SafeString:
    """A tax with its rate, such as: VAT 15%."""
    rate = format_rate(tax.rate_bps, get_language() or "en")
    return format_html('<bdi>{}</bdi> <bdi dir="ltr">{}</bdi>', tax.label, rate)


@register.filter
def tax_text(tax: Tax) -> str:
    """As tax_name, for plain text."""
    return f"\u2068{tax.label}\u2069 \u2066{format_rate(tax.rate_bps, get_language() or 'en')}\u2069"


@register.filter
def less(amount: int, currency: str) -> SafeString:
    """Minor units that are taken off, as a price with its minus."""
    return money(-amount, currency)
