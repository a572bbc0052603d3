"""Mails to affiliates in their language, and to staff about applications."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from affiliates.models import Affiliate, LedgerEntry, Payout, Referral
from affiliates.wording import why
from storefront.mail import send_templated, tell_staff


def mail_approved(affiliate: Affiliate) -> None:
    """Tell the affiliate that they are in, with their link. Once an approval."""
    link = f"{settings.SITE_URL}/r/{affiliate.code}/"
    stamp = f"{affiliate.decided_at:%Y%m%d%H%M%S}"
    _mail(affiliate, "affiliate_approved", {"link": link}, f"affiliate.approved:{affiliate.pk}:{stamp}")


def mail_rejected(affiliate: Affiliate) -> None:
    """Tell the affiliate that, and why, they are not in. Once a decision."""
    stamp = f"{affiliate.decided_at:%Y%m%d%H%M%S}"
    _mail(affiliate, "affiliate_rejected", {}, f"affiliate.rejected:{affiliate.pk}:{stamp}")


def mail_staff_of_application(affiliate: Affiliate) -> None:
    """Tell staff that somebody applied. One mail an application and person."""
    with override(settings.LANGUAGE_CODE):
        tell_staff(
            title=_("Somebody wants to be an affiliate: %(name)s") % {"name": affiliate.name},
            words=_("They wait for your answer."),
            details="\n".join(filter(None, [affiliate.website, affiliate.plan])),
            path=reverse("admin:affiliates_affiliate_change", args=[affiliate.pk]),
            cause=f"affiliate.applied:{affiliate.pk}",
        )


def mail_earned(affiliate: Affiliate, entries: Sequence[LedgerEntry], day: str) -> None:
    """The day's new commissions in one mail. Once an affiliate and day."""
    with override(affiliate.language):
        lines = [{"why": why(entry), "entry": entry} for entry in entries[:50]]
    context = {"lines": lines, "more": len(entries) - len(lines), "sums": _sums(entries)}
    _mail(affiliate, "affiliate_earned", context, f"affiliate.earned:{affiliate.pk}:{day}")


def mail_reversal(referral: Referral, entries: Sequence[LedgerEntry]) -> None:
    """Tell the affiliate what was taken back, and why. Once a refund or dispute."""
    taken = [entry for entry in entries if entry.kind == LedgerEntry.Kind.REVERSAL and entry.amount < 0]
    affiliate = referral.affiliate
    with override(affiliate.language):
        lines = [{"why": why(entry), "entry": entry} for entry in taken]
    causes = "+".join(sorted({entry.cause for entry in taken}))
    context = {"lines": lines, "sums": _sums(taken)}
    _mail(affiliate, "affiliate_reversed", context, f"affiliate.reversed:{referral.pk}:{causes}"[:200])


def mail_paid(payout: Payout) -> None:
    """Tell the affiliate that money is on its way. Once a payout."""
    context = {"payout": payout}
    _mail(payout.affiliate, "affiliate_paid", context, f"affiliate.paid:{payout.pk}")


def mail_credit(payout: Payout, code: str) -> None:
    """Give a buyer the coupon that they earned by their friends. Once a payout."""
    context = {"payout": payout, "code": code, "shop_url": settings.SITE_URL}
    _mail(payout.affiliate, "friend_credit", context, f"affiliate.credit:{payout.pk}")


def mail_account_changed(affiliate: Affiliate) -> None:
    """Tell the affiliate that their money goes elsewhere from now on: it may not have been them."""
    stamp = f"{timezone.now():%Y%m%d%H%M%S%f}"
    _mail(affiliate, "affiliate_account", {}, f"affiliate.account:{affiliate.pk}:{stamp}")


def _mail(affiliate: Affiliate, name: str, context: dict[str, Any], cause: str) -> None:
    with override(affiliate.language):
        dashboard_url = settings.SITE_URL + reverse("affiliate")
    context = {"affiliate": affiliate, "dashboard_url": dashboard_url, **context}
    send_templated(name, to=affiliate.user.email, context=context, language=affiliate.language, cause=cause)


def _sums(entries: Iterable[LedgerEntry]) -> list[tuple[int, str]]:
    """The sum in each currency."""
    sums: dict[str, int] = {}
    for entry in entries:
        sums[entry.currency] = sums.get(entry.currency, 0) + entry.amount
    return [(sum_, currency) for currency, sum_ in sorted(sums.items())]
