"""Counts attempts in the database, so that all processes keep one limit and a wiped cache lifts none."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from storefront.models import LimitCount


def within_limit(name: str, key: str, *, limit: int, per: timedelta) -> bool:
    """Count one attempt by this key; false once `limit` were made in the running window.

    Exact under any number of processes: the count only moves by a conditional update. The key (an address,
    a product) is stored as a keyed hash.
    """
    row = limit_row(name, key, per=per)
    if _count(row, limit):
        return True
    LimitCount.objects.bulk_create([LimitCount(**row, ends_at=row["window"] + per)], ignore_conflicts=True)
    return _count(row, limit)


def is_spent(name: str, key: str, *, limit: int, per: timedelta) -> bool:
    """Whether within_limit() would say no, without counting: for limits on what went wrong only."""
    return LimitCount.objects.filter(**limit_row(name, key, per=per), count__gte=limit).exists()


def limit_row(name: str, key: str, *, per: timedelta) -> dict[str, Any]:
    """Which LimitCount counts the key now; for a query that asks something else and this along the way."""
    seconds = int(per.total_seconds())
    now = int(timezone.now().timestamp())
    window = datetime.fromtimestamp(now - now % seconds, tz=UTC)
    return {"key": salted_hmac(f"limit.{name}", key, algorithm="sha256").hexdigest(), "window": window}


def _count(row: dict[str, Any], limit: int) -> bool:
    return bool(LimitCount.objects.filter(**row, count__lt=limit).update(count=F("count") + 1))
