"""Mails about money: to the buyer in the order's language, to staff in the shop's."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from checkout.models import Dispute, Order, OrderEvent, Refund, RefundRequest
from checkout.models.event import DueRow
from storefront.mail import send_templated, tell_staff


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
    with override(settings.LANGUAGE_CODE):
        _mail_staff(
            event,
            title=_("Order %(number)s is held") % {"number": event.order.number},
            words=_("Nothing is delivered until you have looked. Then release or refund the order."),
            details=event.data.get("reason", ""),
        )


def mail_staff_of_refund_request(event: OrderEvent) -> None:
    """Tell staff that a buyer asks for their money back, unless the shop has granted it by itself."""
    request = RefundRequest.objects.get(pk=event.data["request"])
    if request.status != RefundRequest.Status.OPEN:
        return
    with override(settings.LANGUAGE_CODE):
        _mail_staff(
            event,
            title=_("A refund is asked for: order %(number)s") % {"number": event.order.number},
            words=_("The buyer waits for your answer."),
            details=request.words,
        )


def mail_staff_of_failed_refund(event: OrderEvent) -> None:
    """Tell staff that the buyer did not get the money back, and why."""
    refund = Refund.objects.get(pk=event.data["refund"])
    with override(settings.LANGUAGE_CODE):
        _mail_staff(
            event,
            title=_("A refund failed: order %(number)s") % {"number": event.order.number},
            words=_("The money is with the shop again. Try again, or give it back by other means."),
            details=refund.error,
        )


def mail_staff_of_dispute(event: OrderEvent) -> None:
    """Tell staff of a dispute or a fraud warning, which wants an answer in days."""
    dispute = Dispute.objects.get(pk=event.data["dispute"])
    with override(settings.LANGUAGE_CODE):
        title = (
            _("A fraud warning: order %(number)s") if dispute.is_warning else _("A dispute: order %(number)s")
        )
        _mail_staff(
            event,
            title=title % {"number": event.order.number},
            words=_("Answer at the provider within its time; the order's evidence page has what you need."),
            details=dispute.reason,
        )


def mail_staff_of_parked(row: DueRow) -> None:
    """Tell staff that something failed for days and is not tried any more. One mail a row and person."""
    kind = row._meta.model_name
    with override(settings.LANGUAGE_CODE):
        tell_staff(
            title=_("Given up: %(what)s") % {"what": row},
            words=_("This failed for days. Mend the cause, then run it again."),
            details=row.error,
            path=reverse(f"admin:checkout_{kind}_change", args=[row.pk]),
            cause=f"parked:{kind}:{row.pk}",
        )


def _mail_buyer(event: OrderEvent, name: str, context: dict[str, Any], cause: str) -> None:
    order = event.order
    send_templated(
        name,
        to=order.email,
        context={"order": order, "order_url": _order_url(order), **context},
        language=order.language,
        cause=cause,
        about=order.number,
    )


def _mail_staff(event: OrderEvent, *, title: str, words: str, details: str) -> None:
    path = reverse("admin:checkout_order_change", args=[event.order_id])
    tell_staff(
        title=title,
        words=words,
        details=details,
        path=path,
        cause=f"{event.name}:{event.pk}",
        about=event.order.number,
    )


def _order_url(order: Order) -> str:
    with override(order.language):
        return settings.SITE_URL + order.get_absolute_url()
