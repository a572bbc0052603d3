"""What affiliates change of themselves."""

from collections.abc import Iterable

from django.db import transaction

from affiliates.mails import mail_account_changed
from affiliates.models import Affiliate

# Whoever takes over somebody's session would like these to be theirs.
WHERE_MONEY_GOES = {"method", "payee", "iban", "payout_email", "payout_note"}


@transaction.atomic
def change_profile(affiliate: Affiliate, changed: Iterable[str]) -> None:
    """Keep what the affiliate changed; where their money goes from now on is told to them by mail."""
    affiliate.save()
    if WHERE_MONEY_GOES & set(changed):
        mail_account_changed(affiliate)
