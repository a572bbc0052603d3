"""PayPal, as far as the shop uses it: a real HTTP server with its API, its page for buyers and its webhooks.

By hand: python -m tests.doubles.paypal --port 8110 --shop http://localhost:8000
"""

import argparse
import base64
import json
import secrets
import sys
import threading
import urllib.error
import urllib.request
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from http.server import ThreadingHTTPServer
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from tests.doubles import paypal_book
from tests.doubles.paypal_schema import answer_complaints, call_complaints
from tests.doubles.paypal_wire import REFUSALS, Call, Fault, Handler, Reply, json_reply, refusal

__all__ = ["Fault", "PayPalDouble"]

CERTIFICATE = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-d0b1e000"
TOKEN = "/v1/oauth2/token"
VERIFY = "/v1/notifications/verify-webhook-signature"
EVENTS = "/v1/notifications/webhooks-events"


@dataclass
class Ordered:
    """A fault that waits for its call: so many times, for calls of this method with this in their path."""

    fault: Fault
    method: str
    path: str
    times: int


@dataclass
class PayPalDouble:
    """`calls` are the API calls as received, `events` all webhook events, sent or not, oldest first.

    `complaints` are calls that PayPal would not take; a test that leaves some has failed.
    """

    port: int = 0
    webhook_url: str = ""
    webhook_id: str = "1JE4291016473214C"
    client_id: str = "double-client"
    client_secret: str = "double-secret"  # noqa: S105  no secret, a double's
    withholds_webhooks: bool = False
    holds_back_seconds: float = 1.0
    token_seconds: int = 32400
    refund_status: str = "COMPLETED"
    events_a_page: int = 100
    connections: int = 0
    calls: list[Call] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    book: paypal_book.Book = field(init=False)

    def __enter__(self) -> Self:
        self._lock = threading.RLock()
        self._orders: list[Ordered] = []
        self._kept: dict[tuple[str, str], Reply] = {}
        self._in_work: set[tuple[str, str]] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads, self._server.block_on_close = True, False
        self._server.double = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.book = paypal_book.Book(self.url)
        threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    # --- what tests order ------------------------------------------------------------------------

    def fail(self, fault: Fault, *, method: str = "", path: str = "/v", times: int = 1) -> None:
        """Let the next calls go wrong that have this method (empty: any) and this in their path."""
        with self._lock:
            self._orders.append(Ordered(fault, method, path, times))

    def heal(self) -> None:
        """Let no more calls go wrong."""
        self._orders.clear()

    def start_anew(self) -> None:
        """Nobody has ever paid here, and nothing was ordered to fail. Tokens go on."""
        self.heal()
        self.forget_keys()
        self.calls.clear()
        self.events.clear()
        self.refund_status, self.book = "COMPLETED", paypal_book.Book(self.url)

    def forget_keys(self) -> None:
        """Hours later: PayPal has forgotten every Request-Id."""
        self._kept.clear()

    def revoke_tokens(self) -> None:
        self.tokens.clear()

    @property
    def orders(self) -> dict[str, dict[str, Any]]:
        return self.book.orders

    @property
    def refunds(self) -> dict[str, dict[str, Any]]:
        return self.book.refunds

    def called(self, path: str) -> list[Call]:
        """The calls so far with this in their path."""
        return [call for call in self.calls if path in call.path]

    def approve(self, order_id: str, plan: str = "approve") -> list[dict[str, Any]]:
        """The buyer agrees. "decline": the card will be declined at capture; "hold": held back then."""
        return self._tell(self.book.approve(order_id, plan))

    def take(self, order_id: str, status: str = "COMPLETED") -> list[dict[str, Any]]:
        """The buyer agrees and the money is captured, by a call of ours that nobody remembers."""
        return self._tell([*self.book.approve(order_id, "approve"), *self.book.take(order_id, status)])

    def settle(self, order_id: str, status: str) -> list[dict[str, Any]]:
        return self._tell(self.book.settle(order_id, status))

    def refund_by_hand(self, order_id: str, value: str) -> list[dict[str, Any]]:
        """A refund made on PayPal's own pages."""
        order = self.orders[order_id]
        amount = {**order["purchase_units"][0]["amount"], "value": value}
        amount.pop("breakdown", None)
        return self._tell(self.book.give_back(order, amount, "COMPLETED", {})[1])

    def settle_refund(self, refund_id: str, status: str) -> list[dict[str, Any]]:
        return self._tell(self.book.settle_refund(refund_id, status))

    def dispute(self, order_id: str, stage: str = "CHARGEBACK") -> list[dict[str, Any]]:
        return self._tell(self.book.dispute(order_id, stage))

    def resolve(self, dispute_id: str, outcome: str) -> list[dict[str, Any]]:
        return self._tell(self.book.resolve(dispute_id, outcome))

    # --- webhooks --------------------------------------------------------------------------------

    def signed(self, event: dict[str, Any], *, webhook_id: str = "") -> tuple[bytes, dict[str, str]]:
        """The body of a webhook, spaced and escaped as Python would not, and its headers."""
        body = json.dumps(event, separators=(" ,", " :"), ensure_ascii=False).encode()
        stamp, webhook_id = "2026-11-22T02:45:10Z", webhook_id or self.webhook_id
        signature = "/"
        while not signature[0].isalnum():  # the published schema takes no other first letter
            number = str(uuid.uuid4())
            text = _signed_text(number, stamp, webhook_id, body)
            signature = base64.b64encode(_key().sign(text, padding.PKCS1v15(), SHA256())).decode()
        headers = {
            "Content-Type": "application/json",
            "PAYPAL-TRANSMISSION-ID": number,
            "PAYPAL-TRANSMISSION-TIME": stamp,
            "PAYPAL-TRANSMISSION-SIG": signature,
            "PAYPAL-CERT-URL": CERTIFICATE,
            "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        }
        return body, headers

    def send(self, event: dict[str, Any]) -> int:
        """Post a webhook to the shop and give its status; 0 when nobody answers."""
        request = urllib.request.Request(self.webhook_url, *self.signed(event))
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def _tell(self, events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        new = list(events)
        self.events.extend(new)
        if self.webhook_url and not self.withholds_webhooks:
            threading.Thread(target=lambda: [self.send(event) for event in new], daemon=True).start()
        return new

    # --- the API ---------------------------------------------------------------------------------

    def take_fault(self, call: Call) -> Fault | None:
        with self._lock:
            for order in self._orders:
                if order.times and order.method in ("", call.method) and order.path in call.path:
                    order.times -= 1
                    return order.fault
        return None

    def answer(self, call: Call, fault: Fault | None) -> Reply:
        """https://developer.paypal.com/reference/guidelines/idempotency/"""
        kept = (call.path, call.key)
        with self._lock:
            self.calls.append(call)
            if fault in REFUSALS:
                return refusal(*REFUSALS[fault])
            if call.path == TOKEN:
                return self._token(call)
            if call.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
                return json_reply(401, {"error": "invalid_token", "error_description": "Token signature"})
            self.complaints.extend(_complaints(call))
            if call.key and kept in self._kept:
                reply = self._kept[kept]
                return Reply(200 if reply.status == 201 else reply.status, reply.body, reply.headers)
            if call.key and kept in self._in_work:
                return refusal(409, "PREVIOUS_REQUEST_IN_PROGRESS")
            self._in_work.add(kept)
        try:
            reply = self._work(call)
            self._kept[kept] = reply
            return reply
        finally:
            self._in_work.discard(kept)

    def _token(self, call: Call) -> Reply:
        """https://developer.paypal.com/api/rest/authentication/"""
        if alien := call.headers.keys() & {"paypal-request-id", "prefer"}:
            self.complaints.append(f"headers of a call with the client's secret: {alien}")
        if call.headers.get("content-type") != "application/x-www-form-urlencoded":
            self.complaints.append(f"a token asked for in {call.headers.get('content-type')}")
        basic = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {basic}":
            return json_reply(401, {"error": "invalid_client", "error_description": "Client failed"})
        self.tokens.append(f"A21AA{secrets.token_urlsafe(20)}")
        answer = {"token_type": "Bearer", "access_token": self.tokens[-1], "expires_in": self.token_seconds}
        return json_reply(200, answer)

    def _work(self, call: Call) -> Reply:
        with self._lock:
            if call.path == VERIFY:
                return self._verify(call)
            if call.path == EVENTS:
                return self._list_events(call)
            reply, events = self.book.call(call, self.refund_status)
            if reply.status < 300:
                self.complaints += answer_complaints(
                    call.method, call.path, reply.status, json.loads(reply.body)
                )
        self._tell(events)
        return reply

    def _list_events(self, call: Call) -> Reply:
        """Newest first, with a link to the next page as long as there is one."""
        since, page = call.query["start_time"], int(call.query.get("page", "0"))
        found = [each for each in reversed(self.events) if each["create_time"] >= since]
        first, last = page * self.events_a_page, (page + 1) * self.events_a_page
        address = f"https://api.sandbox.paypal.com{EVENTS}?start_time={since}&page={page + 1}"
        links = [{"rel": "next", "href": address, "method": "GET"}] if last < len(found) else []
        return json_reply(200, {"events": found[first:last], "count": len(found), "links": links})

    def _verify(self, call: Call) -> Reply:
        """PayPal compares the very text of the event: a space more, and it is another one."""
        asked, raw = call.sent, _text_of("webhook_event", call.raw.decode())
        if not asked:
            return refusal(400, "INVALID_JSON")
        text = _signed_text(
            asked["transmission_id"], asked["transmission_time"], asked["webhook_id"], raw.encode()
        )
        is_known = (asked["webhook_id"], asked["cert_url"]) == (self.webhook_id, CERTIFICATE)
        try:
            signature = base64.b64decode(asked["transmission_sig"], validate=True)
            _key().public_key().verify(signature, text, padding.PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            is_known = False
        return json_reply(200, {"verification_status": "SUCCESS" if is_known else "FAILURE"})


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _signed_text(transmission_id: str, stamp: str, webhook_id: str, body: bytes) -> bytes:
    return f"{transmission_id}|{stamp}|{webhook_id}|{zlib.crc32(body)}".encode()


def _text_of(name: str, text: str) -> str:
    """A field of a JSON object as it is written there."""
    decoder, at = json.JSONDecoder(), text.index("{") + 1
    while at < len(text):
        while text[at] in " ,\n":
            at += 1
        key, at = decoder.raw_decode(text, at)
        while text[at] in " :\n":
            at += 1
        _value, end = decoder.raw_decode(text, at)
        if key == name:
            return text[at:end]
        at = end
    return ""


def _complaints(call: Call) -> list[str]:
    """Why PayPal would not take a call, by its documents and by the rules that stand in its manual only."""
    wrong = call_complaints(call.method, call.path, call.query, call.sent, call.headers)
    moves_money = call.method == "POST" and call.path != VERIFY
    if moves_money and not 0 < len(call.key) <= 108:
        wrong.append("no stored key for a call that moves money")
    if call.method == "GET" and call.raw:
        wrong.append(f"a GET with a body: {call.raw[:20]!r}")
    if call.path == "/v2/checkout/orders" and (
        issue := paypal_book._sum_complaint(call.sent["purchase_units"][0])
    ):
        wrong.append(issue)
    return wrong


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8110)
    parser.add_argument("--shop", default="http://localhost:8000")
    options = parser.parse_args()
    webhook_url = f"{options.shop.rstrip('/')}/webhooks/paypal/"
    with PayPalDouble(port=options.port, webhook_url=webhook_url) as double:
        sys.stdout.write(
            f"Start the shop with:\nPAYPAL_API_BASE={double.url}\nPAYPAL_CLIENT_ID={double.client_id}\n"
            f"PAYPAL_CLIENT_SECRET={double.client_secret}\nPAYPAL_WEBHOOK_ID={double.webhook_id}\n"
        )
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    _main()
