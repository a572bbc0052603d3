"""Giving money back. The row with its key is written first; the provider is called by a task."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.models import User
from checkout.errors import (
    PaymentRefused,
    ProviderNotOffered,
    ProviderUnavailable,
    RefundNotPossible,
    RefundTooLarge,
)
from checkout.models import Dispute, Order, OrderEvent, OrderLine, Payment, Refund, RefundLine
from checkout.providers import get_provider
from checkout.providers.base import Provider, RefundResult, RefundState
from storefront.jobs import enqueue


@transaction.atomic
def request_refund(
    payment: Payment,
    amount: int,
    *,
    reason: Refund.Reason,
    source: Refund.Source,
    lines: Mapping[OrderLine, int] | None = None,
    revokes_access: bool = False,
    by: User | None = None,
    note: str = "",
) -> Refund:
    """Promise to give back part of a payment, in its minor units; a task carries it out.

    `lines` says which part is for which line, and must sum to the amount. A refund of all that was paid
    takes the files back; `revokes_access` does so for a smaller one, of its lines if it names any.
    Raises RefundTooLarge beyond what is left of the payment or a line, counting refunds still on their way,
    and RefundNotPossible while the buyer's bank has the payment in dispute: that would be paid back twice.
    A source of MANUAL records money that staff gave back by other means.
    """
    order = Order.objects.select_for_update().get(pk=payment.order_id)
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    _check_payment(payment, amount)
    _check_lines(order, lines or {}, amount)
    refund = Refund.objects.create(
        payment=payment,
        amount=amount,
        reason=reason,
        source=source,
        revokes_access=revokes_access,
        requested_by=by,
        note=note,
    )
    RefundLine.objects.bulk_create(
        RefundLine(refund=refund, line=line, amount=part) for line, part in (lines or {}).items()
    )
    if source == Refund.Source.MANUAL:
        settle_refund(refund, RefundResult(RefundState.SUCCEEDED, refund.key, amount, refund.key))
    else:
        enqueue("checkout.execute_refund", refund.pk)
    return refund


def _check_payment(payment: Payment, amount: int) -> None:
    if not 0 < amount <= payment.refundable:
        raise RefundTooLarge(_("This is more than is left of the payment."))
    if payment.disputes.filter(status=Dispute.Status.OPEN, is_warning=False).exists():
        raise RefundNotPossible(
            _("The buyer's bank is asking for this money already. Wait for its decision.")
        )


def _check_lines(order: Order, lines: Mapping[OrderLine, int], amount: int) -> None:
    if lines and sum(lines.values()) != amount:
        raise RefundTooLarge(_("The parts of the lines don't sum to the amount."))
    for line, part in lines.items():
        earlier = line.refunds.exclude(refund__status=Refund.Status.FAILED)
        taken = earlier.aggregate(sum=Sum("amount"))["sum"] or 0
        if line.order_id != order.pk or not 0 < part <= line.amount - taken:
            raise RefundTooLarge(_("This is more than is left of %(line)s.") % {"line": line})


def execute_refund(refund: Refund) -> None:
    """Ask the provider to give the money back. Safe to repeat: the refund's key is the provider's too."""
    if not refund.claim():
        return
    try:
        provider = get_provider(refund.payment.provider)
        result = _looked_up(provider, refund) if refund.reference else provider.refund(refund)
    except (ProviderUnavailable, ProviderNotOffered) as error:
        refund.mark_retry(str(error), getattr(error, "wait", timedelta(0)))
    except PaymentRefused as error:
        settle_refund(refund, RefundResult(RefundState.FAILED, refund.reference or "", 0, error=str(error)))
    else:
        settle_refund(refund, result)


def _looked_up(provider: Provider, refund: Refund) -> RefundResult:
    """How a refund stands that the provider has made. One begun there has no key to guard a repeat."""
    made = provider.fetch(refund.payment).refunds
    found = next((each for each in made if each.reference == refund.reference), None)
    if found is None:
        raise ProviderUnavailable(_("The provider does not list this refund."))
    return found


@transaction.atomic
def settle_refund(refund: Refund, result: RefundResult) -> None:
    """Book what the provider says of a refund. Safe to repeat, to race, and in any order.

    The webhook may come before the API's own answer, and a refund that succeeded may fail days later:
    then the money is with us again, and so is the buyer's access.
    """
    order = Order.objects.select_for_update().get(pk=refund.payment.order_id)
    refund = Refund.objects.select_for_update().get(pk=refund.pk)
    if result.reference and not refund.reference:
        Refund.objects.filter(pk=refund.pk, reference=None).update(reference=result.reference)
    if result.state == RefundState.PENDING:
        return
    if not refund.mark(Refund.Status(result.state), error=result.error):
        return
    has_failed = refund.status == Refund.Status.FAILED
    if not refund.payment.is_duplicate:
        order.follow_money(money_returned(order))
    elif not has_failed:
        return  # the order stands, and its buyer keeps what it brought
    name = "order.refund_failed" if has_failed else "order.refunded"
    OrderEvent.record(order, name, {"refund": refund.pk}, once=f"{name}:{refund.pk}")


def book_refunds(payment: Payment, results: Iterable[RefundResult]) -> None:
    """Bring our refunds of a payment in line with the provider's list; those begun there come in here."""
    for result in results:
        refund = _refund_of(payment, result)
        if refund:
            settle_refund(refund, result)


@transaction.atomic
def _refund_of(payment: Payment, result: RefundResult) -> Refund | None:
    """Our row of a provider's refund; one without our key was begun there, and comes in here."""
    Order.objects.select_for_update().get(pk=payment.order_id)
    mine = payment.refunds.all()
    known = mine.filter(reference=result.reference).first()
    if known is None and result.key:
        known = mine.filter(key=result.key).first()
    if known:
        return known
    if result.state == RefundState.FAILED or result.amount <= 0:
        return None
    return Refund.objects.create(
        payment=payment,
        amount=result.amount,
        reason=Refund.Reason.OTHER,
        source=Refund.Source.PROVIDER,
        reference=result.reference,
    )


def money_returned(order: Order) -> int:
    """What went back of the money that paid the order: refunds and lost disputes, in minor units."""
    paid = order.payments.filter(status=Payment.Status.SUCCEEDED, is_duplicate=False)
    refunded = Refund.objects.settled().filter(payment__in=paid).aggregate(sum=Sum("amount"))["sum"] or 0
    lost = Dispute.objects.filter(payment__in=paid, status=Dispute.Status.LOST, is_warning=False)
    return int(refunded + (lost.aggregate(sum=Sum("amount"))["sum"] or 0))


def money_refunded(payment: Payment) -> int:
    """What was given back of one payment, in minor units; money given back by hand is not the provider's."""
    settled = payment.refunds.filter(status=Refund.Status.SUCCEEDED).exclude(source=Refund.Source.MANUAL)
    return int(settled.aggregate(sum=Sum("amount"))["sum"] or 0)
