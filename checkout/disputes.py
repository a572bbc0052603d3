"""When a buyer's bank asks for the money back: access rests while it is open, and follows how it ends."""

from collections.abc import Iterable

from django.db import transaction

from checkout.models import Dispute, Order, OrderEvent, Payment
from checkout.providers.base import DisputeResult, DisputeState
from checkout.refunds import money_returned


def book_disputes(payment: Payment, results: Iterable[DisputeResult]) -> None:
    """Bring our disputes of a payment in line with the provider's. Safe to repeat, and in any order."""
    for result in results:
        _book_dispute(payment, result)


@transaction.atomic
def _book_dispute(payment: Payment, result: DisputeResult) -> None:
    order = Order.objects.select_for_update().get(pk=payment.order_id)
    dispute, is_new = Dispute.objects.get_or_create(
        reference=result.reference,
        defaults={
            "payment": payment,
            "amount": result.amount,
            "reason": result.reason[:100],
            "is_warning": result.is_warning,
        },
    )
    if dispute.is_warning and not result.is_warning:  # the warning became a dispute
        Dispute.objects.filter(pk=dispute.pk).update(is_warning=False, amount=result.amount)
        is_new = True
    if is_new:
        _record(order, "order.disputed", dispute)
    if result.state != DisputeState.OPEN and dispute.close(Dispute.Status(result.state), result.amount):
        if not payment.is_duplicate:
            order.follow_money(money_returned(order))
        _record(order, f"order.dispute_{dispute.status}", dispute)


def _record(order: Order, name: str, dispute: Dispute) -> None:
    dispute.refresh_from_db()
    once = f"{name}:{dispute.pk}:{int(dispute.is_warning)}"
    OrderEvent.record(order, name, {"dispute": dispute.pk}, once=once)
