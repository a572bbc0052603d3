"""What PayPal knows of payouts: batches under the sender's keys, and what became of each item."""

import secrets
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.doubles.paypal_wire import Call, Reply, json_reply, refusal

UNDONE = ("DENIED", "CANCELED")


@dataclass
class PayoutBook:
    """`plans` says how the items to an address end; the others arrive. A page holds `page_size` at most."""

    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    plans: dict[str, str] = field(default_factory=dict)
    refuses: str = ""  # the issue by which PayPal refuses every batch
    page_size: int = 1000

    def call(self, call: Call) -> Reply:
        match call.method, call.path.strip("/").split("/")[3:]:
            case "POST", []:
                return self._send(call.sent)
            case "GET", [batch_id] if batch_id in self.batches:
                return self._shown(self.batches[batch_id], call.query)
        return refusal(404, "INVALID_RESOURCE_ID")

    def _send(self, sent: dict[str, Any]) -> Reply:
        key = sent["sender_batch_header"]["sender_batch_id"]
        known = [number for number, each in self.batches.items() if each["key"] == key]
        if known:
            return _duplicate(known[0])
        if self.refuses:
            return refusal(422, self.refuses)
        number = f"B{secrets.token_hex(6).upper()}"
        items = [
            {
                "payout_item_id": f"I{secrets.token_hex(6).upper()}",
                "transaction_id": f"T{secrets.token_hex(6).upper()}",
                "transaction_status": "PENDING",
                "payout_batch_id": number,
                "payout_item": each,
            }
            for each in sent["items"]
        ]
        self.batches[number] = {"key": key, "status": "PENDING", "items": items}
        return json_reply(201, {"batch_header": self._header(number)})

    def _header(self, number: str) -> dict[str, Any]:
        batch = self.batches[number]
        return {
            "payout_batch_id": number,
            "batch_status": batch["status"],
            "sender_batch_header": {"sender_batch_id": batch["key"]},
        }

    def _shown(self, batch: dict[str, Any], query: dict[str, str]) -> Reply:
        size = min(int(query.get("page_size", "100")), self.page_size)
        first = (int(query.get("page", "1")) - 1) * size
        number = next(number for number, each in self.batches.items() if each is batch)
        items = [] if batch["status"] in UNDONE else batch["items"][first : first + size]
        pages = -(-len(batch["items"]) // size)
        answer = {"batch_header": self._header(number), "items": items, "total_pages": pages}
        return json_reply(200, answer | {"total_items": len(batch["items"])})

    # --- what tests order ------------------------------------------------------------------------

    def work(self) -> None:
        """PayPal does what it was asked for."""
        for batch in self.batches.values():
            if batch["status"] == "PENDING":
                batch["status"] = "SUCCESS"
            for item in batch["items"]:
                if item["transaction_status"] == "PENDING":
                    item["transaction_status"] = self.plans.get(item["payout_item"]["receiver"], "SUCCESS")

    def move(self, receiver: str, status: str) -> None:
        """What was sent to an address becomes something else, such as RETURNED after a month."""
        for batch in self.batches.values():
            for item in batch["items"]:
                if item["payout_item"]["receiver"] == receiver:
                    item["transaction_status"] = status

    def sent_to(self, receiver: str) -> Decimal:
        """What left for that address, in all and for good."""
        arrived = (
            item["payout_item"]["amount"]["value"]
            for batch in self.batches.values()
            if batch["status"] not in UNDONE
            for item in batch["items"]
            if item["payout_item"]["receiver"] == receiver
            and item["transaction_status"] in ("PENDING", "SUCCESS", "UNCLAIMED", "ONHOLD")
        )
        return sum(map(Decimal, arrived), Decimal(0))


def _duplicate(number: str) -> Reply:
    """https://developer.paypal.com/docs/api/payments.payouts-batch/v1/#payouts_post"""
    link = {
        "href": f"https://api.sandbox.paypal.com/v1/payments/payouts/{number}",
        "rel": "self",
        "method": "GET",
    }
    detail = {
        "field": "SENDER_BATCH_ID",
        "location": "body",
        "issue": "Batch with given sender_batch_id already exists",
        "link": [link],
    }
    error = {
        "name": "USER_BUSINESS_ERROR",
        "message": "User business error.",
        "debug_id": "double",
        "details": [detail],
    }
    return json_reply(400, error)
