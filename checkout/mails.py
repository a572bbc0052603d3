"""Mails about money: to the buyer in the order's language, to staff in the shop's."""

from typing import Any

from django.conf import settings
from django.utils.translation import override

from checkout.models import Dispute, Order, OrderEvent, Refund, RefundRequest
from storefront.mail import send_templated


def mail_refund(event: OrderEvent) -> None:
    """Tell the buyer that money is on its way back. Once a refund."""
    refund = Refund.objects.select_related("payment").get(pk=event.data["refund"])
    _mail_buyer(event, "order_refunded", {"refund": refund}, f"order.refunded:{refund.pk}")


def mail_refund_declined(event: OrderEvent) -> None:
    """Tell the buyer that, and why, the refund they asked for is not given."""
    request = RefundRequest.objects.get(pk=event.data["request"])
    _mail_buyer(event, "refund_declined", {"request": request}, f"refund.declined:{request.pk}")


def mail_staff_of_hold(event: OrderEvent) -> None:
    """Tell staff that an order waits for them. One mail a hold and person."""
    _mail_staff(event, "order_held", {"reason": event.data.get("reason", "")})


def mail_staff_of_refund_request(event: OrderEvent) -> None:
    """Tell staff that a buyer asks for their money back, unless the shop has granted it by itself."""
    request = RefundRequest.objects.get(pk=event.data["request"])
    if request.status == RefundRequest.Status.OPEN:
        _mail_staff(event, "refund_asked", {"request": request})


def mail_staff_of_failed_refund(event: OrderEvent) -> None:
    """Tell staff that the buyer did not get the money back, and why."""
    _mail_staff(event, "refund_failed", {"refund": Refund.objects.get(pk=event.data["refund"])})


def mail_staff_of_dispute(event: OrderEvent) -> None:
    """Tell staff of a dispute or a fraud warning, which wants an answer in days."""
    _mail_staff(event, "order_disputed", {"dispute": Dispute.objects.get(pk=event.data["dispute"])})


def _mail_buyer(event: OrderEvent, name: str, context: dict[str, Any], cause: str) -> None:
    order = event.order
    send_templated(
        name,
        to=order.email,
        context={"order": order, "order_url": _order_url(order), **context},
        language=order.language,
        cause=cause,
    )


def _mail_staff(event: OrderEvent, name: str, context: dict[str, Any]) -> None:
    for _name, address in settings.ADMINS:
        send_templated(
            name,
            to=address,
            context={"order": event.order, **context},
            language=settings.LANGUAGE_CODE,
            cause=f"{event.name}:{event.pk}:{address}",
        )


def _order_url(order: Order) -> str:
    with override(order.language):
        return settings.SITE_URL + order.get_absolute_url()
