"""PayPal, Orders v2 with redirect. https://developer.paypal.com/docs/api/orders/v2/"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from paypalrestsdk import exceptions

from checkout.errors import BadWebhookSignature, PaymentRefused, ProviderNotOffered, ProviderUnavailable
from checkout.models import Payment, Refund
from checkout.providers.base import (
    DisputeResult,
    DisputeState,
    PaymentResult,
    PaymentState,
    Provider,
    ProviderEvent,
    RefundResult,
    Started,
)
from checkout.providers.paypal_api import PayPalApi, errors_in_our_words, in_words, issue_of, paypal_api
from checkout.providers.paypal_words import (
    CURRENCIES,
    KEY_LIFE,
    PAGE_LIFE,
    REFUND_REFUSALS,
    amount_in,
    approval_of,
    dispute_state,
    links_of,
    money,
    opened_at,
    order_request,
    payment_page,
    payment_result,
    paypal_id,
    provider_event,
    refund_result,
    refunds_beside,
    smallest,
    unknown_order,
)

logger = logging.getLogger(__name__)

LIVE_HOSTS = {"api-m.paypal.com", "api.paypal.com"}
# The buyer may go back to PayPal's page, and choose another card or agree once more.
BUYER_CAN_TRY_AGAIN = {
    "INSTRUMENT_DECLINED",
    "ORDER_NOT_APPROVED",
    "PAYER_ACTION_REQUIRED",
    "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING",
}
# After a lost answer, these may be said of a refund that was made by that very call.
MAYBE_MADE = {"CAPTURE_FULLY_REFUNDED", "DUPLICATE_INVOICE_ID", "REFUND_AMOUNT_EXCEEDED"}
SIGNATURE_HEADERS = {
    "transmission_id": ("PayPal-Transmission-Id", r"[\w-]{1,50}"),
    "transmission_time": ("PayPal-Transmission-Time", r"[\w:.+-]{1,100}"),
    "transmission_sig": ("PayPal-Transmission-Sig", r"[\w+/=-]{1,500}"),
    "cert_url": ("PayPal-Cert-Url", r"https://[\w.-]+\.paypal\.com/[\w./-]{1,400}"),
    "auth_algo": ("PayPal-Auth-Algo", r"[a-zA-Z0-9]{1,100}"),
}


class PayPalProvider(Provider):
    name = "paypal"
    label = "PayPal"

    def __init__(self) -> None:
        self.is_live = urlsplit(settings.PAYPAL_API_BASE).hostname in LIVE_HOSTS
        self.payee = settings.PAYPAL_MERCHANT_ID

    @property
    def _api(self) -> PayPalApi:
        return paypal_api(settings.PAYPAL_API_BASE, settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET)

    def why_not(self, amount: int, currency: str) -> str:
        if currency not in CURRENCIES:
            return _(
                "PayPal takes no payments in %(currency)s. To offer it, add a price in a currency"
                " that it takes, such as USD or EUR."
            ) % {"currency": currency}
        if amount % smallest(currency):
            return _("PayPal takes sums in %(currency)s without decimals only.") % {"currency": currency}
        return ""

    def start(self, payment: Payment, return_url: str, cancel_url: str) -> Started:
        """https://developer.paypal.com/docs/api/orders/v2/#orders_create"""
        with errors_in_our_words():
            if payment.reference:  # a webhook told us what the lost answer did not
                order = self._read(payment)
            else:
                body = order_request(payment, return_url, cancel_url)
                order = self._api.post("/v2/checkout/orders", body, {"PayPal-Request-Id": payment.key})
            if order is None:
                raise PaymentRefused(_("PayPal has closed its page for this payment."))
            closes_at = opened_at(payment, order) + PAGE_LIFE
            return Started(paypal_id(order["id"]), payment_page(order), closes_at)

    def fetch(self, payment: Payment) -> PaymentResult:
        """https://developer.paypal.com/docs/api/orders/v2/#orders_get"""
        with errors_in_our_words():
            order = self._read(payment)
            if order is None:
                return unknown_order(payment, is_live=self.is_live)
            result = payment_result(payment, order, is_live=self.is_live)
            listed = self._disputes(result.capture_reference)
            disputes = tuple(dispute for _opened_at, dispute in listed)
            return replace(result, refunds=refunds_beside(listed, order), disputes=disputes)

    def capture(self, payment: Payment) -> PaymentResult:
        """https://developer.paypal.com/docs/api/orders/v2/#orders_capture

        Reads the order first, which is safe for longer than PayPal knows a key. A new approval, after a
        declined card, has a new key: under the old one PayPal would only say "declined" again.
        """
        with errors_in_our_words():
            order = self._read(payment)
            if order is None or order["status"] != "APPROVED":
                return self.fetch(payment)
            headers = {
                "PayPal-Request-Id": f"{payment.key}-capture-{approval_of(order)}",
                "Prefer": "return=representation",
            }
            try:
                captured = self._api.post(f"/v2/checkout/orders/{payment.reference}/capture", {}, headers)
            except exceptions.ResourceInvalid as refusal:
                return self._not_captured(payment, order, refusal)
            return payment_result(payment, captured, is_live=self.is_live)

    def refund(self, refund: Refund) -> RefundResult:
        """https://developer.paypal.com/docs/api/payments/v2/#captures_refund

        The key is the refund's invoice number too, by which it is found where the first answer was lost or
        PayPal has forgotten the key.
        """
        with errors_in_our_words():
            is_first = refund.attempts <= 1 and timezone.now() - refund.created_at < KEY_LIFE
            if not is_first and (made := self._made_before(refund)):
                return made
            capture = paypal_id(refund.payment.capture_reference)
            body = {
                "amount": money(refund.amount, refund.currency),
                "invoice_id": refund.key,
                "custom_id": refund.payment.key,
            }
            headers = {"PayPal-Request-Id": refund.key, "Prefer": "return=representation"}
            try:
                told = self._api.post(f"/v2/payments/captures/{capture}/refund", body, headers)
            except exceptions.ResourceInvalid as refusal:
                issue = issue_of(refusal)
                if issue in MAYBE_MADE and (made := self._made_before(refund)):
                    return made
                if issue in REFUND_REFUSALS:
                    raise PaymentRefused(str(REFUND_REFUSALS[issue])) from refusal
                raise
            return replace(refund_result(told), key=refund.key)

    def recent_events(self, since: datetime) -> Iterator[ProviderEvent]:
        """https://developer.paypal.com/docs/api/webhooks/v1/#webhooks-events_list, which goes back 30 days"""
        query = urlencode({"page_size": 100, "start_time": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"})
        while query:
            with errors_in_our_words():
                page = self._api.get(f"/v1/notifications/webhooks-events?{query}")
                events = [provider_event(each) for each in page.get("events", ())]
                query = urlsplit(links_of(page).get("next", "")).query if events else ""
            yield from events

    def parse_webhook(self, request: HttpRequest) -> ProviderEvent:
        """https://developer.paypal.com/docs/api/webhooks/v1/#verify-webhook-signature_post

        PayPal itself says whether a message is its own, by the exact bytes; the certificate's address that
        the message names is never opened. Raises ProviderUnavailable when PayPal can't say.
        """
        if not settings.PAYPAL_WEBHOOK_ID:
            raise ProviderNotOffered("No webhook id is set, so nothing can be verified.")
        event = _json_object(request.body)
        question = {"webhook_id": settings.PAYPAL_WEBHOOK_ID, **_signature(request)}
        # Parsed and written anew, the event could differ by a space, and PayPal compares the text.
        body = json.dumps(question).encode()[:-1] + b', "webhook_event": ' + request.body + b"}"
        try:
            with errors_in_our_words():
                verdict = self._api.post("/v1/notifications/verify-webhook-signature", body)[
                    "verification_status"
                ]
        except PaymentRefused as error:
            raise BadWebhookSignature("PayPal can't read the message.") from error
        if verdict == "FAILURE":
            raise BadWebhookSignature("PayPal says that the message is not its own.")
        if verdict != "SUCCESS":
            raise ProviderUnavailable(f"PayPal gave the unknown verdict {verdict!r}.")
        with errors_in_our_words():
            return provider_event(event)

    def _read(self, payment: Payment) -> dict[str, Any] | None:
        """The order at PayPal, or None where it knows none."""
        try:
            order: dict[str, Any] = self._api.get(f"/v2/checkout/orders/{paypal_id(payment.reference)}")
        except exceptions.ResourceNotFound:
            return None
        if order["id"] != payment.reference:
            raise ValueError("another order")
        return order

    def _not_captured(
        self, payment: Payment, order: Mapping[str, Any], refusal: exceptions.ResourceInvalid
    ) -> PaymentResult:
        issue = issue_of(refusal)
        if issue == "ORDER_ALREADY_CAPTURED":
            return self.fetch(payment)
        if issue == "ORDER_COMPLETION_IN_PROGRESS":
            raise ProviderUnavailable(in_words(refusal)) from refusal
        logger.warning("%s", in_words(refusal))
        result = payment_result(payment, order, is_live=self.is_live)
        if issue in BUYER_CAN_TRY_AGAIN:
            words = _("The card or account was declined. The buyer can choose another at PayPal.")
            # Read anew: being declined may count as a change of the order, and is no new agreement.
            approval = approval_of(self._read(payment) or order) or "-"
            return replace(result, state=PaymentState.DECLINED, error=words, approval=approval)
        return replace(result, state=PaymentState.FAILED, error=in_words(refusal))

    def _made_before(self, refund: Refund) -> RefundResult | None:
        order = self._read(refund.payment)
        if order is None:
            raise ProviderUnavailable(
                _("PayPal no longer shows this payment. Look there whether the refund was made.")
            )
        made = payment_result(refund.payment, order, is_live=self.is_live).refunds
        return next((each for each in made if each.key == refund.key), None)

    def _disputes(self, capture: str) -> tuple[tuple[str, DisputeResult], ...]:
        """With the time when each was opened. https://developer.paypal.com/docs/api/customer-disputes/v1/#disputes_list"""
        if not capture:
            return ()
        try:
            listed = self._api.get(f"/v1/customer/disputes?disputed_transaction_id={paypal_id(capture)}")
        except exceptions.ForbiddenAccess as refusal:
            # The right to see disputes is switched on apart, and payments must not wait for it.
            logger.warning("Disputes can't be seen; switch them on for the app. %s", in_words(refusal))
            return ()
        except exceptions.ResourceNotFound:
            return ()
        return tuple((each.get("create_time", ""), self._dispute(each)) for each in listed.get("items", ()))

    def _dispute(self, listed: dict[str, Any]) -> DisputeResult:
        reference, word, told = paypal_id(listed["dispute_id"]), listed["status"], listed["dispute_amount"]
        if word == "RESOLVED":  # how it ended stands in its details only
            outcome = self._api.get(f"/v1/customer/disputes/{reference}")["dispute_outcome"]
            word = outcome["outcome_code"]
            if dispute_state(word) == DisputeState.LOST:
                told = outcome.get("amount_refunded", told)
        return DisputeResult(
            state=dispute_state(word),
            reference=reference,
            amount=amount_in(told),
            reason=listed.get("reason", "").lower().replace("_", " "),
            is_warning=listed.get("dispute_life_cycle_stage") == "INQUIRY",
        )


def _json_object(body: bytes) -> dict[str, Any]:
    """The message, if it is one JSON object in UTF-8: nothing else may be pasted into another object."""
    try:
        event = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise BadWebhookSignature("The message is not JSON.") from error
    if not isinstance(event, dict):
        raise BadWebhookSignature("The message is not an event.")
    return event


def _signature(request: HttpRequest) -> dict[str, str]:
    signature = {name: request.headers.get(header, "") for name, (header, _form) in SIGNATURE_HEADERS.items()}
    for name, (header, form) in SIGNATURE_HEADERS.items():
        if not re.fullmatch(form, signature[name], re.ASCII):
            raise BadWebhookSignature(f"The header {header} is missing, or not one of PayPal's.")
    return signature
