"""Who is credited with an order, and why it may be refused."""

from affiliates.models import Affiliate, Program, Referral
from affiliates.visits import Visit, read
from checkout.models import Order

Way, Refusal = Referral.Way, Referral.Refusal


def visit_of(order: Order) -> Visit | None:
    """What the buyer came by: an earlier purchase, where that counts for a lifetime, or a link.

    None for a link that was followed too long ago.
    """
    program = Program.load()
    if program.is_lifetime and (first := _first_referral(order)):
        return Visit(first.affiliate_id, first.created_at, Way.LIFETIME)
    visit = read(order.referral)
    return visit if visit and program.counts(visit.at, order.placed_at) else None


def _first_referral(order: Order) -> Referral | None:
    """The first credited purchase of this buyer, by the address or the account."""
    earlier = Referral.objects.filter(status=Referral.Status.CREDITED).exclude(order=order)
    mine = earlier.filter(order__email_folded=order.email_folded).order_by("pk").first()
    if mine is None and order.user_id:
        mine = earlier.filter(order__user=order.user_id).order_by("pk").first()
    return mine


def refusal_of(affiliate: Affiliate, order: Order) -> str:
    """Why the affiliate gets nothing for the order; empty when nothing is against it."""
    if order.user_id == affiliate.user_id:
        return Refusal.OWN_ACCOUNT
    if affiliate.owns(order.email):
        return Refusal.OWN_EMAIL
    return "" if affiliate.is_active else Refusal.NOT_ACTIVE
