"""The mail on days with new commissions: one an affiliate and day, written the day after."""

from datetime import datetime, time, timedelta

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
        ).select_related("line__product", "payout")
        told = Affiliate.objects.filter(wants_digest=True, pk__in=entries.values("affiliate"))
        for affiliate in told.select_related("user").order_by("pk"):
            earned = entries.filter(affiliate=affiliate).order_by("pk")
            mail_earned(affiliate, list(earned), f"{day:%Y-%m-%d}")
