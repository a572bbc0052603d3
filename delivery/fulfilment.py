"""What a paid order brings."""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from catalog.models import ProductFile
from checkout.models import Order, OrderEvent, Payment
from delivery.access import update_access
from delivery.models import DownloadGrant


@transaction.atomic
def grant_downloads(event: OrderEvent) -> None:
    """Give each line of the order the right to each of its files, as far as the money still allows.

    An order refunded meanwhile gets its rights too, taken back: the refund may fail yet. Safe to repeat and
    to race: one right a line and file, by constraint. The order is locked, so that what a refund takes back
    is either seen here or finds the rights there.
    """
    followers = Q(refunds__isnull=False) | Q(disputes__isnull=False)
    has_followers = Exists(Payment.objects.filter(followers, order=OuterRef("pk")))
    orders = Order.objects.select_for_update(of=["self"])
    order = orders.annotate(has_followers=has_followers).get(pk=event.order_id)
    lines = list(order.lines.select_related("variant"))
    files = ProductFile.objects.filter(product__in={line.variant.product_id for line in lines})
    grants = [
        DownloadGrant(line=line, file=file)
        for file in files.prefetch_related("variants")
        for line in lines
        if file.is_brought_by(line.variant)
    ]
    DownloadGrant.objects.bulk_create(grants, ignore_conflicts=True)
    if order.has_followers or not order.is_paid:  # type: ignore[attr-defined]
        update_access(event)


def grant_at_once(order: Order) -> None:
    """For a buyer who looks at the paid order now: no worker is waited for."""
    for event in order.events.filter(name="order.paid", handled_at=None):
        grant_downloads(event)
