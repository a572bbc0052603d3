"""Who is credited with an order, and why it may be refused."""

from dataclasses import replace
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from affiliates.models import Affiliate, AffiliateCoupon, Program, Referral
from affiliates.visits import Visit, read
from checkout.models import Order, Payment

Way, Refusal = Referral.Way, Referral.Refusal


def visit_of(order: Order) -> Visit | None:
    """What the buyer came by: an affiliate's coupon, or an earlier purchase, where that counts, or a link.

    None for a link that was followed too long ago. One query for an order that nobody brought.
    """
    facts = _facts().get(pk=order.pk)
    visit = read(order.referral)
    if visit and not _program(facts).counts(visit.at, order.placed_at):
        visit = None
    if facts["coupon"]:
        return _by_coupon(facts["coupon"], order, visit)
    if facts["is_lifetime"] and (first := _first_referral(order)):
        return Visit(first.affiliate_id, first.created_at, Way.LIFETIME)
    return visit


def _facts() -> QuerySet[Order, dict[str, Any]]:
    """Of an order: an affiliate's coupon that it used, and what the programme says of links."""
    used = AffiliateCoupon.objects.filter(coupon__redemptions__order=OuterRef("pk"))
    program = Program.objects.order_by()
    return Order.objects.annotate(
        coupon=Subquery(used.order_by("coupon__redemptions__pk").values("pk")[:1]),
        is_lifetime=Subquery(program.values("is_lifetime")[:1]),
        cookie_days=Subquery(program.values("cookie_days")[:1]),
    ).values("coupon", "is_lifetime", "cookie_days")


def _program(facts: dict[str, Any]) -> Program:
    days = facts["cookie_days"]
    return Program(cookie_days=days) if days else Program()


def _by_coupon(pk: int, order: Order, visit: Visit | None) -> Visit:
    """The coupon wins over any link; a link of the same affiliate says where the buyer came from."""
    used = AffiliateCoupon.objects.select_related("coupon").get(pk=pk)
    if visit is None or visit.affiliate_id != used.affiliate_id:
        visit = Visit(used.affiliate_id, order.placed_at, Way.COUPON)
    return replace(visit, way=Way.COUPON, coupon=used.coupon.code)


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
    if _has_paid_by_own_means(affiliate, order):
        return Refusal.OWN_PAYMENT
    return "" if affiliate.is_active else Refusal.NOT_ACTIVE


def _has_paid_by_own_means(affiliate: Affiliate, order: Order) -> bool:
    """By a card or account that the affiliate has paid with here, under whatever name. One query."""
    own = Payment.objects.filter(order__in=Order.objects.bought_by(affiliate.user.email, affiliate.user))
    return order.payments.filter(payer__in=own.exclude(payer="").values("payer")).exists()
