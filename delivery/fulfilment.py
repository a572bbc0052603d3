"""What a paid order brings, and what a refund takes back."""

from django.utils import timezone

from catalog.models import ProductFile
from checkout.models import Order, OrderEvent
from delivery.models import DownloadGrant


def grant_downloads(event: OrderEvent) -> None:
    """Give each line of the order the right to each of its files, unless it was refunded meanwhile.

    Safe to repeat and to race: one right a line and file, by constraint.
    """
    if not event.order.is_paid:
        return
    lines = list(event.order.lines.select_related("variant"))
    files = ProductFile.objects.filter(product__in={line.variant.product_id for line in lines})
    grants = [
        DownloadGrant(line=line, file=file)
        for file in files.prefetch_related("variants")
        for line in lines
        if file.is_brought_by(line.variant)
    ]
    DownloadGrant.objects.bulk_create(grants, ignore_conflicts=True)


def revoke_downloads(event: OrderEvent) -> None:
    """Take the rights back when the order is refunded in full. Safe to repeat."""
    if event.order.status == Order.Status.REFUNDED:
        grants = DownloadGrant.objects.filter(line__order=event.order)
        grants.usable().update(revoked_at=timezone.now())
