"""The ledger: rows are written under the lock of their affiliate, and a balance is always their sum."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from affiliates.errors import AdjustmentRefused
from affiliates.models import Affiliate, LedgerEntry, LedgerSum
from storefront.money import decimals
from storefront.text import clean_line

CLOSED_AFTER = 100  # rows: fewer cost a balance next to nothing
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Balance:
    """How an affiliate stands in one currency, in minor units.

    `pending` is not free yet; `available` may be paid out, and is negative where more was taken back than
    was left; `paid` went out and stayed out.
    """

    currency: str
    pending: int = 0
    available: int = 0
    paid: int = 0

    @property
    def total(self) -> int:
        return self.pending + self.available


def lock(affiliate_id: int) -> Affiliate:
    """The affiliate, for whose ledger nobody else writes until the transaction ends.

    An order, where one is locked too, is locked before.
    """
    return Affiliate.objects.select_for_update(of=["self"]).select_related("user").get(pk=affiliate_id)


def append(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """Write rows, in a transaction that holds the lock(). A cause that was written before raises."""
    return LedgerEntry.objects.bulk_create(entries)


# --- Sums --------------------------------------------------------------------------------------------


_BALANCES = """
    WITH last AS (SELECT MAX(through) AS through FROM affiliates_ledgersum WHERE affiliate_id = %(affiliate)s)
    SELECT currency, SUM(pending), SUM(available), -SUM(paid) FROM (
        SELECT currency,
            CASE WHEN available_at > %(at)s THEN amount ELSE 0 END AS pending,
            CASE WHEN available_at > %(at)s THEN 0 ELSE amount END AS available,
            CASE WHEN payout_id IS NULL THEN 0 ELSE amount END AS paid
        FROM affiliates_ledgerentry
        WHERE affiliate_id = %(affiliate)s
            AND available_at >= COALESCE((SELECT through FROM last), %(long_ago)s)
        UNION ALL
        SELECT currency, 0, amount, paid FROM affiliates_ledgersum
        WHERE affiliate_id = %(affiliate)s AND through = (SELECT through FROM last)
    ) parts
    GROUP BY currency ORDER BY currency
"""


def balances(affiliate: Affiliate, at: datetime | None = None) -> list[Balance]:
    """How the affiliate stands, by currency. One query, that reads the rows since the last closed period."""
    moment = connection.ops.adapt_datetimefield_value
    values = {"affiliate": affiliate.pk, "at": moment(at or timezone.now()), "long_ago": moment(_LONG_AGO)}
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, values)
        return [Balance(currency, *map(int, sums)) for currency, *sums in cursor.fetchall()]


def balance(affiliate: Affiliate, currency: str, at: datetime | None = None) -> Balance:
    found = (each for each in balances(affiliate, at) if each.currency == currency)
    return next(found, Balance(currency))


_OWED = """
    WITH last AS (
        SELECT affiliate_id, MAX(through) AS through FROM affiliates_ledgersum GROUP BY affiliate_id
    ), parts AS (
        SELECT entry.affiliate_id, entry.currency, entry.amount
        FROM affiliates_ledgerentry entry LEFT JOIN last ON last.affiliate_id = entry.affiliate_id
        WHERE entry.available_at <= %s AND (last.through IS NULL OR entry.available_at >= last.through)
        UNION ALL
        SELECT closed.affiliate_id, closed.currency, closed.amount
        FROM affiliates_ledgersum closed
        JOIN last ON last.affiliate_id = closed.affiliate_id AND last.through = closed.through
    )
    SELECT affiliate_id, currency, SUM(amount) FROM parts
    GROUP BY affiliate_id, currency HAVING SUM(amount) > 0 ORDER BY affiliate_id, currency
"""


def owed() -> list[tuple[int, str, int]]:
    """All that may be paid out now: affiliate, currency and minor units. One query for all affiliates."""
    with connection.cursor() as cursor:
        cursor.execute(_OWED, [connection.ops.adapt_datetimefield_value(timezone.now())])
        return [(affiliate_id, currency, int(sum_)) for affiliate_id, currency, sum_ in cursor.fetchall()]


# --- By the hand of staff ----------------------------------------------------------------------------


@transaction.atomic
def adjust(
    affiliate: Affiliate, amount: int, currency: str, *, reason: str, by: User, key: str
) -> LedgerEntry:
    """Give (+) or take (-) so many minor units, free at once, with a reason that the affiliate reads.

    `key` is of the form that asks for it: sent twice, it gives the row that is there. Raises
    AdjustmentRefused for nothing or without a reason, and UnknownCurrency.
    """
    decimals(currency)
    reason = clean_line(reason)[:300]
    if not amount or not reason:
        raise AdjustmentRefused(_("An adjustment needs an amount and a reason."))
    lock(affiliate.pk)
    cause = f"adjustment:{key}"[:60]
    written = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.ADJUSTMENT, cause=cause).first()
    if written:
        return written
    now = timezone.now()
    (entry,) = append(
        [
            LedgerEntry(
                affiliate=affiliate,
                currency=currency,
                kind=LedgerEntry.Kind.ADJUSTMENT,
                amount=amount,
                cause=cause,
                reason=reason,
                by=by,
                available_at=now,
                created_at=now,
            )
        ]
    )
    return entry


# --- Closed periods ----------------------------------------------------------------------------------


def close_periods() -> int:
    """Sum, once, what became free before yesterday, for affiliates with many such rows; gives how many.

    A day of leave, since the clocks of several machines differ. Safe to repeat and to race.
    """
    through = _midnight(timezone.now()) - timedelta(days=1)
    last = LedgerSum.objects.filter(affiliate=OuterRef("pk")).order_by("-through").values("through")[:1]
    since = (
        LedgerEntry.objects.filter(
            affiliate=OuterRef("pk"), available_at__lt=through, available_at__gte=OuterRef("last")
        )
        .order_by()
        .values("affiliate")
        .annotate(rows=Count("pk"))
        .values("rows")
    )
    busy = Affiliate.objects.annotate(last=Coalesce(Subquery(last), _LONG_AGO)).annotate(
        rows=Subquery(since, output_field=IntegerField())
    )
    found = list(busy.filter(rows__gte=CLOSED_AFTER).order_by("pk").values_list("pk", flat=True))
    return sum(close(affiliate_id, through) for affiliate_id in found)


@transaction.atomic
def close(affiliate_id: int, through: datetime) -> bool:
    """Close all days of an affiliate before a midnight of UTC that is past. False when they are closed."""
    if through != _midnight(through):
        raise ValueError("Days end at midnight.")
    affiliate = lock(affiliate_id)
    sums = LedgerSum.objects.filter(affiliate=affiliate)
    latest: datetime | None = sums.order_by("-through").values_list("through", flat=True).first()
    if latest is not None and latest >= through:
        return False
    before = {each.currency: each for each in sums.filter(through=latest)} if latest else {}
    entries = LedgerEntry.objects.filter(affiliate=affiliate, available_at__lt=through)
    fresh: dict[str, Any] = {
        row["currency"]: row
        for row in entries.filter(available_at__gte=latest or _LONG_AGO)
        .order_by()
        .values("currency")
        .annotate(
            new_amount=Sum("amount"),
            new_paid=Sum("amount", filter=Q(payout__isnull=False), default=0),
            new_entries=Count("pk"),
        )
    }
    if not fresh:
        return False
    LedgerSum.objects.bulk_create(
        _sum(affiliate, currency, through, before.get(currency), fresh.get(currency))
        for currency in sorted({*before, *fresh})
    )
    return True


def _sum(
    affiliate: Affiliate, currency: str, through: datetime, before: LedgerSum | None, fresh: Any
) -> LedgerSum:
    figures = {
        name: (getattr(before, name) if before else 0) + (fresh[f"new_{name}"] if fresh else 0)
        for name in ("amount", "paid", "entries")
    }
    return LedgerSum(affiliate=affiliate, currency=currency, through=through, **figures)


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
