"""Buyers ask for their money back in the shop; staff or a setting answers."""

from django.db import transaction

from accounts.models import User
from checkout.errors import RefundNotPossible
from checkout.models import Order, OrderEvent, OrderLine, Payment, Refund, RefundRequest
from checkout.money_back import money_back
from checkout.refunds import request_refund
from storefront.shop import shop


@transaction.atomic
def ask_for_refund(order: Order, words: str = "") -> RefundRequest:
    """Take the buyer's wish in; with REFUNDS_AUTO_APPROVE it is granted at once. One an order.

    It is about every line whose own window is open. Asking again gives the request that is there. Raises
    RefundNotPossible where all windows are over, or where there is nothing to give back.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    standing = money_back(order, _lines(order))
    if standing.request:
        return standing.request
    if standing.why_not:
        raise RefundNotPossible(standing.why_not)
    request = RefundRequest.objects.create(order=order, words=words)
    OrderEvent.record(order, "order.refund_asked", {"request": request.pk}, once="order.refund_asked")
    if shop().refunds_auto_approve:
        approve(request)
    return request


@transaction.atomic
def approve(request: RefundRequest, *, by: User | None = None) -> Refund | None:
    """Give back what is left of the lines that were within their window when the buyer asked.

    All of the order, where that is all of its lines; else their files close and the others stay. Doing it
    twice does nothing more. Raises RefundNotPossible and RefundTooLarge as request_refund() does; then
    nothing is decided.
    """
    order = Order.objects.select_for_update().get(pk=request.order_id)
    if not request.decide(RefundRequest.Status.APPROVED, decided_by=by):
        return request.refund
    payment = order.payments.get(status=Payment.Status.SUCCEEDED, is_duplicate=False)
    lines = _lines(order)
    parts = money_back(order, lines, at=request.created_at).parts
    is_whole = all(line in parts for line in lines if line.amount)
    refund = request_refund(
        payment,
        payment.refundable if is_whole else sum(parts.values()),
        reason=Refund.Reason.REQUESTED,
        source=Refund.Source.BUYER,
        lines=None if is_whole else parts,
        revokes_access=True,
        by=by,
    )
    RefundRequest.objects.filter(pk=request.pk).update(refund=refund)
    return refund


def _lines(order: Order) -> list[OrderLine]:
    return list(order.lines.with_upgrades().select_related("order"))


@transaction.atomic
def decline(request: RefundRequest, *, answer: str, by: User) -> bool:
    """Say no, with words for the buyer, who gets them by mail. Once."""
    declined = request.decide(RefundRequest.Status.DECLINED, answer=answer, decided_by=by)
    if declined:
        OrderEvent.record(request.order, "order.refund_declined", {"request": request.pk})
    return declined
