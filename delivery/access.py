"""Who may fetch what, as the money says: recomputed from its rows, so that events in any order end alike."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from checkout.models import Dispute, Order, OrderEvent, OrderLine, Refund
from delivery.models import DownloadGrant


@transaction.atomic
def update_access(event: OrderEvent) -> None:
    """Take back or restore the rights of each line of the order. Safe to repeat and to race."""
    order = Order.objects.select_for_update().get(pk=event.order_id)
    closed = {line.pk for line in order.lines.all() if not _has_access(order, line)}
    grants = DownloadGrant.objects.filter(line__order=order)
    grants.filter(line__in=closed, revoked_at=None).update(revoked_at=timezone.now())
    grants.exclude(line__in=closed).exclude(revoked_at=None).update(revoked_at=None)


def _has_access(order: Order, line: OrderLine) -> bool:
    if not order.is_paid or _disputes(order).exists():
        return False
    taken = Refund.objects.settled().filter(
        payment__order=order, payment__is_duplicate=False, revokes_access=True
    )
    return not taken.filter(lines=None).exists() and not taken.filter(lines__line=line).exists()


def _disputes(order: Order) -> QuerySet[Dispute]:
    """Disputes that stand between the buyer and the files: open ones, and lost ones."""
    return Dispute.objects.filter(
        payment__order=order, payment__is_duplicate=False, is_warning=False
    ).exclude(status=Dispute.Status.WON)
