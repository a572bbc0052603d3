"""Buyers ask for their money back in the shop; staff or a setting answers."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from checkout.errors import RefundNotPossible
from checkout.models import Order, OrderEvent, Payment, Refund, RefundRequest
from checkout.refunds import request_refund


def why_no_refund(order: Order) -> str:
    """Why the buyer can't ask for this order's money back; empty when they can."""
    if order.status != Order.Status.PAID or not order.total or order.paid_at is None:
        return _("There is nothing to give back for this order.")
    if RefundRequest.objects.filter(order=order).exists():
        return _("You have asked for this refund already.")
    if timezone.now() > order.paid_at + timedelta(days=refund_days(order)):
        return _("The time for a refund of this order has passed.")
    return ""


def refund_days(order: Order) -> int:
    """The shop's window for refunds, or the shortest that a product in the order has of its own, in days."""
    own = [line.variant.product.refund_days for line in order.lines.select_related("variant__product")]
    return min((settings.REFUND_WINDOW_DAYS if days is None else days for days in own), default=0)


@transaction.atomic
def ask_for_refund(order: Order, words: str = "") -> RefundRequest:
    """Take the buyer's wish in; with REFUNDS_AUTO_APPROVE it is granted at once. One an order.

    Raises RefundNotPossible outside the window, or where there is nothing to give back.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    if reason := why_no_refund(order):
        raise RefundNotPossible(reason)
    request = RefundRequest.objects.create(order=order, words=words)
    OrderEvent.record(order, "order.refund_asked", {"request": request.pk}, once="order.refund_asked")
    if settings.REFUNDS_AUTO_APPROVE:
        approve(request)
    return request


@transaction.atomic
def approve(request: RefundRequest, *, by: User | None = None) -> Refund | None:
    """Give back all that is left of the order's payment. Doing it twice does nothing more.

    Raises RefundNotPossible and RefundTooLarge as request_refund() does; then nothing is decided.
    """
    if not request.decide(RefundRequest.Status.APPROVED, decided_by=by):
        return request.refund
    payment = request.order.payments.get(status=Payment.Status.SUCCEEDED, is_duplicate=False)
    refund = request_refund(
        payment, payment.refundable, reason=Refund.Reason.REQUESTED, source=Refund.Source.BUYER, by=by
    )
    RefundRequest.objects.filter(pk=request.pk).update(refund=refund)
    return refund


@transaction.atomic
def decline(request: RefundRequest, *, answer: str, by: User) -> bool:
    """Say no, with words for the buyer, who gets them by mail. Once."""
    declined = request.decide(RefundRequest.Status.DECLINED, answer=answer, decided_by=by)
    if declined:
        OrderEvent.record(request.order, "order.refund_declined", {"request": request.pk})
    return declined
