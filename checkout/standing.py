"""Whether what was bought still stands, as the money says: recomputed from its rows, so that events in any
order end alike.
"""

from enum import StrEnum

from django.db.models import F, Q

from checkout.models import Dispute, Order, OrderLine, Refund, Upgrade


class Standing(StrEnum):
    KEPT = ""
    DISPUTED = "disputed"
    REFUNDED = "refunded"


def standings(order: Order) -> dict[int, Standing]:
    """How each line of a paid order stands, by its id.

    An upgrade stands on the line that it upgrades: where that was taken back, it is, too.
    """
    whole, closed = _whole(order), _closed_lines(order)
    found = {
        pk: Standing.REFUNDED if pk in closed else whole for pk in order.lines.values_list("pk", flat=True)
    }
    for upgrade in Upgrade.objects.filter(line__order=order).select_related("former__order"):
        if found[upgrade.line_id] == Standing.KEPT:
            found[upgrade.line_id] = standings(upgrade.former.order)[upgrade.former_id]
    return found


def _whole(order: Order) -> Standing:
    """What the money says of the whole order: refunded in full, disputed, lost to a dispute, or nothing."""
    if not order.is_paid:
        return Standing.REFUNDED
    disputes = Dispute.objects.filter(payment__order=order, payment__is_duplicate=False, is_warning=False)
    statuses = set(disputes.values_list("status", flat=True)) - {Dispute.Status.WON}
    if Dispute.Status.LOST in statuses:
        return Standing.REFUNDED
    return Standing.DISPUTED if statuses else Standing.KEPT


def _closed_lines(order: Order) -> set[int]:
    """The lines that a smaller refund took back."""
    refunds = Refund.objects.settled().filter(
        payment__order=order, payment__is_duplicate=False, revokes_access=True
    )
    closed: set[int] = set()
    for refund in refunds.prefetch_related("lines"):
        named = {part.line_id for part in refund.lines.all()}
        closed |= named or set(order.lines.values_list("pk", flat=True))
    return closed


def is_leaving(line: OrderLine) -> bool:
    """Whether a refund that is on its way will take the line back."""
    takes_it = Q(revokes_access=True) & (Q(lines=None) | Q(lines__line=line))
    pending = Refund.objects.filter(status=Refund.Status.PENDING, payment__order=line.order_id)
    is_whole = Q(amount=F("payment__amount"))
    return pending.filter(takes_it | is_whole, payment__is_duplicate=False).exists()
