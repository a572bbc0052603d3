"""What buyers may use, as the money says: recomputed from its rows, so that events in any order end alike."""

from django.db import transaction
from django.utils import timezone

from checkout.models import Dispute, Order, OrderEvent, Refund
from delivery.models import DownloadGrant, License


def update_access(event: OrderEvent) -> None:
    """As update_access_of(), for the order of an event."""
    update_access_of(event.order_id)


@transaction.atomic
def update_access_of(order_id: int) -> None:
    """Take back or restore the rights and licences of each line of the order. Safe to repeat and to race."""
    order = Order.objects.select_for_update().get(pk=order_id)
    whole, closed = _withdrawn(order), _closed_lines(order)
    grants = DownloadGrant.objects.filter(line__order=order)
    if whole:
        grants.filter(revoked_at=None).update(revoked_at=timezone.now())
    else:
        grants.filter(line__in=closed, revoked_at=None).update(revoked_at=timezone.now())
        grants.exclude(line__in=closed).exclude(revoked_at=None).update(revoked_at=None)
    for license_ in License.objects.filter(line__order=order):
        license_.follow_money(License.Withdrawn.REFUNDED if license_.line_id in closed else whole)


def _withdrawn(order: Order) -> License.Withdrawn:
    """What the money says of the whole order: refunded in full, disputed, lost to a dispute, or nothing."""
    if not order.is_paid:
        return License.Withdrawn.REFUNDED
    disputes = Dispute.objects.filter(payment__order=order, payment__is_duplicate=False, is_warning=False)
    statuses = set(disputes.values_list("status", flat=True)) - {Dispute.Status.WON}
    if Dispute.Status.LOST in statuses:
        return License.Withdrawn.REFUNDED
    return License.Withdrawn.DISPUTED if statuses else License.Withdrawn.NO


def _closed_lines(order: Order) -> set[int]:
    """The lines whose files a smaller refund took back."""
    refunds = Refund.objects.settled().filter(
        payment__order=order, payment__is_duplicate=False, revokes_access=True
    )
    closed: set[int] = set()
    for refund in refunds.prefetch_related("lines"):
        named = {part.line_id for part in refund.lines.all()}
        closed |= named or set(order.lines.values_list("pk", flat=True))
    return closed
