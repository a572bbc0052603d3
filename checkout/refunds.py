"""Giving money back. The row with its key is written first; the provider is called by a task."""

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from checkout.errors import PaymentRefused, ProviderNotOffered, ProviderUnavailable, RefundTooLarge
from checkout.models import Order, Payment, Refund
from checkout.providers import get_provider
from checkout.providers.base import RefundResult, RefundState
from storefront.jobs import enqueue


@transaction.atomic
def request_refund(payment: Payment, amount: int, *, reason: Refund.Reason) -> Refund:
    """Promise to give back part of a payment, in its minor units; a task carries it out.

    Raises RefundTooLarge beyond what is left of the payment, counting refunds still on their way.
    """
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    if not 0 < amount <= payment.refundable:
        raise RefundTooLarge(_("This is more than is left of the payment."))
    refund = Refund.objects.create(payment=payment, amount=amount, reason=reason)
    enqueue("checkout.execute_refund", refund.pk)
    return refund


def execute_refund(refund: Refund) -> None:
    """Ask the provider to give the money back. Safe to repeat: the refund's key is the provider's too."""
    if not refund.claim():
        return
    try:
        result = get_provider(refund.payment.provider).refund(refund)
    except (ProviderUnavailable, ProviderNotOffered) as error:
        refund.mark_retry(str(error))
    except PaymentRefused as error:
        refund.mark(Refund.Status.FAILED, error=str(error))
    else:
        settle_refund(refund, result)


@transaction.atomic
def settle_refund(refund: Refund, result: RefundResult) -> None:
    """Book what the provider says of a refund, once; the order follows, unless it was paid twice."""
    order = Order.objects.select_for_update().get(pk=refund.payment.order_id)
    refund = Refund.objects.select_for_update().get(pk=refund.pk)
    if result.state == RefundState.PENDING:
        Refund.objects.filter(pk=refund.pk).update(reference=result.reference)
        return
    moved = refund.mark(Refund.Status(result.state), reference=result.reference, error=result.error)
    if moved and refund.status == Refund.Status.SUCCEEDED and refund.reason != Refund.Reason.DUPLICATE:
        order.mark_refunded(_refunded(order), refund.pk)


def _refunded(order: Order) -> int:
    settled = Refund.objects.filter(payment__order=order, status=Refund.Status.SUCCEEDED)
    return settled.exclude(reason=Refund.Reason.DUPLICATE).aggregate(sum=Sum("amount"))["sum"] or 0
