"""A coupon's uses become rows: never more than it allows, however many orders are placed at once.

Whoever changes their cart before paying orders anew. The new order then takes over the uses of the one
before, so that a coupon for one use is not lost to a mistyped address; should the old one be paid after all,
it has them back from an order that is not paid yet, and else waits for staff.
"""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from checkout import coupon_words
from checkout.buyer import Buyer
from checkout.cart import Cart
from checkout.coupons import REASON, CartCoupon, Uses, count_uses, why_used_up
from checkout.errors import CouponNotUsable
from checkout.models import Coupon, Order, Redemption
from checkout.pricing import Totals
from storefront.text import isolate_text

USED_TWICE = gettext_noop("Another order of the same buyer was paid with this coupon meanwhile.")


def hold_coupons(used: Iterable[CartCoupon], cart: Cart, buyer: Buyer) -> None:
    """Lock the coupons that a new order uses and look again: in its transaction, before anything is written.

    Raises CouponNotUsable where one was used up, changed or deleted meanwhile. A coupon without a limit
    needs no lock, so that its orders need not wait for one another.
    """
    coupons = [each.coupon for each in used if each.applies and each.coupon.is_limited]
    if not coupons:
        return
    locked = {coupon.pk: coupon for coupon in _lock(coupons)}
    uses = count_uses(coupons, cart, buyer)
    for coupon in coupons:
        fresh = locked.get(coupon.pk)
        words = why_used_up(fresh, uses.get(coupon.pk, Uses())) if fresh else coupon_words.gone()
        if words:
            raise CouponNotUsable(f"{isolate_text(coupon.code)}: {words}")


def redeem(order: Order, used: Iterable[CartCoupon], totals: Totals, former: int | None) -> None:
    """Write down what each coupon took off a new order, in the transaction that holds them.

    `former` is the order, if any, that the reader placed before this one: while nobody has paid it, its uses
    of the same coupons pass to the new order.
    """
    taken = {part.label: part.amount for part in totals.parts if part.reason == REASON}
    coupons = [each.coupon for each in used if each.applies]
    Redemption.objects.bulk_create(
        Redemption(order=order, coupon=coupon, amount=taken[coupon.code]) for coupon in coupons
    )
    limited = [coupon.pk for coupon in coupons if coupon.is_limited]
    if not (limited and former):
        return
    if Order.objects.filter(pk=former, status=Order.Status.PENDING).exists():
        before = Q(order=former, yielded_to=None) | Q(yielded_to=former)
        Redemption.objects.filter(before, coupon__in=limited).update(yielded_to=order)


def with_coupons(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Orders that tell by `uses_coupons` whether keep_uses() need look at them at all."""
    return orders.annotate(uses_coupons=Exists(Redemption.objects.filter(order=OuterRef("pk"))))


def keep_uses(order: Order) -> bool:
    """Make sure that an order which was just paid has its uses, in that transaction.

    What it has yielded it takes back, from the order that has it if need be. False where that one is paid
    too, and the coupon has no use left for both: somebody must look. Safe to repeat.
    """
    if not getattr(order, "uses_coupons", True):
        return True
    coupons = [use.coupon for use in order.redemptions.select_related("coupon") if use.coupon.is_limited]
    if not coupons:
        return True
    _lock(coupons)  # whoever pays two orders at once pays one of them first
    yielded = order.redemptions.exclude(yielded_to=None).select_related("coupon", "yielded_to")
    has_back = [_take_back(order, use) for use in yielded]
    return all(has_back)


def _take_back(order: Order, use: Redemption) -> bool:
    mine = order.redemptions.filter(pk=use.pk)
    if not _is_spent(use.coupon, order):
        return bool(mine.update(yielded_to=None))
    holder = use.yielded_to
    if holder is None or holder.paid_at:
        return False
    others = Redemption.objects.filter(Q(order=holder) | Q(yielded_to=holder), coupon=use.coupon)
    others.update(yielded_to=order)
    return bool(mine.update(yielded_to=None))


def _is_spent(coupon: Coupon, order: Order) -> bool:
    """Whether its limits leave no use for this order, by what other orders have."""
    uses = Redemption.objects.counted().filter(coupon=coupon).exclude(order=order)
    theirs = uses.filter(order__in=Order.objects.bought_by(order.email, order.user))
    limit = coupon.limit_per_buyer
    return (coupon.max_uses is not None and uses.count() >= coupon.max_uses) or (
        limit is not None and theirs.count() >= limit
    )


def _lock(coupons: Iterable[Coupon]) -> list[Coupon]:
    """Always in the same order, so that two orders with the same coupons never wait for each other."""
    rows = Coupon.objects.select_for_update(no_key=True)
    return list(rows.filter(pk__in=[coupon.pk for coupon in coupons]).order_by("pk"))
