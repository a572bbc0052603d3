"""What Stripe knows: sessions, payment intents, refunds, and the rules of the few calls the shop makes."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.doubles import stripe_lists
from tests.doubles.provider_schema import complaints as schema_complaints
from tests.doubles.stripe_wire import Call

API_VERSION = "2026-10-28.endive"
ZERO_DECIMAL = {
    "bif",
    "clp",
    "djf",
    "gnf",
    "jpy",
    "kmf",
    "krw",
    "mga",
    "pyg",
    "rwf",
    "vnd",
    "vuv",
    "xaf",
    "xof",
}
THREE_DECIMAL = {"bhd", "jod", "kwd", "omr", "tnd"}
BARS_REFUNDS = {"needs_response", "under_review", "lost", "appeal_needs_response", "appeal_under_review"}

Events = list[dict[str, Any]]
Answer = tuple[int, dict[str, Any], Events]


def complaints(call: Call) -> list[str]:
    """Why Stripe would not take a request, by its schema and by the rules that stand in its manual only."""
    wrong = schema_complaints("stripe", call.method, call.path, call.sent)
    if call.headers.get("stripe-version") != API_VERSION:
        wrong.append(f"Stripe-Version is {call.headers.get('stripe-version')}")
    if not call.headers.get("authorization", "").startswith("Bearer sk_"):
        wrong.append("no key")
    if call.method == "POST" and not 0 < len(call.headers.get("idempotency-key", "")) <= 255:
        wrong.append("no stored key for a call that moves money")
    if (call.method, call.path) == ("POST", "/v1/checkout/sessions"):
        wrong.extend(_session_complaints(call.sent))
    return wrong


def _session_complaints(sent: dict[str, Any]) -> Iterator[str]:
    currencies = {line["price_data"]["currency"] for line in sent["line_items"].values()}
    total = _total(sent)
    if len(currencies) != 1 or not currencies <= {currency.lower() for currency in currencies}:
        yield f"one currency in lower case, not {currencies}"
    if not 0 < total <= 99_999_999:
        yield f"a sum of {total}"
    if currencies <= THREE_DECIMAL and total % 10:
        yield f"the last of three decimals must be 0, not {total}"
    if any(int(line["quantity"]) < 1 for line in sent["line_items"].values()):
        yield "a quantity below 1"
    if not 30 * 60 - 60 <= int(sent["expires_at"]) - time.time() <= 24 * 3600 + 60:
        yield "expires_at is not half an hour to a day ahead"
    if not all(urlsplit(sent[name]).netloc for name in ("success_url", "cancel_url")):
        yield "an address is not absolute"
    if len(sent.get("client_reference_id", "")) > 200 or not sent.get("customer_email"):
        yield "client_reference_id or customer_email"
    for name, value in sent.get("metadata", {}).items():
        if len(name) > 40 or len(value) > 500:
            yield f"metadata {name}"


def _total(sent: dict[str, Any]) -> int:
    lines = sent["line_items"].values()
    return sum(int(line["quantity"]) * int(line["price_data"]["unit_amount"]) for line in lines)


@dataclass
class Book:
    base_url: str
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    disputes: dict[str, dict[str, Any]] = field(default_factory=dict)
    warnings: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: Events = field(default_factory=list)

    # --- API calls: (status, answer, events) -----------------------------------------------------

    def call(self, call: Call, refund_status: str) -> Answer:
        _v1, *path = call.path.strip("/").split("/")
        match call.method, path:
            case "POST", ["checkout", "sessions"]:
                return 200, self._open_session(call), []
            case "GET", ["checkout", "sessions", session_id]:
                return self._get_session(session_id, call.sent)
            case "POST", ["refunds"]:
                return self._refund(call.sent, refund_status)
            case "GET", ["refunds"]:
                return 200, stripe_lists.answer(call.path, self.refunds.values(), call.sent), []
            case "GET", ["disputes"]:
                return 200, stripe_lists.answer(call.path, self.disputes.values(), call.sent), []
            case "GET", ["radar", "early_fraud_warnings"]:
                return 200, stripe_lists.answer(call.path, self.warnings.values(), call.sent), []
            case "GET", ["events"]:
                return 200, stripe_lists.answer(call.path, self.events, call.sent), []
        return _missing(call.path)

    def _open_session(self, call: Call) -> dict[str, Any]:
        sent, is_live = call.sent, "_live_" in call.headers["authorization"]
        session_id = f"cs_{'live' if is_live else 'test'}_{secrets.token_hex(24)}"
        currency = sent["line_items"]["0"]["price_data"]["currency"]
        session = {
            "id": session_id,
            "object": "checkout.session",
            "mode": "payment",
            "status": "open",
            "payment_status": "unpaid",
            "amount_subtotal": _total(sent),
            "amount_total": _total(sent),
            "currency": currency,
            "livemode": is_live,
            "payment_intent": None,
            "url": f"{self.base_url}/pay/{session_id}",
            "created": int(time.time()),
            "expires_at": int(sent["expires_at"]),
            "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
            "custom_fields": [],
            "custom_text": {},
            "shipping_options": [],
            "payment_method_types": ["card"],
            "intent_metadata": sent.get("payment_intent_data", {}).get("metadata", {}),
        }
        copied = ("client_reference_id", "customer_email", "success_url", "cancel_url", "metadata")
        self.sessions[session_id] = session | {name: sent.get(name) for name in copied}
        return self._shown(self.sessions[session_id])

    def _get_session(self, session_id: str, sent: dict[str, Any]) -> Answer:
        session = self.sessions.get(session_id)
        if session is None:
            return _missing(session_id)
        shown = self._shown(session)
        intent = self.intents.get(session["payment_intent"] or "")
        if "payment_intent.latest_charge" in sent.get("expand", {}).values():
            shown["payment_intent"] = intent and intent | {"latest_charge": self._charge(intent)}
        return 200, shown, []

    def _refund(self, sent: dict[str, Any], status: str) -> Answer:
        intent = self.intents.get(sent.get("payment_intent", ""))
        if intent is None or intent["status"] != "succeeded":
            return _missing(sent.get("payment_intent", ""))
        if any(each["payment_intent"] == intent["id"] for each in self._standing_disputes()):
            return _refusal("Charge is disputed.", "charge_disputed")
        taken = self.given_back(intent["id"])
        amount = int(sent.get("amount", intent["amount"] - taken))
        if taken >= intent["amount"]:
            return _refusal("Charge has already been refunded.", "charge_already_refunded")
        if not 0 < amount <= intent["amount"] - taken:
            return _refusal("Refund amount is greater than unrefunded amount on charge.", "amount_too_large")
        refund = {
            "id": f"re_{secrets.token_hex(12)}",
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "created": int(time.time()),
            "payment_intent": intent["id"],
            "charge": intent["latest_charge"],
            "status": status,
            "reason": sent.get("reason"),
            "metadata": sent.get("metadata", {}),
        }
        self.refunds[refund["id"]] = refund
        told = [_event("refund.created", refund), _event("charge.refunded", self._charge(intent))]
        return 200, refund, told

    def _standing_disputes(self) -> Events:
        """Those that bar refunds: a warning alone, and a dispute that was won, do not."""
        return [each for each in self.disputes.values() if each["status"] in BARS_REFUNDS]

    def given_back(self, intent_id: str) -> int:
        """What refunds took of a payment, in its smallest unit."""
        mine = [each for each in self.refunds.values() if each["payment_intent"] == intent_id]
        return sum(each["amount"] for each in mine if each["status"] not in ("failed", "canceled"))

    # --- what staff, banks and time do -----------------------------------------------------------

    def refund_in_dashboard(self, session_id: str, amount: int, status: str) -> Events:
        sent = {"payment_intent": self.sessions[session_id]["payment_intent"], "amount": str(amount)}
        _status, _answer, events = self._refund(sent, status)
        return events

    def settle_refund(self, refund_id: str, status: str) -> Events:
        refund = self.refunds[refund_id]
        refund["status"] = status
        if status != "failed":
            return [_event("refund.updated", refund)]
        refund["failure_reason"] = "expired_or_canceled_card"
        return [_event("refund.failed", refund), _event("charge.refund.updated", refund)]

    def dispute(self, session_id: str, status: str, amount: int | None) -> Events:
        intent = self.intents[self.sessions[session_id]["payment_intent"]]
        dispute = {
            "id": f"du_{secrets.token_hex(12)}",
            "object": "dispute",
            "amount": amount or intent["amount"] - self.given_back(intent["id"]),
            "currency": intent["currency"],
            "created": int(time.time()),
            "charge": intent["latest_charge"],
            "payment_intent": intent["id"],
            "reason": "fraudulent",
            "status": status,
            "livemode": intent["livemode"],
            "metadata": {},
        }
        self.disputes[dispute["id"]] = dispute
        return [_event("charge.dispute.created", dispute), _event("charge.dispute.funds_withdrawn", dispute)]

    def move_dispute(self, dispute_id: str, status: str) -> Events:
        dispute = self.disputes[dispute_id]
        dispute["status"] = status
        is_closed = status in ("won", "lost", "warning_closed", "prevented")
        return [_event(f"charge.dispute.{'closed' if is_closed else 'updated'}", dispute)]

    def warn(self, session_id: str) -> Events:
        intent = self.intents[self.sessions[session_id]["payment_intent"]]
        warning = {
            "id": f"issfr_{secrets.token_hex(12)}",
            "object": "radar.early_fraud_warning",
            "actionable": True,
            "charge": intent["latest_charge"],
            "created": int(time.time()),
            "fraud_type": "made_with_stolen_card",
            "livemode": intent["livemode"],
            "payment_intent": intent["id"],
        }
        self.warnings[warning["id"]] = warning
        return [_event("radar.early_fraud_warning.created", warning)]

    # --- what happens on the payment page --------------------------------------------------------

    def pay(self, session_id: str) -> Events:
        session = self.sessions[session_id]
        if session["status"] != "open":
            return []
        intent = self._intent(session, "succeeded")
        session |= {"status": "complete", "payment_status": "paid", "url": None}
        return [
            _event("payment_intent.succeeded", intent),
            _event("charge.succeeded", self._charge(intent)),
            _event("checkout.session.completed", self._shown(session)),
        ]

    def decline(self, session_id: str) -> Events:
        session = self.sessions[session_id]
        if session["status"] != "open":
            return []
        return [_event("payment_intent.payment_failed", self._intent(session, "requires_payment_method"))]

    def pay_later(self, session_id: str) -> Events:
        session = self.sessions[session_id]
        if session["status"] != "open":
            return []
        intent = self._intent(session, "processing")
        session |= {"status": "complete", "url": None}
        completed = _event("checkout.session.completed", self._shown(session))
        return [_event("payment_intent.processing", intent), completed]

    def settle(self, session_id: str, *, is_paid: bool) -> Events:
        session = self.sessions[session_id]
        self._intent(session, "succeeded" if is_paid else "requires_payment_method")
        session["payment_status"] = "paid" if is_paid else "unpaid"
        name = f"checkout.session.async_payment_{'succeeded' if is_paid else 'failed'}"
        return [_event(name, self._shown(session))]

    def expire(self, session_id: str) -> Events:
        session = self.sessions[session_id]
        session |= {"status": "expired", "url": None}
        return [_event("checkout.session.expired", self._shown(session))]

    def _intent(self, session: dict[str, Any], status: str) -> dict[str, Any]:
        intent_id = session["payment_intent"] or f"pi_{secrets.token_hex(12)}"
        session["payment_intent"] = intent_id
        self.intents[intent_id] = {
            "id": intent_id,
            "object": "payment_intent",
            "amount": session["amount_total"],
            "amount_capturable": 0,
            "amount_received": session["amount_total"] if status == "succeeded" else 0,
            "currency": session["currency"],
            "status": status,
            "livemode": session["livemode"],
            "created": session["created"],
            "capture_method": "automatic_async",
            "confirmation_method": "automatic",
            "payment_method_types": ["card"],
            "metadata": session["intent_metadata"],
            "latest_charge": f"ch_{intent_id[3:]}",
        }
        return self.intents[intent_id]

    def _charge(self, intent: dict[str, Any]) -> dict[str, Any]:
        kept = ("amount", "currency", "livemode", "created", "metadata")
        return {name: intent[name] for name in kept} | {
            "id": intent["latest_charge"],
            "object": "charge",
            "payment_intent": intent["id"],
            "status": "succeeded",
            "paid": True,
            "payment_method_details": {
                "type": "card",
                "card": {"country": "EG", "fingerprint": "Xt5EWLLDS7FJjR1c"},
            },
        }

    @staticmethod
    def _shown(session: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in session.items() if name != "intent_metadata"}


def _event(name: str, about: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"evt_{secrets.token_hex(12)}",
        "object": "event",
        "api_version": API_VERSION,
        "created": int(time.time()),
        "livemode": about.get("livemode", False),
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": name,
        "data": {"object": dict(about)},
    }


def _missing(what: str) -> Answer:
    error = {
        "type": "invalid_request_error",
        "code": "resource_missing",
        "message": f"No such object: {what}",
    }
    return 404, {"error": error}, []


def _refusal(message: str, code: str) -> Answer:
    return 400, {"error": {"type": "invalid_request_error", "code": code, "message": message}}, []
