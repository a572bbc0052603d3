"""Template tags of documents."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from checkout.pricing import Part
from checkout.templatetags.sums import reason
from storefront.money import format_rate
from storefront.templatetags.shop import ltr

register = template.Library()


@register.filter
def at(names: Mapping[str, str], key: str) -> str:
    """What a table holds for a key, or the key."""
    return names.get(key, key)


@register.filter
def own(text: str) -> SafeString:
    """Text in its own direction. With marks inside, since WeasyPrint does not find it out for a bare bdi."""
    return format_html("<bdi>\u2068{}\u2069</bdi>", text)


@register.filter
def rate(bps: int) -> SafeString:
    """Basis points as a share of a hundred."""
    return ltr(format_rate(bps, get_language() or "en"))


@register.filter
def why(part: dict[str, Any]) -> SafeString:
    """Why less is paid, of a part as a snapshot holds it."""
    return reason(Part(**part))
