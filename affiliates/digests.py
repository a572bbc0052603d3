"""The mail on days with new commissions: one an affiliate and day, written the day after."""

from datetime import datetime, time, timedelta
from itertools import groupby

from django.utils import timezone

from affiliates.mails import mail_earned
from affiliates.models import Affiliate, LedgerEntry, today

FROM_HOUR = 8  # of the shop's own time
DAYS = 3  # looked back, where the worker was away


def mail_earnings() -> None:
    """Write the mails that are due: a sweep. One mail each, by its cause, wherever a worker dies."""
    if timezone.localtime().hour < FROM_HOUR:
        return
    for back in range(DAYS, 0, -1):
        day = today() - timedelta(days=back)
        begins = timezone.make_aware(datetime.combine(day, time.min))
        entries = LedgerEntry.objects.filter(
            kind=LedgerEntry.Kind.COMMISSION,
            created_at__gte=begins,
            created_at__lt=begins + timedelta(days=1),
            affiliate__wants_digest=True,
        )
        rows = entries.select_related("affiliate__user", "line__product", "payout").order_by(
            "affiliate", "pk"
        )
        for affiliate, earned in groupby(rows.iterator(), key=_affiliate):
            mail_earned(affiliate, list(earned), f"{day:%Y-%m-%d}")


def _affiliate(entry: LedgerEntry) -> Affiliate:
    return entry.affiliate
