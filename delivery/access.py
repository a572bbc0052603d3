"""Who may fetch what, as the money says: recomputed from its rows, so that events in any order end alike."""

from django.db import transaction
from django.utils import timezone

from checkout.models import Dispute, Order, OrderEvent, Refund
from delivery.models import DownloadGrant


def update_access(event: OrderEvent) -> None:
    """As update_access_of(), for the order of an event."""
    update_access_of(event.order_id)


@transaction.atomic
def update_access_of(order_id: int) -> None:
    """Take back or restore the rights of each line of the order. Safe to repeat and to race."""
    order = Order.objects.select_for_update().get(pk=order_id)
    grants = DownloadGrant.objects.filter(line__order=order)
    closed = set(grants.values_list("line", flat=True)) if _is_closed(order) else closed_lines(order)
    grants.filter(line__in=closed, revoked_at=None).update(revoked_at=timezone.now())
    grants.exclude(line__in=closed).exclude(revoked_at=None).update(revoked_at=None)


def _is_closed(order: Order) -> bool:
    """Whether the whole order is: refunded in full, or with a dispute that is open or lost."""
    disputes = Dispute.objects.filter(payment__order=order, payment__is_duplicate=False, is_warning=False)
    return not order.is_paid or disputes.exclude(status=Dispute.Status.WON).exists()


def closed_lines(order: Order) -> set[int]:
    """The lines whose files a smaller refund took back."""
    refunds = Refund.objects.settled().filter(
        payment__order=order, payment__is_duplicate=False, revokes_access=True
    )
    closed: set[int] = set()
    for refund in refunds.prefetch_related("lines"):
        named = {part.line_id for part in refund.lines.all()}
        closed |= named or set(order.lines.values_list("pk", flat=True))
    return closed
