"""A payout on paper: what it pays for, line by line."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils.translation import override

from affiliates.models import LedgerEntry, Payout, Statement
from affiliates.wording import why
from checkout.printing import print_due
from storefront.jobs import enqueue
from storefront.pdf import render_pdf
from storefront.shop import shop

STYLESHEET = Path(settings.BASE_DIR) / "static" / "css" / "paper.css"
MAX_LINES = 2000


def ask_for_statement(payout: Payout, language: str) -> Statement:
    """Have a task print the payout in a language, once: asked for again, the one that is there is given."""
    try:
        with transaction.atomic():
            statement = Statement.objects.create(payout=payout, language=language)
            enqueue("affiliates.print_statement", statement.pk)
    except IntegrityError:
        statement = Statement.objects.get(payout=payout, language=language)
    return statement


def statement_of(payout: Payout) -> dict[str, Any]:
    """What the payout pays for: all that became free since the one before. These lines sum to it.

    The row of a payout is free in the moment for which its balance was read, so nothing falls between two.
    """
    mine = LedgerEntry.objects.filter(affiliate=payout.affiliate_id, currency=payout.currency)
    earlier = Payout.objects.filter(affiliate=payout.affiliate_id, currency=payout.currency, pk__lt=payout.pk)
    since: datetime | None = earlier.order_by("-pk").values_list("created_at", flat=True).first()
    lines = mine.filter(available_at__lte=payout.created_at).exclude(
        payout=payout, kind=LedgerEntry.Kind.PAYOUT
    )
    if since is not None:
        lines = lines.filter(available_at__gt=since)
    ordered = lines.select_related("line__product", "payout").order_by("available_at", "pk")
    shown = list(ordered[: MAX_LINES + 1])
    return {
        "payout": payout,
        "lines": [{"entry": entry, "why": why(entry)} for entry in shown[:MAX_LINES]],
        "is_cut": len(shown) > MAX_LINES,
    }


def print_statement(statement: Statement) -> None:
    """Print and store the PDF. Safe to repeat."""
    name = f"statements/{statement.payout.key}-{statement.language}.pdf"
    print_due(statement, statement.file, name, partial(_print, statement))


def _print(statement: Statement) -> bytes:
    payout = Payout.objects.select_related("affiliate", "batch").get(pk=statement.payout_id)
    with override(statement.language):
        context = {
            **statement_of(payout),
            "site_name": shop().name,
            "site_url": settings.SITE_URL,
            "language": statement.language,
            "direction": "rtl" if statement.language in settings.LANGUAGES_BIDI else "ltr",
        }
        html = render_to_string("affiliates/statement.html", context)
    return render_pdf(html, STYLESHEET.read_text())
