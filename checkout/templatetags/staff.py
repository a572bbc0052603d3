"""Template tags of the pages for staff."""

from datetime import datetime
from typing import Any

from django import template
from django.template.defaultfilters import date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from checkout.wording import explain, provider_name
from storefront.countries import country_name
from storefront.money import format_rate
from storefront.templatetags.shop import icon, ltr

register = template.Library()
register.filter(explain)
register.filter(provider_name)

# Status -> tone and icon: a status is a word, and never colour alone.
_LOOKS = {
    "pending": ("wait", "hourglass"),
    "paid": ("good", "circle-check"),
    "succeeded": ("good", "circle-check"),
    "partially_refunded": ("wait", "undo-2"),
    "refunded": ("", "undo-2"),
    "expired": ("", "clock"),
    "failed": ("bad", "circle-alert"),
    "canceled": ("", "x"),
    "open": ("wait", "circle-alert"),
    "won": ("good", "circle-check"),
    "lost": ("bad", "circle-alert"),
    "approved": ("good", "circle-check"),
    "declined": ("", "x"),
    "sent": ("good", "circle-check"),
}


@register.filter
def badge(row: Any) -> SafeString:
    """The status of a row as a coloured word with its icon."""
    tone, name = _LOOKS[row.status]
    return state(tone, name, row.get_status_display())


@register.filter
def country(code: str) -> str:
    """The name of a country in the reader's language."""
    return country_name(code) or "—"


@register.filter
def rate(bps: int) -> SafeString:
    """Basis points as a share of a hundred."""
    return ltr(format_rate(bps, get_language() or "en"))


@register.filter
def moment(time: datetime) -> SafeString:
    """A time that says its zone, for papers that are read elsewhere."""
    return ltr(date(time, "Y-m-d H:i:s T"))


def state(tone: str, icon_name: str, words: Any) -> SafeString:
    return format_html('<span class="state {}">{} {}</span>', tone, icon(icon_name), words)
