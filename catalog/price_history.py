"""What was asked for a variant, and the lowest of it before a sale. Pure: no query, no clock.

Directive 98/6/EC, article 6a (the "Omnibus"): a reduction names the lowest price of the 30 days before it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

DAYS_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Terms:
    """A price with its sale, as it stood from a moment on. No amount: it was not sold in this currency."""

    asked_from: datetime
    amount: int | None
    sale_amount: int | None = None
    sale_starts_at: datetime | None = None
    sale_ends_at: datetime | None = None

    def asked(self, begin: datetime, end: datetime) -> Iterator[int]:
        """Every amount that was asked at some moment from begin until before end."""
        if self.amount is None or begin >= end:
            return
        if self.sale_amount is None or self.sale_starts_at is None:
            yield self.amount
            return
        sale_end = end if self.sale_ends_at is None else min(self.sale_ends_at, end)
        sale_begin = max(self.sale_starts_at, begin)
        if sale_begin >= sale_end:
            yield self.amount
            return
        yield self.sale_amount
        if sale_begin > begin or sale_end < end:
            yield self.amount


def lowest_asked(history: Iterable[Terms], begin: datetime, end: datetime) -> int | None:
    """The lowest amount asked from begin until before end; None where nothing was.

    The history is in its order of time; its last terms hold on.
    """
    terms = list(history)
    untils = [*(each.asked_from for each in terms[1:]), end]
    amounts = [
        amount
        for each, until in zip(terms, untils, strict=False)  # without a history there is only the end
        for amount in each.asked(max(each.asked_from, begin), min(until, end))
    ]
    return min(amounts, default=None)
