"""Counts attempts in the database, so that all processes keep one limit and a wiped cache lifts none."""

from datetime import UTC, datetime, timedelta

from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from storefront.models import LimitCount


def within_limit(name: str, key: str, *, limit: int, per: timedelta) -> bool:
    """Count one attempt by this key; false once `limit` were made in the running window.

    Exact under any number of processes: the count only moves by a conditional update. The key (an address,
    a product) is stored as a keyed hash.
    """
    seconds = int(per.total_seconds())
    now = int(timezone.now().timestamp())
    window = datetime.fromtimestamp(now - now % seconds, tz=UTC)
    row = {"key": salted_hmac(f"limit.{name}", key, algorithm="sha256").hexdigest(), "window": window}
    if _count(row, limit):
        return True
    LimitCount.objects.bulk_create([LimitCount(**row, ends_at=window + per)], ignore_conflicts=True)
    return _count(row, limit)


def _count(row: dict[str, object], limit: int) -> bool:
    return bool(LimitCount.objects.filter(**row, count__lt=limit).update(count=F("count") + 1))
