"""Stripe hosted Checkout, one-time payments. https://docs.stripe.com/api/checkout/sessions/create"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import requests
import stripe
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from checkout.errors import BadWebhookSignature, PaymentRefused, ProviderUnavailable
from checkout.models import OrderLine, Payment, Refund
from checkout.providers.base import (
    PaymentResult,
    PaymentState,
    Provider,
    ProviderEvent,
    RefundResult,
    RefundState,
    Started,
)
from storefront.money import decimals
from storefront.text import clean_line

logger = logging.getLogger(__name__)

API_VERSION = "2026-10-28.endive"
TIMEOUT_SECONDS = (4, 10)
LARGEST_ANSWER = 4_000_000
LONGEST_AMOUNT = 99_999_999
# Stripe's page has no Persian or Arabic; there the browser decides.
LOCALES = {"en": "en"}
REFUND_REASONS = {
    Refund.Reason.REQUESTED: "requested_by_customer",
    Refund.Reason.DUPLICATE: "duplicate",
    Refund.Reason.FRAUD: "fraudulent",
}
REFUND_STATES = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
# A completed session that is unpaid waits for a delayed method: what became of that, its intent says.
INTENT_STATES = {
    "requires_payment_method": PaymentState.FAILED,
    "canceled": PaymentState.FAILED,
    "requires_confirmation": PaymentState.PENDING,
    "requires_action": PaymentState.PENDING,
    "requires_capture": PaymentState.PENDING,
    "processing": PaymentState.PENDING,
    "succeeded": PaymentState.PENDING,  # the session says "paid" a moment later
}


class _BoundedSession(requests.Session):
    """Gives up on an answer that is too long or comes too slowly; requests itself only limits each pause."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        gives_up_at = time.monotonic() + sum(kwargs["timeout"])
        response = super().request(*args, **kwargs | {"stream": True})
        body = b""
        while piece := response.raw.read1(LARGEST_ANSWER, decode_content=True):
            body += piece
            if len(body) > LARGEST_ANSWER or time.monotonic() > gives_up_at:
                response.close()
                raise requests.ReadTimeout("The answer did not end.")
        response._content = body
        return response


class StripeProvider(Provider):
    name = "stripe"
    label = _("Card and more, by Stripe")

    def __init__(self) -> None:
        self.is_live = "_live_" in settings.STRIPE_SECRET_KEY

    @cached_property
    def _client(self) -> stripe.StripeClient:
        return stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            stripe_version=API_VERSION,
            base_addresses={"api": settings.STRIPE_API_BASE},
            max_network_retries=1,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS, session=_BoundedSession()),
        )

    def why_not(self, amount: int, currency: str) -> str:
        if amount > LONGEST_AMOUNT:
            return str(_("Stripe takes sums of eight digits at most."))
        if decimals(currency) == 3 and amount % 10:
            return str(_("Stripe needs the third decimal to be 0."))
        return ""

    def start(self, payment: Payment, return_url: str, cancel_url: str) -> Started:
        order = payment.order
        metadata = {"payment": payment.key, "order": order.number}
        params: dict[str, Any] = {
            "mode": "payment",
            "line_items": [_line_item(line, payment.currency) for line in order.lines.all()],
            "client_reference_id": payment.key,
            "customer_email": order.email,
            "success_url": return_url,
            "cancel_url": cancel_url,
            "expires_at": int(payment.expires_at.timestamp()),
            "locale": LOCALES.get(order.language, "auto"),
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
        }
        with _errors_in_our_words():
            try:
                session = self._client.v1.checkout.sessions.create(
                    params,  # type: ignore[arg-type]
                    {"idempotency_key": payment.key},
                )
            except stripe.APIError as error:
                # Stripe keeps a server error under its key for a day, so only a new attempt can do better;
                # nobody was given a page of this one.
                if (error.http_status or 0) >= 500:
                    raise PaymentRefused(str(error)) from error
                raise
            return Started(session.id, _checked_address(session.url))

    def fetch(self, payment: Payment) -> PaymentResult:
        """https://docs.stripe.com/api/checkout/sessions/object"""
        with _errors_in_our_words():
            session = self._client.v1.checkout.sessions.retrieve(
                payment.reference, {"expand": ["payment_intent"]}
            )
            intent = session.payment_intent
            return PaymentResult(
                state=_state(session),
                key=session.client_reference_id or "",
                amount=session.amount_total or 0,
                currency=(session.currency or "").upper(),
                is_live=session.livemode,
                capture_reference=getattr(intent, "id", "") or "",
            )

    def refund(self, refund: Refund) -> RefundResult:
        """https://docs.stripe.com/api/refunds/create"""
        params: dict[str, Any] = {
            "payment_intent": refund.payment.capture_reference,
            "amount": refund.amount,
            "metadata": {"refund": refund.key},
        }
        if reason := REFUND_REASONS.get(Refund.Reason(refund.reason)):
            params["reason"] = reason
        with _errors_in_our_words():
            made = self._refund_made_before(refund) or self._client.v1.refunds.create(
                params,  # type: ignore[arg-type]
                {"idempotency_key": refund.key},
            )
            state = REFUND_STATES.get(made.status or "")
            if state is None:
                raise ProviderUnavailable(f"Stripe gave a refund the unknown status {made.status!r}.")
            return RefundResult(
                state, made.id, made.amount, refund.key, getattr(made, "failure_reason", None) or ""
            )

    def _refund_made_before(self, refund: Refund) -> stripe.Refund | None:
        """What became of an earlier try: Stripe forgets keys after a day, and would pay back once more."""
        if refund.reference:
            return self._client.v1.refunds.retrieve(refund.reference)
        if refund.attempts < 2:
            return None
        made = self._client.v1.refunds.list(
            {"payment_intent": refund.payment.capture_reference, "limit": 100}
        )
        mine = (
            each
            for each in made.data
            if each.metadata and each.metadata.to_dict().get("refund") == refund.key
        )
        return next(mine, None)

    def parse_webhook(self, request: HttpRequest) -> ProviderEvent:
        """https://docs.stripe.com/webhooks/signature"""
        if not settings.STRIPE_WEBHOOK_SECRET:
            raise BadWebhookSignature("No webhook secret is set, so nothing can be verified.")
        try:
            event = stripe.Webhook.construct_event(
                request.body, request.headers.get("Stripe-Signature"), settings.STRIPE_WEBHOOK_SECRET
            )
        except (ValueError, TypeError, stripe.SignatureVerificationError) as error:
            raise BadWebhookSignature("The Stripe webhook is not provably Stripe's.") from error
        about = event.data.object.to_dict()
        metadata = about.get("metadata") or {}
        is_session = about.get("object") == "checkout.session"
        return ProviderEvent(
            external_id=event.id,
            type=event.type,
            payment_key=str(metadata.get("payment", ""))[:60],
            payment_reference=str(about.get("id", "")) if is_session else "",
        )


def _line_item(line: OrderLine, currency: str) -> dict[str, Any]:
    return {
        "quantity": line.quantity,
        "price_data": {
            "currency": currency.lower(),
            "unit_amount": line.unit_amount,
            "product_data": {"name": clean_line(str(line))[:250]},
        },
    }


def _state(session: stripe.checkout.Session) -> PaymentState:
    if session.payment_status in ("paid", "no_payment_required"):
        return PaymentState.SUCCEEDED
    if session.payment_status != "unpaid":
        raise ProviderUnavailable(f"Stripe gave the unknown payment status {session.payment_status!r}.")
    if session.status == "expired":
        return PaymentState.CANCELED
    if session.status == "open":
        return PaymentState.PENDING
    state = INTENT_STATES.get(getattr(session.payment_intent, "status", ""))
    if session.status != "complete" or state is None:
        raise ProviderUnavailable(f"Stripe gave the unknown session status {session.status!r}.")
    return state


def _checked_address(address: str | None) -> str:
    """The page to send the buyer to, as Stripe gave it, if it is one of Stripe's (or of the set API host)."""
    url, base = urlsplit(address or ""), urlsplit(settings.STRIPE_API_BASE)
    is_stripes = url.scheme == "https" and (url.hostname or "").endswith(".stripe.com")
    if not is_stripes and (url.scheme, url.netloc) != (base.scheme, base.netloc):
        raise ProviderUnavailable("Stripe answered without an address to pay at.")
    return url.geturl()


@contextmanager
def _errors_in_our_words() -> Iterator[None]:
    """https://docs.stripe.com/error-handling"""
    try:
        yield
    except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError) as error:
        logger.warning("Stripe refused request %s: %s", error.request_id, error)
        raise PaymentRefused(str(error)) from error
    except stripe.StripeError as error:
        logger.warning("Stripe is not available (request %s): %s", error.request_id, error)
        raise ProviderUnavailable(str(error)) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        logger.warning("Stripe's answer makes no sense: %r", error)
        raise ProviderUnavailable("Stripe's answer makes no sense.") from error
