"""What fails again and again: tried for days, then left to staff, who is told."""

from datetime import timedelta

from django.db import transaction

from checkout.mails import mail_staff_of_parked
from checkout.models.event import DueRow


@transaction.atomic
def note_failure(row: DueRow, error: Exception) -> None:
    """Keep on the row why it could not be handled. When it is given up by that, staff gets one mail."""
    if row.mark_failed(f"{type(error).__name__}: {error}", getattr(error, "wait", timedelta(0))):
        mail_staff_of_parked(row)
