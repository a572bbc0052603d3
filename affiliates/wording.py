"""Why each line of the ledger is there, in the reader's language. It tells no buyer."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from affiliates.models import LedgerEntry, Referral, ReferralLine
from checkout.wording import sentence
from storefront.money import format_rate
from storefront.templatetags.shop import isolate, ltr, money

Kind, Way = LedgerEntry.Kind, Referral.Way

# By kind, by what caused it, and whether it gives (True) or takes.
_WORDS: dict[tuple[str, str, bool], str] = {
    (Kind.REVERSAL, "refund", False): gettext_noop("The buyer of %(title)s had money back."),
    (Kind.REVERSAL, "refund", True): gettext_noop("A refund for %(title)s did not go through."),
    (Kind.REVERSAL, "dispute", False): gettext_noop("The buyer's bank took the money for %(title)s back."),
    (Kind.REVERSAL, "dispute", True): gettext_noop("The money for %(title)s was won back from the bank."),
    (Kind.REVERSAL, "payout", True): gettext_noop("Payout %(payout)s came back: the money is yours again."),
    (Kind.HOLD, "dispute", False): gettext_noop("Held while the buyer's bank looks at %(title)s."),
    (Kind.HOLD, "dispute", True): gettext_noop("The bank has decided about %(title)s: the hold is over."),
    (Kind.HOLD, "refund", True): gettext_noop("Less of the money for %(title)s is in question now."),
    (Kind.HOLD, "refund", False): gettext_noop("More of the money for %(title)s is in question now."),
    (Kind.ADJUSTMENT, "", True): gettext_noop("Set right by the shop: %(reason)s"),
    (Kind.ADJUSTMENT, "", False): gettext_noop("Set right by the shop: %(reason)s"),
    (Kind.PAYOUT, "payout", False): gettext_noop("Payout %(payout)s."),
}


def why(entry: LedgerEntry) -> SafeString:
    """Why the row is there, as a sentence for a page. The entry comes with its line's product and payout."""
    title = isolate(entry.line.product.title) if entry.line else ""
    if entry.kind == Kind.COMMISSION and entry.line:
        return _commission(entry, entry.line, title)
    cause = "refund" if entry.refund_id else "dispute" if entry.dispute_id else ""
    words = _WORDS[entry.kind, "payout" if entry.payout_id else cause, entry.amount > 0]
    payout = ltr(entry.payout.number) if entry.payout else ""
    return sentence(_(words), title=title, payout=payout, reason=isolate(entry.reason))


def why_in_text(entry: LedgerEntry) -> str:
    """The same for files and plain mails."""
    return strip_tags(why(entry)).replace("&amp;", "&").replace("&#x27;", "'").replace("&quot;", '"')


def _commission(entry: LedgerEntry, line: ReferralLine, title: Any) -> SafeString:
    base = money(line.base, entry.currency)
    if line.percent_bps is None:
        sum_ = money(line.fixed or 0, entry.currency)
        return sentence(_("Commission for %(title)s: %(sum)s for each piece."), title=title, sum=sum_)
    words = _("Commission for %(title)s: %(percent)s of %(base)s.")
    return sentence(words, title=title, percent=percent(line.percent_bps), base=base)


def percent(bps: int) -> str:
    """Basis points as a share, in the reader's language: 2050 is 20.5%."""
    return format_rate(bps, get_language() or settings.LANGUAGE_CODE)


_WAYS: dict[str, Callable[[], str]] = {
    Way.LINK: lambda: _("They followed your link."),
    Way.CARRIED: lambda: _("They followed your link and bought right away."),
    Way.COUPON: lambda: _("They used your coupon."),
    Way.LIFETIME: lambda: _("They bought by you before."),
}


def how(referral: Referral) -> str:
    """Why this affiliate, in a sentence to them."""
    return _WAYS[referral.way]()
