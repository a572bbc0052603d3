"""The ledger as its affiliate reads it: each line with its reason, on pages and as a file."""

from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import get_language, override, pgettext
from django.utils.translation import gettext as _

from affiliates.models import Affiliate, LedgerEntry
from affiliates.payout_files import amount_cell
from affiliates.wording import how, why, why_in_text
from storefront.spreadsheets import Cell, csv_file

PAGE, NEWEST = 50, 8


def newest(affiliate: Affiliate) -> list[dict[str, Any]]:
    return [_line(entry) for entry in _entries(affiliate)[:NEWEST]]


def ledger_page(affiliate: Affiliate, *, before: str) -> dict[str, Any]:
    """So many lines, the newest first, or those before a row; any page costs the same."""
    entries = _entries(affiliate)
    if before.isascii() and before.isdecimal() and len(before) < 19:
        entries = entries.filter(pk__lt=int(before))
    found = list(entries[: PAGE + 1])
    lines = [_line(entry) for entry in found[:PAGE]]
    return {"lines": lines, "next": found[PAGE - 1].pk if len(found) > PAGE else None}


def ledger_file(affiliate: Affiliate) -> StreamingHttpResponse:
    """All lines as CSV, oldest first, sent while they are read."""
    head = [_("Date"), _("Why"), _("Amount"), _("Currency"), pgettext("money", "Free on")]
    language = get_language()
    entries = _entries(affiliate).order_by("pk").iterator(chunk_size=500)
    return csv_file("ledger.csv", head, (_cells(entry, language) for entry in entries))


def _cells(entry: LedgerEntry, language: str | None) -> list[Cell]:
    written, free = timezone.localtime(entry.created_at), timezone.localtime(entry.available_at)
    with override(language):  # the request's own is over when lines are sent
        reason = why_in_text(entry)
    amount = amount_cell(entry.amount, entry.currency)
    return [f"{written:%Y-%m-%d}", reason, amount, entry.currency, f"{free:%Y-%m-%d}"]


def _entries(affiliate: Affiliate) -> QuerySet[LedgerEntry]:
    entries = LedgerEntry.objects.filter(affiliate=affiliate)
    return entries.select_related("line__product", "line__referral", "payout").order_by("-pk")


def _line(entry: LedgerEntry) -> dict[str, Any]:
    """An entry with why it is there, and how its buyer came."""
    came = how(entry.line.referral) if entry.line and entry.kind == LedgerEntry.Kind.COMMISSION else ""
    return {"entry": entry, "why": why(entry), "how": came, "is_free": entry.is_free(timezone.now())}
