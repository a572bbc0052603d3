from collections.abc import Sequence

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, prefetch_related_objects
from django.utils.translation import override

from checkout.models import Order, OrderEvent, OrderLine
from delivery.models import License
from storefront.mail import send_templated
from storefront.text import fold_email


def mail_delivery(event: OrderEvent) -> None:
    """Mail the buyer that the order is ready, once an order, if it is one that is_mailed()."""
    order = event.order
    if not order.is_deliverable:  # refunded before the mail was written; a failed refund brings us here anew
        return
    if not is_mailed(order):
        return
    _write(order, f"order.delivered:{order.pk}")


def mail_delivery_again(event: OrderEvent) -> None:
    """Mail the buyer once more, at the address of now, because staff asked. One mail a wish."""
    if event.order.is_deliverable:
        _write(event.order, f"order.delivered:{event.order_id}:{event.pk}")


def _write(order: Order, cause: str) -> None:
    with override(order.language):
        order_url = settings.SITE_URL + order.get_absolute_url()
    send_templated(
        "order_delivered",
        to=order.email,
        context={
            "order": order,
            "lines": _lines_with_keys(order),
            "order_url": order_url,
        },
        language=order.language,
        cause=cause,
        about=order.number,
    )


def is_mailed(order: Order) -> bool:
    """Whether the paid order has a mail with its downloads, soon or already.

    What costs nothing is mailed to proven addresses only: otherwise anybody could make the shop write to
    anybody. The order page shows the files all the same.
    """
    return order.total > 0 or _is_proven(order)


def _lines_with_keys(order: Order) -> Sequence[OrderLine]:
    """The lines; those that brought licences have has_key, and these at hand."""
    has_key = Exists(License.objects.filter(line=OuterRef("pk")))
    lines = list(order.lines.select_related("variant__product__cover").annotate(has_key=has_key))
    licenses = License.objects.select_related("bundled__variant__product").order_by("bundled", "number")
    prefetch_related_objects(
        [line for line in lines if vars(line)["has_key"]], Prefetch("licenses", licenses)
    )
    return lines


def _is_proven(order: Order) -> bool:
    addresses = EmailAddress.objects.filter(user=order.user_id, verified=True).values_list("email", flat=True)
    return order.user_id is not None and order.email_folded in {fold_email(address) for address in addresses}
