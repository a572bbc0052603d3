"""What an account has: bought and not given away, or given to it; paid, and not given back."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from checkout.models import Dispute, Order, OrderLine, Refund


def owned_lines(user: User) -> QuerySet[OrderLine]:
    """Lines whose files the account may use: neither held nor disputed, nor given back or about to be."""
    disputes = Dispute.objects.filter(
        payment__order=OuterRef("order"), payment__is_duplicate=False, is_warning=False
    )
    refunds = Refund.objects.filter(
        Q(lines=None) | Q(lines__line=OuterRef("pk")),
        payment__order=OuterRef("order"),
        payment__is_duplicate=False,
        revokes_access=True,
    )
    orders = Order.objects.paid().of_account(user.pk).filter(held_at=None)
    is_own = Q(order__is_gift=False) | Q(order__gift__kept_at__isnull=False) | Q(order__gift__claimed_by=user)
    return (
        OrderLine.objects.filter(is_own, order__in=orders)
        .exclude(Exists(disputes.exclude(status=Dispute.Status.WON)))
        .exclude(Exists(refunds.exclude(status=Refund.Status.FAILED)))
        .order_by()
    )


def owned_variants(user: User | None, among: Collection[int]) -> set[int]:
    """Those of these variants that the account has, by themselves or out of a bundle. One query at most."""
    if user is None or not among:
        return set()
    out_of_bundle = Q(bundled__variant__in=among, bundled__quantity__gt=0)
    lines = owned_lines(user).filter(Q(variant__in=among) | out_of_bundle)
    found: set[int | None] = set()
    for own, part, quantity in lines.values_list("variant", "bundled__variant", "bundled__quantity"):
        found |= {own, part if quantity else None}
    return {pk for pk in among if pk in found}
