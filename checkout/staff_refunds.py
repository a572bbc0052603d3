"""Refunds that staff begins, guarded against the click that comes twice."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from checkout.errors import RefundNotPossible, RefundsChanged
from checkout.models import Order, OrderLine, Payment, Refund
from checkout.refunds import request_refund
from storefront.jobs import enqueue


@transaction.atomic
def refund_as_shown(
    payment: Payment,
    amount: int,
    *,
    left: int,
    reason: Refund.Reason,
    source: Refund.Source,
    by: User,
    lines: Mapping[OrderLine, int] | None = None,
    revokes_access: bool = False,
    note: str = "",
) -> Refund:
    """As request_refund(), if as much of the payment is left as whoever decided was shown, in minor units.

    So one form gives back once however often it is sent, and two people do not both decide. Raises
    RefundsChanged otherwise, having done nothing.
    """
    Order.objects.select_for_update().get(pk=payment.order_id)
    if Payment.objects.get(pk=payment.pk).refundable != left:
        raise RefundsChanged(
            _("Money of this payment was given back since this page was opened. Look before you go on.")
        )
    return request_refund(
        payment,
        amount,
        reason=reason,
        source=source,
        lines=lines,
        revokes_access=revokes_access,
        by=by,
        note=note,
    )


@transaction.atomic
def refund_again(refund: Refund, *, by: User) -> Refund:
    """Try a refund again: one on its way now, a failed one by a new refund, of which there is one at most.

    A failed refund is final at the provider, so that its key would only fail once more. Raises
    RefundNotPossible for a refund that succeeded, and what request_refund() raises.
    """
    Order.objects.select_for_update().get(pk=refund.payment.order_id)
    refund.refresh_from_db()
    if refund.run_again():
        enqueue("checkout.execute_refund", refund.pk)
        return refund
    if refund.status != Refund.Status.FAILED:
        raise RefundNotPossible(_("This refund succeeded. There is nothing to try again."))
    retry = Refund.objects.filter(retries=refund).first()
    if retry is None:
        retry = _anew(refund, by)
        Refund.objects.filter(pk=retry.pk).update(retries=refund)
    return retry


def _anew(refund: Refund, by: User) -> Refund:
    return request_refund(
        refund.payment,
        refund.amount,
        reason=Refund.Reason(refund.reason),
        source=Refund.Source.STAFF,
        lines={part.line: part.amount for part in refund.lines.select_related("line")},
        revokes_access=refund.revokes_access,
        by=by,
        note=refund.note,
    )
