"""What providers tell us: kept as received, once, and taken as a reason to look again."""

import logging

from django.http import HttpRequest

from checkout.models import Payment, WebhookEvent
from checkout.payments import sync_payment
from checkout.providers.base import Provider
from storefront.jobs import enqueue

logger = logging.getLogger(__name__)


def receive(provider: Provider, request: HttpRequest) -> WebhookEvent:
    """Verify a message and keep it; a task handles it. One row for each of the provider's ids.

    Raises BadWebhookSignature (answered 400). A duplicate gives the row that is there.
    """
    told = provider.parse_webhook(request)
    event, is_new = WebhookEvent.objects.get_or_create(
        provider=provider.name,
        external_id=told.external_id,
        defaults={
            "type": told.type[:100],
            "payment_key": told.payment_key,
            "payment_reference": told.payment_reference,
            "body": request.body.decode(),
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
    except Exception as error:
        # Whatever went wrong stays on the row for staff to see, and the sweep tries again.
        logger.exception("Webhook event %s could not be handled.", event.pk)
        event.mark_failed(f"{type(error).__name__}: {error}")
    else:
        event.mark_handled("" if payment else "It speaks of no payment of this shop.")


def _payment_of(event: WebhookEvent) -> Payment | None:
    mine = Payment.objects.filter(provider=event.provider)
    payment = mine.filter(key=event.payment_key).first() if event.payment_key else None
    if payment is None and event.payment_reference:
        return mine.filter(reference=event.payment_reference).first()
    if payment and event.payment_reference and not payment.reference:
        payment.note_reference(event.payment_reference)
    return payment
