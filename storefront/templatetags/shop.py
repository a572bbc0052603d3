"""Template tags of the shop's pages, loaded in every template."""

import json
from collections.abc import Hashable
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any, Protocol

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from storefront.dates import day, moment
from storefront.money import digits, format_money, plain_amount
from storefront.shop import ShopFacts, shop

register = template.Library()
register.filter(digits)

# These point along the line of reading and turn with it.
POINTING = {"arrow-right", "chevron-right", "log-in", "log-out", "undo-2", "external-link"}
# What could end a script element or start a comment in one: JSON may write these letters as escapes.
_JSON_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


class Picture(Protocol):
    width: int
    height: int

    def url(self, width: int, extension: str) -> str: ...

    def srcset(self, extension: str) -> str: ...


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """One icon of the sprite, silent to screen readers unless it has a label."""
    return _icon(name) if not label else _labelled_icon(name, label)


@cache
def _icon(name: str) -> SafeString:
    flip = " flip" if name in POINTING else ""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>', flip, static("icons.svg"), name
    )


def _labelled_icon(name: str, label: str) -> SafeString:
    return format_html('{}<span class="sr-only">{}</span>', _icon(name), label)


@register.simple_tag
def part(name: str, value: Hashable = None) -> SafeString:
    """A piece of page that depends on the shop, the language and one value, and is kept once rendered."""
    language = get_language() or settings.LANGUAGE_CODE
    facts = shop()
    return (_render_part if settings.DEBUG else _part)(name, language, value, facts)


@lru_cache(maxsize=2048)
def _part(name: str, language: str, value: Hashable, facts: ShopFacts) -> SafeString:
    return _render_part(name, language, value, facts)


def _render_part(name: str, language: str, value: Hashable, facts: ShopFacts) -> SafeString:
    return render_to_string(
        name,
        {
            "value": value,
            "language": language,
            "direction": "rtl" if get_language_bidi() else "ltr",
            "shop": facts,
            "site_name": facts.name,
            "site_url": settings.SITE_URL,
            "refund_window_days": facts.refund_window_days,
            "is_demo": settings.DEMO,
        },
    )


@register.filter
def when(value: datetime | date | None, style: str = "") -> str:
    """A date in the reader's calendar and digits, with its time for "time"; nothing for none."""
    if not value:
        return ""
    return moment(value) if style == "time" and isinstance(value, datetime) else day(value)


@register.filter
def money(amount: int, currency: str) -> SafeString:
    """Minor units as an isolated price."""
    return _money(amount, currency, get_language() or "en", shop())


@lru_cache(maxsize=4096)
def _money(amount: int, currency: str, language: str, _facts: ShopFacts) -> SafeString:
    # Said outright: a number with a sign such as $ has no letter that would tell the direction.
    direction = "rtl" if language in settings.LANGUAGES_BIDI else "ltr"
    text = format_money(amount, currency, language)
    return format_html('<bdi class="money" dir="{}">{}</bdi>', direction, text)


@register.filter
def money_text(amount: int, currency: str) -> str:
    """Minor units as a price for plain text, kept together by Unicode isolates instead of markup."""
    isolate = "\u2067" if get_language_bidi() else "\u2066"
    return f"{isolate}{format_money(amount, currency, get_language() or 'en')}\u2069"


@register.filter
def cost(amount: int, currency: str) -> SafeString:
    """Minor units as an isolated price, or the word for nothing to pay."""
    return money(amount, currency) if amount else format_html("<b>{}</b>", _("Free"))


@register.filter
def plain(amount: int, currency: str) -> str:
    """Minor units as a number that parse_price() takes back, for form fields."""
    return plain_amount(amount, currency)


@register.filter
def price(value: Any) -> SafeString:
    """A Price, as cost() shows it."""
    return cost(value.amount, value.currency)


@register.filter
def isolate(value: object) -> SafeString:
    """Text of unknown direction, such as a name or a file name, that must not turn its neighbours around."""
    return format_html("<bdi>{}</bdi>", value)


@register.filter
def ltr(value: object) -> SafeString:
    """Text that is always read from the left: addresses, keys, order numbers, versions."""
    return format_html('<bdi dir="ltr">{}</bdi>', value)


@register.filter
def filesize(size: int) -> str:
    """Bytes in the unit a person would choose, in the reader's digits."""
    if size < 1024 * 1024:
        return _("%(size)s KB") % {"size": digits(max(1, round(size / 1024)))}
    if size < 1024**3:
        return _("%(size)s MB") % {"size": digits(f"{size / 1024**2:.1f}".removesuffix(".0"))}
    return _("%(size)s GB") % {"size": digits(f"{size / 1024**3:.1f}".removesuffix(".0"))}


@register.filter
def file_icon(filename: str) -> str:
    """The icon that fits a file by the end of its name."""
    extension = filename.rpartition(".")[2].lower()
    if extension in {"zip", "gz", "tar", "7z", "rar"}:
        return "file-archive"
    if extension in {"html", "css", "js", "json", "php", "py", "xml"}:
        return "file-code"
    if extension in {"png", "jpg", "jpeg", "webp", "svg"}:
        return "image"
    return "book-open" if extension in {"pdf", "epub", "mobi"} else "file-text"


@register.simple_tag
def picture(image: Picture, *, sizes: str, alt: str = "", eager: bool = False) -> SafeString:
    """A picture in three widths, WebP before JPEG, with its room kept while it loads."""
    loading = mark_safe(' fetchpriority="high"') if eager else mark_safe(' loading="lazy" decoding="async"')
    return format_html(
        '<picture><source type="image/webp" srcset="{}" sizes="{}">'
        '<img src="{}" srcset="{}" sizes="{}" width="{}" height="{}" alt="{}"{}></picture>',
        *(image.srcset("webp"), sizes, image.url(640, "jpg"), image.srcset("jpg"), sizes),
        *(image.width, image.height, alt, loading),
    )


@register.filter
def jpeg(image: Picture, width: int) -> str:
    """The address of one width as JPEG, for where srcset and WebP are not understood, such as mails."""
    return image.url(width, "jpg")


@register.filter
def json_ld(data: object) -> SafeString:
    """Structured data as a data block that search engines read and browsers never run."""
    text = json.dumps(data, ensure_ascii=False).translate(_JSON_ESCAPES)
    return format_html('<script type="application/ld+json">{}</script>', SafeString(text))
