"""What PayPal knows: orders, captures, refunds, disputes, and the rules of the few calls the shop makes."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.doubles.paypal_payouts import PayoutBook
from tests.doubles.paypal_wire import Call, Reply, json_reply, refusal

Events = list[dict[str, Any]]
Answer = tuple[Reply, Events]
MERCHANT = "DUBLESHPMQ234"
NO_DECIMALS = {"HUF", "JPY", "TWD"}
CURRENCIES = {"USD", "EUR", "GBP", "ILS", "BRL", "HUF", "JPY", "TWD"}  # of the many, those in the tests


def new_id(letter: str) -> str:
    return f"{letter}{secrets.token_hex(8).upper()}"


@dataclass
class Book:
    base_url: str
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    contexts: dict[str, dict[str, Any]] = field(default_factory=dict)
    plans: dict[str, str] = field(default_factory=dict)  # what the buyer clicked: how the capture will go
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    disputes: dict[str, dict[str, Any]] = field(default_factory=dict)
    refund_issue: str = ""  # why PayPal refuses every refund
    old_copies: list[dict[str, Any]] = field(default_factory=list)  # what the next looks still see
    payouts: PayoutBook = field(default_factory=PayoutBook)
    page_address: str | None = None  # where PayPal claims its page to be
    seconds: int = 0

    def now(self) -> str:
        """A moment later than any before it."""
        self.seconds += 1
        return (datetime.now(UTC) + timedelta(seconds=self.seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    # --- API calls -------------------------------------------------------------------------------

    def call(self, call: Call, refund_status: str) -> Answer:
        match call.method, call.path.strip("/").split("/")[1:]:
            case "POST", ["checkout", "orders"]:
                return self._open(call)
            case "GET", ["checkout", "orders", _order_id] if self.old_copies:
                return _found(self.old_copies.pop())
            case "GET", ["checkout", "orders", order_id]:
                return _found(self.orders.get(order_id))
            case "POST", ["checkout", "orders", order_id, "capture"]:
                return self._capture(order_id, call)
            case "POST", ["payments", "captures", capture_id, "refund"]:
                return self._refund(capture_id, call, refund_status)
            case "GET", ["customer", "disputes"]:
                return self._list_disputes(call.query["disputed_transaction_id"])
            case "GET", ["customer", "disputes", dispute_id]:
                return _found(self.disputes.get(dispute_id))
            case _, ["payments", "payouts", *_rest]:
                return self.payouts.call(call), []
        return refusal(404, "INVALID_RESOURCE_ID"), []

    def _open(self, call: Call) -> Answer:
        sent = call.sent
        (unit,) = sent["purchase_units"]
        if wrong := _sum_complaint(unit):
            return refusal(422, wrong), []
        order_id, now = new_id("O"), self.now()
        self.contexts[order_id] = sent["payment_source"]["paypal"]["experience_context"]
        self.orders[order_id] = {
            "id": order_id,
            "intent": sent["intent"],
            "status": "PAYER_ACTION_REQUIRED",
            "payment_source": {"paypal": {}},
            "purchase_units": [{"reference_id": "default", **unit, "payee": {"merchant_id": MERCHANT}}],
            "create_time": now,
            "links": [
                self._link("self", f"/v2/checkout/orders/{order_id}"),
                self._link("payer-action", f"/checkoutnow?token={order_id}")
                | ({} if self.page_address is None else {"href": self.page_address}),
            ],
        }
        return json_reply(200, _shown(self.orders[order_id], call)), []

    def _capture(self, order_id: str, call: Call) -> Answer:
        order = self.orders.get(order_id)
        if order is None:
            return refusal(404, "INVALID_RESOURCE_ID"), []
        if order["status"] == "COMPLETED":
            return refusal(422, "ORDER_ALREADY_CAPTURED"), []
        if order["status"] != "APPROVED":
            return refusal(422, "ORDER_NOT_APPROVED"), []
        plan = self.plans[order_id]
        if plan == "decline":
            return refusal(422, "INSTRUMENT_DECLINED"), []
        (unit,) = order["purchase_units"]
        if unit["invoice_id"] in self._captured_invoices():
            return refusal(422, "DUPLICATE_INVOICE_ID"), []
        events = self.take(order_id, "PENDING" if plan == "hold" else "COMPLETED")
        return json_reply(201, _shown(order, call)), events

    def _refund(self, capture_id: str, call: Call, status: str) -> Answer:
        order = self.order_of(capture_id)
        if order is None:
            return refusal(404, "INVALID_RESOURCE_ID"), []
        capture, amount = _capture_of(order), call.sent.get("amount")
        rest = Decimal(capture["amount"]["value"]) - self._given_back(capture_id)
        amount = amount or {**capture["amount"], "value": f"{rest:f}"}
        number = call.sent.get("invoice_id")
        issues = {
            "PENDING_CAPTURE": capture["status"] == "PENDING",
            "TRANSACTION_DISPUTED": any(
                each["status"] != "RESOLVED" and self._is_about(each, capture_id)
                for each in self.disputes.values()
            ),
            "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK": any(
                each.get("dispute_outcome", {}).get("outcome_code") == "RESOLVED_BUYER_FAVOUR"
                and self._is_about(each, capture_id)
                for each in self.disputes.values()
            ),
            "REFUND_CAPTURE_CURRENCY_MISMATCH": amount["currency_code"] != capture["amount"]["currency_code"],
            "DUPLICATE_INVOICE_ID": number in {each.get("invoice_id") for each in self.refunds.values()},
            "CAPTURE_FULLY_REFUNDED": rest == 0,
            "REFUND_AMOUNT_EXCEEDED": Decimal(amount["value"]) > rest,
        }
        if issue := self.refund_issue or next((issue for issue, is_so in issues.items() if is_so), ""):
            return refusal(422, issue), []
        refund, events = self.give_back(order, amount, status, call.sent)
        minimal = {name: refund[name] for name in ("id", "status", "links")}
        return json_reply(201, refund if call.wants_all else minimal), events

    def _list_disputes(self, capture_id: str) -> Answer:
        details = {"disputed_transactions", "dispute_outcome"}
        items = [
            {key: value for key, value in each.items() if key not in details}
            for each in self.disputes.values()
            if self._is_about(each, capture_id)
        ]
        return json_reply(200, {"items": items} if items else {}), []

    # --- what happens ----------------------------------------------------------------------------

    def approve(self, order_id: str, plan: str) -> Events:
        order = self.orders[order_id]
        if order["status"] not in ("CREATED", "PAYER_ACTION_REQUIRED", "APPROVED"):
            return []
        order |= {"status": "APPROVED", "update_time": self.now()}
        order["payment_source"] = {
            "paypal": {"account_id": "QYR5Z8XDVJNXQ", "address": {"country_code": "EG"}}
        }
        self.plans[order_id] = plan
        return [self.event("CHECKOUT.ORDER.APPROVED", "checkout-order", order)]

    def take(self, order_id: str, status: str) -> Events:
        """The money is taken, held back (PENDING) or not there (DECLINED). The order is completed by any."""
        order, now = self.orders[order_id], self.now()
        (unit,) = order["purchase_units"]
        capture = {
            "id": new_id("C"),
            "status": status,
            "amount": {key: unit["amount"][key] for key in ("currency_code", "value")},
            "final_capture": True,
            "custom_id": unit["custom_id"],
            "invoice_id": unit["invoice_id"],
            "create_time": now,
            "update_time": now,
        }
        if status == "PENDING":
            capture["status_details"] = {"reason": "PENDING_REVIEW"}
        capture["links"] = [
            self._link("self", f"/v2/payments/captures/{capture['id']}"),
            self._link("up", f"/v2/checkout/orders/{order_id}"),
        ]
        unit["payments"] = {"captures": [capture]}
        order |= {"status": "COMPLETED", "update_time": now}
        return self._capture_events(order)

    def settle(self, order_id: str, status: str) -> Events:
        """What becomes of a capture that was held back."""
        order = self.orders[order_id]
        _capture_of(order)["status"] = status
        return self._capture_events(order)

    def give_back(
        self, order: dict[str, Any], amount: dict[str, str], status: str, sent: dict[str, Any]
    ) -> tuple[dict[str, Any], Events]:
        capture, now = _capture_of(order), self.now()
        refund = {
            "id": new_id("R"),
            "status": status,
            "amount": amount,
            # What the call does not name, a refund has from its capture.
            "invoice_id": sent.get("invoice_id", capture["invoice_id"]),
            "custom_id": sent.get("custom_id", capture["custom_id"]),
            "create_time": now,
            "update_time": now,
            "links": [self._link("up", f"/v2/payments/captures/{capture['id']}")],
        }
        self.refunds[refund["id"]] = refund
        order["purchase_units"][0]["payments"].setdefault("refunds", []).append(refund)
        self._count_refunds(order)
        name = "PAYMENT.CAPTURE.REFUNDED"
        return refund, [self.event(name, "refund", refund)] if status == "COMPLETED" else []

    def settle_refund(self, refund_id: str, status: str) -> Events:
        refund = self.refunds[refund_id]
        refund["status"] = status
        order = self.order_of(refund["links"][0]["href"].rpartition("/")[2])
        assert order
        self._count_refunds(order)
        return [self.event("PAYMENT.CAPTURE.REFUNDED", "refund", refund)] if status == "COMPLETED" else []

    def dispute(self, order_id: str, stage: str) -> Events:
        capture, now = _capture_of(self.orders[order_id]), self.now()
        dispute = {
            "dispute_id": f"PP-D-{secrets.randbelow(10**6)}",
            "create_time": now,
            "update_time": now,
            "reason": "MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED",
            "status": "WAITING_FOR_SELLER_RESPONSE",
            "dispute_amount": dict(capture["amount"]),
            "dispute_life_cycle_stage": stage,
            "disputed_transactions": [
                {"seller_transaction_id": capture["id"], "custom": capture["custom_id"]}
            ],
        }
        self.disputes[str(dispute["dispute_id"])] = dispute
        return [self.event("CUSTOMER.DISPUTE.CREATED", "dispute", dispute)]

    def resolve(self, dispute_id: str, outcome: str) -> Events:
        dispute = self.disputes[dispute_id]
        dispute |= {"status": "RESOLVED", "dispute_outcome": {"outcome_code": outcome}}
        return [self.event("CUSTOMER.DISPUTE.RESOLVED", "dispute", dispute)]

    # --- looking up ------------------------------------------------------------------------------

    def order_of(self, capture_id: str) -> dict[str, Any] | None:
        for order in self.orders.values():
            if _capture_of(order).get("id") == capture_id:
                return order
        return None

    def event(self, name: str, kind: str, resource: dict[str, Any]) -> dict[str, Any]:
        """https://developer.paypal.com/api/rest/webhooks/event-names/"""
        return {
            "id": f"WH-{secrets.token_hex(9).upper()}",
            "event_version": "1.0",
            "create_time": self.now(),
            "resource_type": kind,
            "event_type": name,
            "summary": f"{name} — خلاصة",
            "resource": dict(resource),
            "links": [],
        }

    def _capture_events(self, order: dict[str, Any]) -> Events:
        capture = _capture_of(order)
        resource = {**capture, "supplementary_data": {"related_ids": {"order_id": order["id"]}}}
        name = {"DECLINED": "DENIED", "FAILED": "DENIED"}.get(capture["status"], capture["status"])
        return [self.event(f"PAYMENT.CAPTURE.{name}", "capture", resource)]

    def _count_refunds(self, order: dict[str, Any]) -> None:
        capture = _capture_of(order)
        given = self._given_back(capture["id"])
        whole = Decimal(capture["amount"]["value"])
        capture["status"] = "REFUNDED" if given == whole else "PARTIALLY_REFUNDED" if given else "COMPLETED"

    def _given_back(self, capture_id: str) -> Decimal:
        made = (
            Decimal(each["amount"]["value"])
            for each in self.refunds.values()
            if each["links"][0]["href"].endswith(capture_id) and each["status"] in ("COMPLETED", "PENDING")
        )
        return sum(made, Decimal(0))

    def _captured_invoices(self) -> set[str]:
        return {_capture_of(order).get("invoice_id", "") for order in self.orders.values()}

    @staticmethod
    def _is_about(dispute: dict[str, Any], capture_id: str) -> bool:
        return dispute["disputed_transactions"][0]["seller_transaction_id"] == capture_id

    def _link(self, rel: str, path: str) -> dict[str, str]:
        return {"href": self.base_url + path, "rel": rel, "method": "GET"}


def _capture_of(order: dict[str, Any]) -> dict[str, Any]:
    (unit,) = order["purchase_units"]
    return next(iter(unit.get("payments", {}).get("captures", ())), {})


def _found(resource: dict[str, Any] | None) -> Answer:
    return (json_reply(200, resource) if resource else refusal(404, "INVALID_RESOURCE_ID")), []


def _shown(order: dict[str, Any], call: Call) -> dict[str, Any]:
    return order if call.wants_all else {name: order[name] for name in ("id", "status", "links")}


def _sum_complaint(unit: dict[str, Any]) -> str:
    """https://developer.paypal.com/api/rest/reference/orders/v2/errors/"""
    amount, currency = unit["amount"], unit["amount"]["currency_code"]
    texts = [
        amount,
        *amount.get("breakdown", {}).values(),
        *(item["unit_amount"] for item in unit.get("items", [])),
    ]
    if currency not in CURRENCIES:
        return "CURRENCY_NOT_SUPPORTED"
    if {each["currency_code"] for each in texts} != {currency}:
        return "CURRENCY_MISMATCH"
    if currency in NO_DECIMALS and any("." in each["value"] for each in texts):
        return "DECIMALS_NOT_SUPPORTED"
    if any(len(each["value"].partition(".")[2]) > 2 for each in texts):
        return "DECIMAL_PRECISION"
    if Decimal(amount["value"]) <= 0:
        return "CANNOT_BE_ZERO_OR_NEGATIVE"
    items = sum(
        (Decimal(each["unit_amount"]["value"]) * int(each["quantity"]) for each in unit.get("items", [])),
        Decimal(0),
    )
    parts = {name: Decimal(each["value"]) for name, each in amount.get("breakdown", {}).items()}
    if unit.get("items") and parts.get("item_total") != items:
        return "ITEM_TOTAL_MISMATCH"
    if parts and parts["item_total"] - parts.get("discount", Decimal(0)) != Decimal(amount["value"]):
        return "AMOUNT_MISMATCH"
    return ""
