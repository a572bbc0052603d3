"""Staff is told on the day of payouts what is due."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from affiliates.models import Program, today
from affiliates.payouts import due
from storefront.mail import tell_staff
from storefront.money import format_money


def remind_of_payouts() -> None:
    """Mail staff the sums that are due, once a month and person, on the programme's day or soon after."""
    program, now = Program.load(), today()
    if program.payout_day is None or now.day < program.payout_day:
        return
    sums: dict[str, int] = {}
    for each in due():
        if not each.why_not:
            sums[each.currency] = sums.get(each.currency, 0) + each.amount
    if not sums:
        return
    with override(settings.LANGUAGE_CODE):
        tell_staff(
            title=_("Affiliates are to be paid"),
            words=_("Look at what is due, and make the batches."),
            details="\n".join(
                format_money(amount, currency, settings.LANGUAGE_CODE)
                for currency, amount in sorted(sums.items())
            ),
            path=reverse("admin:affiliates_payoutbatch_due"),
            cause=f"affiliates.payouts:{now:%Y-%m}",
        )
