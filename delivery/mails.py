from collections.abc import Sequence
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, Q, prefetch_related_objects
from django.utils.translation import override

from checkout.models import Order, OrderEvent, OrderLine
from delivery.models import License
from storefront.mail import send_templated
from storefront.text import fold_email


def mail_delivery(event: OrderEvent) -> None:
    """Mail the buyer that the order is ready, once an order, if it is one that is_mailed().

    Whoever gives it away gets a receipt that opens nothing, and this mail only if they keep it after all.
    """
    order = event.order
    if not order.is_deliverable:  # refunded before the mail was written; a failed refund brings us here anew
        return
    if order.is_given:
        _write_receipt(order, f"order.given:{order.pk}")
    elif is_mailed(order):
        _write(order, f"order.delivered:{order.pk}")


def mail_delivery_again(event: OrderEvent) -> None:
    """Mail the buyer once more, at the address of now, because staff asked. One mail a wish."""
    if not event.order.is_deliverable:
        return
    if event.order.is_given:
        _write_receipt(event.order, f"order.given:{event.order_id}:{event.pk}")
    else:
        _write(event.order, f"order.delivered:{event.order_id}:{event.pk}")


def _write(order: Order, cause: str) -> None:
    _mail_buyer("order_delivered", order, cause, lines=_lines_with_keys(order))


def _write_receipt(order: Order, cause: str) -> None:
    lines = order.lines.select_related("variant__product__cover")
    _mail_buyer("order_given", order, cause, lines=lines, gift=order.gift)


def _mail_buyer(name: str, order: Order, cause: str, **context: Any) -> None:
    with override(order.language):
        order_url = settings.SITE_URL + order.get_absolute_url()
    send_templated(
        name,
        to=order.email,
        context={"order": order, "order_url": order_url, **context},
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
    """The lines with their keys: the licences that each brought or moved."""
    has_key = Exists(License.objects.filter(Q(line=OuterRef("pk")) | Q(upgraded_by=OuterRef("pk"))))
    lines = list(order.lines.select_related("variant__product__cover").annotate(has_key=has_key))
    having = [line for line in lines if vars(line)["has_key"]]
    keys = License.objects.select_related("bundled__variant__product").order_by("bundled", "number")
    prefetch_related_objects(having, Prefetch("licenses", keys), Prefetch("moved_licenses", keys))
    for line in having:
        vars(line)["keys"] = [*line.licenses.all(), *line.moved_licenses.all()]
    return lines


def _is_proven(order: Order) -> bool:
    addresses = EmailAddress.objects.filter(user=order.user_id, verified=True).values_list("email", flat=True)
    return order.user_id is not None and order.email_folded in {fold_email(address) for address in addresses}
