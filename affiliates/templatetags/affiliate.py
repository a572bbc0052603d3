"""Template tags of the pages about affiliates."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from affiliates import wording
from affiliates.models import Payout
from catalog.markdown import render_markdown
from storefront.money import format_money

register = template.Library()
register.filter(wording.percent)


@register.filter
def signed(amount: int, currency: str) -> SafeString:
    """Minor units as a price that says whether it comes or goes."""
    language = get_language() or "en"
    direction = "rtl" if language in ("ar", "fa") else "ltr"
    # Without the mark, a plus would stand behind the number where one reads from the right.
    sign = "\u200e+" if amount > 0 else ""
    return format_html(
        '<bdi class="money" dir="{}">{}{}</bdi>', direction, sign, format_money(amount, currency, language)
    )


@register.filter
def plain(number: float) -> str:
    """A number as SVG reads it, whatever the language."""
    return f"{number:g}"


@register.filter
def terms(text: str) -> SafeString:
    """The seller's terms, written in Markdown."""
    return render_markdown(text)


@register.filter
def has_statement(payout: Payout, language: str) -> bool:
    return any(statement.language == language for statement in payout.statements.all())
