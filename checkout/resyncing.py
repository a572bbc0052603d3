"""Asks the providers how payments stand, also those that are settled: refunds and disputes come in too."""

import logging
from collections.abc import Iterable

from checkout.errors import PaymentRefused, ProviderNotOffered, ProviderUnavailable
from checkout.models import Payment
from checkout.payments import sync_payment

logger = logging.getLogger(__name__)


def resync(payments: Iterable[Payment]) -> list[str]:
    """Ask about each payment and act on the answer. Gives what could not be asked, in words. Repeatable."""
    refusals = []
    for payment in payments:
        try:
            sync_payment(payment)
            Payment.objects.filter(pk=payment.pk, status=Payment.Status.SUCCEEDED).update(error="")
        except (ProviderUnavailable, PaymentRefused, ProviderNotOffered) as refusal:
            Payment.objects.filter(pk=payment.pk).update(error=str(refusal))
            logger.warning("Payment %s could not be looked up: %s", payment.pk, refusal)
            refusals.append(str(refusal))
    return refusals
