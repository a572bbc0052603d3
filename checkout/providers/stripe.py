"""Stripe hosted Checkout, one-time payments. https://docs.stripe.com/api/checkout/sessions/create"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlsplit

import stripe
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from checkout.errors import BadWebhookSignature, PaymentRefused, ProviderNotOffered, ProviderUnavailable
from checkout.models import OrderLine, Payment, Refund
from checkout.providers.base import (
    DisputeResult,
    DisputeState,
    PaymentResult,
    PaymentState,
    Provider,
    ProviderEvent,
    RefundResult,
    RefundState,
    Started,
)
from checkout.providers.transport import BoundedSession, wait_wanted
from storefront.money import decimals
from storefront.text import clean_line

logger = logging.getLogger(__name__)
State = TypeVar("State")

API_VERSION = "2026-10-28.endive"
TIMEOUT_SECONDS = (4, 10)
LONGEST_AMOUNT = 99_999_999
NOT_TAKEN = {"IRR"}  # of those the shop knows. https://docs.stripe.com/currencies
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
DISPUTE_STATES = {
    **dict.fromkeys(["warning_needs_response", "warning_under_review"], DisputeState.OPEN),
    **dict.fromkeys(["needs_response", "under_review"], DisputeState.OPEN),
    **dict.fromkeys(["warning_closed", "prevented", "won"], DisputeState.WON),
    # The money stays away while a lost one is appealed; it comes back with "won".
    **dict.fromkeys(["lost", "appeal_needs_response", "appeal_under_review"], DisputeState.LOST),
}
EVENT_TYPES = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "radar.early_fraud_warning.created",
]
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


class StripeProvider(Provider):
    name = "stripe"
    label = gettext_lazy("Card and more, by Stripe")

    def __init__(self) -> None:
        self.is_live = "_live_" in settings.STRIPE_SECRET_KEY

    @cached_property
    def _client(self) -> stripe.StripeClient:
        return stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            stripe_version=API_VERSION,
            base_addresses={"api": settings.STRIPE_API_BASE},
            max_network_retries=1,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS, session=BoundedSession()),
        )

    def why_not(self, amount: int, currency: str) -> str:
        if currency in NOT_TAKEN:
            return _("Stripe takes no payments in %(currency)s.") % {"currency": currency}
        if amount > LONGEST_AMOUNT:
            return _("Stripe takes sums of eight digits at most.")
        if decimals(currency) == 3 and amount % 10:
            return _("Stripe needs the third decimal to be 0.")
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
                payment.reference, {"expand": ["payment_intent.latest_charge"]}
            )
            state, intent = _state(session), getattr(session.payment_intent, "id", "") or ""
            has_followers = state == PaymentState.SUCCEEDED and intent
            return PaymentResult(
                state=state,
                key=session.client_reference_id or "",
                amount=session.amount_total or 0,
                currency=(session.currency or "").upper(),
                is_live=session.livemode,
                capture_reference=intent,
                refunds=tuple(self._refunds(intent)) if has_followers else (),
                disputes=tuple(self._disputes(intent)) if has_followers else (),
                country=_told_of_card(session, "country"),
                payer=_told_of_card(session, "fingerprint"),
            )

    def _refunds(self, intent: str) -> Iterator[RefundResult]:
        """https://docs.stripe.com/api/refunds/list"""
        for refund in self._client.v1.refunds.list(
            {"payment_intent": intent, "limit": 100}
        ).auto_paging_iter():
            yield _refund_result(refund)

    def _disputes(self, intent: str) -> Iterator[DisputeResult]:
        """Disputes and early fraud warnings. https://docs.stripe.com/api/disputes/list"""
        about: Any = {"payment_intent": intent, "limit": 100}
        for dispute in self._client.v1.disputes.list(about).auto_paging_iter():
            yield DisputeResult(
                state=_mapped(DISPUTE_STATES, dispute.status),
                reference=dispute.id,
                amount=dispute.amount,
                reason=dispute.reason,
                is_warning=dispute.status.startswith("warning") or dispute.status == "prevented",
            )
        for warning in self._client.v1.radar.early_fraud_warnings.list(about).auto_paging_iter():
            yield DisputeResult(DisputeState.OPEN, warning.id, 0, warning.fraud_type, is_warning=True)

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
            return self._refund_made_before(refund) or _refund_result(
                self._client.v1.refunds.create(
                    params,  # type: ignore[arg-type]
                    {"idempotency_key": refund.key},
                )
            )

    def recent_events(self, since: datetime) -> Iterator[ProviderEvent]:
        """https://docs.stripe.com/api/events/list, which goes back 30 days"""
        wanted: Any = {"types": EVENT_TYPES, "created": {"gte": int(since.timestamp())}, "limit": 100}
        with _errors_in_our_words():
            for event in self._client.v1.events.list(wanted).auto_paging_iter():
                yield _provider_event(event)

    def _refund_made_before(self, refund: Refund) -> RefundResult | None:
        """What became of an earlier try: Stripe forgets keys after a day, and would pay back once more."""
        if refund.attempts < 2:
            return None
        made = self._refunds(refund.payment.capture_reference)
        return next((each for each in made if refund.key == each.key), None)

    def parse_webhook(self, request: HttpRequest) -> ProviderEvent:
        """https://docs.stripe.com/webhooks/signature"""
        if not settings.STRIPE_WEBHOOK_SECRET:
            raise ProviderNotOffered("No webhook secret is set, so nothing can be verified.")
        try:
            event = stripe.Webhook.construct_event(
                request.body, request.headers.get("Stripe-Signature"), settings.STRIPE_WEBHOOK_SECRET
            )
        except (ValueError, TypeError, stripe.SignatureVerificationError) as error:
            raise BadWebhookSignature("The Stripe webhook is not provably Stripe's.") from error
        return _provider_event(event)


def _provider_event(event: stripe.Event) -> ProviderEvent:
    about = event.data.object.to_dict()
    key = str((about.get("metadata") or {}).get("payment", ""))[:60]
    is_session = about.get("object") == "checkout.session"
    # A payment's reference is its session; only where our key is missing its intent says which one is meant.
    reference = about.get("id") if is_session else "" if key else about.get("payment_intent")
    return ProviderEvent(
        external_id=event.id,
        type=event.type,
        payment_key=key,
        payment_reference=str(reference or ""),
        is_money=is_session and about.get("payment_status") == "paid",
        body=json.dumps(event.to_dict(), default=str),
    )


def _refund_result(refund: stripe.Refund) -> RefundResult:
    metadata: Any = refund.metadata
    return RefundResult(
        state=_mapped(REFUND_STATES, refund.status),
        reference=refund.id,
        amount=refund.amount,
        key=metadata["refund"] if metadata and "refund" in metadata else "",
        error=getattr(refund, "failure_reason", None) or "",
    )


def _mapped(states: Mapping[str, State], status: str | None) -> State:
    """Stripe's word in ours. A word we don't know is no answer."""
    if status is None or status not in states:
        raise ProviderUnavailable(f"Stripe gave the unknown status {status!r}.")
    return states[status]


def _line_item(line: OrderLine, currency: str) -> dict[str, Any]:
    quantity, unit_amount = line.charged
    return {
        "quantity": quantity,
        "price_data": {
            "currency": currency.lower(),
            "unit_amount": unit_amount,
            "product_data": {"name": clean_line(line.charged_name)[:250]},
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


def _told_of_card(session: stripe.checkout.Session, name: str) -> str:
    """https://docs.stripe.com/api/charges/object, which tells of cards only"""
    charge = getattr(session.payment_intent, "latest_charge", None)
    card = getattr(getattr(charge, "payment_method_details", None), "card", None)
    return str(getattr(card, name, None) or "")


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
        raise ProviderUnavailable(str(error), wait_wanted(error.headers)) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        logger.warning("Stripe's answer makes no sense: %r", error)
        raise ProviderUnavailable("Stripe's answer makes no sense.") from error
