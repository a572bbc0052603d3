"""What the pages of an affiliate show."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Prefetch
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from affiliates.charts import HEIGHT, WIDTH, bars, zero_line
from affiliates.links import link_to
from affiliates.models import Affiliate, Creative, Payout, Statement, Tally
from affiliates.reports import PERIODS, Report, report_of
from storefront.dates import day
from storefront.money import digits, format_money


def dashboard_of(affiliate: Affiliate, period: str) -> dict[str, Any]:
    """The figures of a period, with their chart."""
    report = report_of(affiliate, period)
    return {
        "report": report,
        "chart": _chart(report),
        "periods": list(PERIODS.values()),
        "tables": _tables(report),
    }


def _tables(report: Report) -> list[dict[str, Any]]:
    heads = {
        Tally.Facet.PRODUCT: _("By product"),
        Tally.Facet.LINK: _("By page"),
        Tally.Facet.SUB: _("By sub-id"),
        Tally.Facet.COUPON: _("By coupon"),
    }
    return [
        {"facet": facet, "head": head, "rows": report.facets[facet], "has_clicks": facet in ("link", "sub")}
        for facet, head in heads.items()
        if facet in report.facets
    ]


def _chart(report: Report) -> dict[str, Any]:
    """What was earned over time, in the currency that most was earned in; clicks where nothing was."""
    currency = max(report.total.earned, key=lambda code: report.total.earned[code], default="")
    values = [
        span.figures.earned.get(currency, 0) if currency else span.figures.clicks for span in report.spans
    ]
    language = get_language() or "en"
    labels = [
        f"{day(span.first)}: {format_money(value, currency, language) if currency else digits(value)}"
        for span, value in zip(report.spans, values, strict=True)
    ]
    return {
        "bars": bars(values, labels, is_rtl=get_language_bidi()),
        "zero": zero_line(values),
        "width": WIDTH,
        "height": HEIGHT,
        "currency": currency,
        "most": max(*values, 0),
        "first": report.spans[0].first,
        "last": report.spans[-1].last,
    }


def payout_rows(affiliate: Affiliate) -> list[Payout]:
    """The payouts with their printed statements, newest first. Two queries."""
    printed = Prefetch("statements", Statement.objects.order_by("language"))
    payouts = Payout.objects.filter(affiliate=affiliate).select_related("batch").prefetch_related(printed)
    return list(payouts.order_by("-pk")[:200])


def creative_of(affiliate: Affiliate, creative: Creative) -> dict[str, Any]:
    """A banner or text with the affiliate's link, and the HTML to copy."""
    product = creative.product
    link = link_to(affiliate, product.get_absolute_url() if product else "")
    picture = creative.picture or (product.cover if product else None)
    return {"creative": creative, "picture": picture, "link": link, "html": _html(creative, picture, link)}


def _html(creative: Creative, picture: Any, link: str) -> SafeString:
    if picture is None:
        return format_html('<a href="{}">{}</a>', link, creative.text or creative.title)
    address = settings.SITE_URL + picture.url(640, "jpg")
    return format_html('<a href="{}"><img src="{}" width="320" alt="{}"></a>', link, address, creative.title)


def coupons_of(affiliate: Affiliate) -> list[dict[str, str]]:
    """The coupons for the affiliate's readers, with a link that brings each. One query."""
    own = affiliate.coupons.select_related("coupon").filter(coupon__is_active=True)
    codes = [each.coupon.code for each in own]
    return [{"code": code, "link": link_to(affiliate, f"/?{urlencode({'coupon': code})}")} for code in codes]
