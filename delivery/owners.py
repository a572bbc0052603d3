"""Whose is what an order brought: its buyer's, or that of whoever it was given to."""

from django.db.models import Q, QuerySet

from checkout.models import Gift, OrderLine


def lines_of_buyer(token: str) -> QuerySet[OrderLine]:
    """The lines of an order, for whoever has its address; none of one that was given away."""
    is_own = Q(order__is_gift=False) | Q(order__gift__kept_at__isnull=False)
    return OrderLine.objects.filter(is_own, order__token=token).select_related("order__gift")


def lines_of_recipient(token: str, user_id: int | None) -> QuerySet[OrderLine]:
    """The lines of a gift that was accepted, for whoever has its link, or for its account alone."""
    is_theirs = Q(claimed_by=None) | Q(claimed_by=user_id)
    gifts = Gift.objects.filter(is_theirs, token=token, claimed_at__isnull=False)
    return OrderLine.objects.filter(order__in=gifts.values("order")).select_related("order__gift")
