"""Compares our books with the providers', for what no webhook ever told us."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils import timezone

from checkout import inbox, payments
from checkout.errors import PaymentRefused, ProviderNotOffered, ProviderUnavailable
from checkout.mismatches import note_mismatch
from checkout.models import Mismatch, Order, Payment, ReconcileMark, WebhookEvent
from checkout.providers import get_provider, providers
from checkout.providers.base import PaymentResult, PaymentState, Provider, RefundState
from checkout.refunds import money_refunded

OVERLAP = timedelta(minutes=10)
FIRST_LOOK = timedelta(days=3)  # as long as providers go on sending a webhook that we did not take
PAGE = 500
Row = TypeVar("Row", bound=Model)
Progress = Callable[[str, int], None]


def reconcile(say: Progress) -> None:
    """Sync what is pending, read each provider's events since the last look, and check the books.

    Safe to repeat and to run beside itself. Memory stays flat: rows are read in pages. `say` is told
    what is done and how many rows so far. A provider that is away is left to the next run.
    """
    for done, payment in enumerate(_pages(Payment.objects.unsettled()), start=1):
        payments.sync_if_stale(payment)
        say("pending payments asked about", done)
    for done, event in enumerate(_pages(WebhookEvent.objects.filter(handled_at=None)), start=1):
        inbox.handle(event)
        say("webhook events handled", done)
    for provider in providers().values():
        try:
            read_events(provider, say)
        except (ProviderUnavailable, PaymentRefused) as error:
            say(f"{provider.name} gives no list of events: {error}", 0)
    check_books(say)


def read_events(provider: Provider, say: Progress) -> None:
    """Take in what the provider lists since the last look. Raises ProviderUnavailable, and stays there."""
    started_at = timezone.now()
    mark, _created = ReconcileMark.objects.get_or_create(
        provider=provider.name, defaults={"read_until": started_at - FIRST_LOOK}
    )
    for done, told in enumerate(provider.recent_events(mark.read_until - OVERLAP), start=1):
        inbox.keep(provider, told)
        say(f"events of {provider.name} read", done)
    ReconcileMark.objects.filter(pk=mark.pk, read_until__lt=started_at).update(read_until=started_at)


def check_books(say: Progress) -> None:
    """Find orders that are paid without money, and money that is here for orders that are not."""
    money = Payment.objects.filter(order=OuterRef("pk"), status=Payment.Status.SUCCEEDED, is_duplicate=False)
    orders = Order.objects.exclude(paid_at=None).exclude(total=0).filter(~Exists(money))
    for done, order in enumerate(_pages(orders), start=1):
        note_mismatch(Mismatch.Kind.ORDER_WITHOUT_MONEY, order.number, order=order)
        say("orders without money found", done)
    unpaid = Payment.objects.filter(status=Payment.Status.SUCCEEDED, order__paid_at=None)
    for done, payment in enumerate(_pages(unpaid.select_related("order")), start=1):
        note_mismatch(Mismatch.Kind.MONEY_WITHOUT_ORDER, payment.key, order=payment.order)
        say("money without a paid order found", done)


def compare_with_providers(since: datetime, say: Progress) -> None:
    """Ask for each settled payment since then, and note where sums differ. One call a payment, or a few."""
    settled = Payment.objects.filter(status=Payment.Status.SUCCEEDED, settled_at__gte=since)
    for done, payment in enumerate(_pages(settled.select_related("order")), start=1):
        try:
            payments.sync_payment(payment)
            _compare(payment, get_provider(payment.provider).fetch(payment))
        except (ProviderUnavailable, ProviderNotOffered, PaymentRefused) as error:
            say(f"payment {payment.reference} could not be asked about: {error}", done)
        say("settled payments compared", done)


def _compare(payment: Payment, result: PaymentResult) -> None:
    if result.state != PaymentState.SUCCEEDED or result.amount != payment.amount:
        note_mismatch(
            Mismatch.Kind.ORDER_WITHOUT_MONEY,
            payment.reference,
            provider=payment.provider,
            order=payment.order,
            details=f"The provider says {result.state}, {result.amount} {result.currency}.",
        )
    theirs = sum(refund.amount for refund in result.refunds if refund.state == RefundState.SUCCEEDED)
    ours = money_refunded(payment)
    if theirs != ours:
        note_mismatch(
            Mismatch.Kind.REFUNDED_OTHERWISE,
            payment.reference,
            provider=payment.provider,
            order=payment.order,
            details=f"Given back: {theirs} there, {ours} here, in minor units of {payment.currency}.",
        )


def _pages(rows: QuerySet[Row]) -> Iterator[Row]:
    """The rows in the order of their keys, a page at a time: what changes meanwhile shifts nothing."""
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk")[:PAGE]):
        yield from page
        last = page[-1].pk
