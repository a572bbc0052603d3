"""What looks odd about a referral: for staff, who decides. Nothing is refused by it."""

from collections.abc import Callable
from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, LedgerEntry, Referral
from checkout.models import Order

LOOK_BACK = timedelta(days=30)
BURST, BURST_TIME = 5, timedelta(hours=1)
MANY, REFUNDED_SHARE = 5, 0.3

WORDS = {
    "own_address": _("bought from where the affiliate signs in"),
    "same_address": _("other buyers of this affiliate came from the same place"),
    "burst": _("many orders within an hour"),
    "refunds": _("much of what this affiliate brings is given back"),
}


def hints_for(affiliate: Affiliate, order: Order) -> str:
    """The names of what looks odd, with commas between. Four small queries."""
    checks: dict[str, Callable[[Affiliate, Order], bool]] = {
        "own_address": _from_own_address,
        "same_address": _from_same_address,
        "burst": _in_a_burst,
        "refunds": _often_refunded,
    }
    return ",".join(name for name, looks_odd in checks.items() if looks_odd(affiliate, order))


def _from_own_address(affiliate: Affiliate, order: Order) -> bool:
    if not order.client_address:
        return False
    return UserSession.objects.filter(user=affiliate.user_id, ip=order.client_address).exists()


def _from_same_address(affiliate: Affiliate, order: Order) -> bool:
    if not order.client_address:
        return False
    others = Referral.objects.filter(
        affiliate=affiliate,
        created_at__gte=timezone.now() - LOOK_BACK,
        order__client_address=order.client_address,
    )
    return others.exclude(order__email_folded=order.email_folded).exists()


def _in_a_burst(affiliate: Affiliate, _order: Order) -> bool:
    recent = Referral.objects.filter(affiliate=affiliate, created_at__gte=timezone.now() - BURST_TIME)
    return len(recent.values("pk")[: BURST - 1]) >= BURST - 1  # this one is not written yet


def _often_refunded(affiliate: Affiliate, _order: Order) -> bool:
    reversals = Count("lines__entries", filter=Q(lines__entries__kind=LedgerEntry.Kind.REVERSAL))
    latest = Referral.objects.filter(affiliate=affiliate, status=Referral.Status.CREDITED)
    seen = list(latest.annotate(reversals=reversals).order_by("-pk").values_list("reversals", flat=True)[:20])
    return len(seen) >= MANY and sum(map(bool, seen)) / len(seen) >= REFUNDED_SHARE
