"""What providers tell us: kept as received, once, and taken as a reason to look again."""

import logging
from dataclasses import replace

from django.db.models import Q
from django.http import HttpRequest

from checkout.mismatches import note_mismatch
from checkout.models import Mismatch, Payment, WebhookEvent
from checkout.parking import note_failure
from checkout.payments import sync_payment
from checkout.providers.base import Provider, ProviderEvent
from storefront.jobs import enqueue

logger = logging.getLogger(__name__)


def receive(provider: Provider, request: HttpRequest) -> WebhookEvent:
    """Verify a message and keep it; a task handles it. One row for each of the provider's ids.

    Raises BadWebhookSignature (answered 400). A duplicate gives the row that is there.
    """
    return keep(provider, replace(provider.parse_webhook(request), body=request.body.decode()))


def keep(provider: Provider, told: ProviderEvent) -> WebhookEvent:
    """Keep what a provider is known to have said, by webhook or in its list; a task handles it, once."""
    event, is_new = WebhookEvent.objects.get_or_create(
        provider=provider.name,
        external_id=told.external_id,
        defaults={
            "type": told.type[:100],
            "payment_key": told.payment_key,
            "payment_reference": told.payment_reference,
            "is_money": told.is_money,
            "body": told.body,
        },
    )
    if is_new:
        enqueue("checkout.handle_webhook", event.pk)
    return event


def handle(event: WebhookEvent) -> None:
    """Look again at the payment that the event speaks of. Safe to repeat; a failure is tried again later."""
    if not event.claim():
        return
    try:
        payment = _payment_of(event)
        if payment:
            sync_payment(payment)
        elif event.is_money:
            note_mismatch(
                Mismatch.Kind.MONEY_WITHOUT_ORDER,
                event.payment_reference or event.external_id,
                provider=event.provider,
                details=f"{event.type} {event.external_id} {event.payment_key}",
            )
    except Exception as error:
        # Whatever went wrong stays on the row for staff to see, and the sweep tries again.
        logger.exception("Webhook event %s could not be handled.", event.pk)
        note_failure(event, error)
    else:
        event.mark_handled("" if payment else "It speaks of no payment of this shop.")


def _payment_of(event: WebhookEvent) -> Payment | None:
    mine = Payment.objects.filter(provider=event.provider)
    payment = mine.filter(key=event.payment_key).first() if event.payment_key else None
    if payment is None and event.payment_reference:
        reference = event.payment_reference
        return mine.filter(Q(reference=reference) | Q(capture_reference=reference)).first()
    if payment and not payment.reference and event.payment_reference:
        payment.note_reference(event.payment_reference)
    return payment
