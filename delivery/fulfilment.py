"""What a paid order brings."""

from catalog.models import ProductFile
from checkout.models import OrderEvent
from delivery.access import update_access
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
    update_access(event)  # a refund or a dispute may have been quicker
