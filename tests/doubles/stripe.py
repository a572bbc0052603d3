"""Stripe, as far as the shop uses it: a real HTTP server with its API, its payment page and its webhooks.

By hand: python -m tests.doubles.stripe --port 8106 --shop http://localhost:8000
"""

import argparse
import hashlib
import hmac
import json
import secrets
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any, Self

from tests.doubles import stripe_book
from tests.doubles.stripe_wire import Call, Fault, Handler, Reply, error_reply

__all__ = ["Fault", "StripeDouble"]


@dataclass
class Ordered:
    """A fault that waits for its call: so many times, for calls of this method below this path."""

    fault: Fault
    method: str
    path: str
    times: int


@dataclass
class StripeDouble:
    """`calls` are the API calls as received, `events` all events, sent or not, oldest first.

    `complaints` are requests that Stripe would not take; a test that leaves some has failed.
    """

    port: int = 0
    webhook_url: str = ""
    webhook_secret: str = "whsec_double"  # noqa: S105  no secret, a double's
    withholds_webhooks: bool = False
    holds_back_seconds: float = 1.0
    refund_status: str = "succeeded"
    calls: list[Call] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    book: stripe_book.Book = field(init=False)

    def __enter__(self) -> Self:
        self._lock = threading.RLock()
        self._orders: list[Ordered] = []
        self._kept: dict[str, tuple[str, Reply]] = {}
        self._in_work: set[str] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads, self._server.block_on_close = True, False
        self._server.double = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.book = stripe_book.Book(self.url)
        threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    # --- what tests order ------------------------------------------------------------------------

    def fail(self, fault: Fault, *, method: str = "", path: str = "/v1/", times: int = 1) -> None:
        """Let the next calls of a method (empty: any) below a path go wrong."""
        with self._lock:
            self._orders.append(Ordered(fault, method, path, times))

    def recover(self) -> None:
        """From now on every call goes well."""
        self._orders.clear()

    def start_anew(self) -> None:
        """Nobody has ever paid here, and nothing was ordered to fail."""
        self.recover()
        self.forget_keys()
        self.calls.clear()
        self.refund_status, self.book = "succeeded", stripe_book.Book(self.url)

    def forget_keys(self) -> None:
        """A day has passed: idempotency keys count as new."""
        self._kept.clear()

    @property
    def sessions(self) -> dict[str, dict[str, Any]]:
        return self.book.sessions

    @property
    def refunds(self) -> dict[str, dict[str, Any]]:
        return self.book.refunds

    @property
    def events(self) -> list[dict[str, Any]]:
        return self.book.events

    def pay(self, session_id: str) -> list[dict[str, Any]]:
        """The buyer pays by card. Gives the events, which are sent unless they are withheld."""
        return self._tell(self.book.pay(session_id))

    def decline(self, session_id: str) -> list[dict[str, Any]]:
        """The bank says no; the page stays open for another try."""
        return self._tell(self.book.decline(session_id))

    def pay_later(self, session_id: str) -> list[dict[str, Any]]:
        """The buyer chooses a delayed method: the session completes unpaid. settle() ends it."""
        return self._tell(self.book.pay_later(session_id))

    def settle(self, session_id: str, *, is_paid: bool) -> list[dict[str, Any]]:
        return self._tell(self.book.settle(session_id, is_paid=is_paid))

    def expire(self, session_id: str) -> list[dict[str, Any]]:
        return self._tell(self.book.expire(session_id))

    def refund_in_dashboard(
        self, session_id: str, amount: int, status: str = "succeeded"
    ) -> list[dict[str, Any]]:
        """Staff gives money back on Stripe's own pages."""
        return self._tell(self.book.refund_in_dashboard(session_id, amount, status))

    def settle_refund(self, refund_id: str, status: str) -> list[dict[str, Any]]:
        """A refund ends, or fails days after it had succeeded."""
        return self._tell(self.book.settle_refund(refund_id, status))

    def dispute(
        self, session_id: str, status: str = "needs_response", amount: int | None = None
    ) -> list[dict[str, Any]]:
        """The buyer's bank asks for what is left of the money, or for this amount."""
        return self._tell(self.book.dispute(session_id, status, amount))

    def move_dispute(self, dispute_id: str, status: str) -> list[dict[str, Any]]:
        return self._tell(self.book.move_dispute(dispute_id, status))

    def warn(self, session_id: str) -> list[dict[str, Any]]:
        """The card's network has been told of fraud."""
        return self._tell(self.book.warn(session_id))

    # --- webhooks --------------------------------------------------------------------------------

    def signed(self, event: dict[str, Any], *, sent_at: int | None = None) -> tuple[bytes, dict[str, str]]:
        """The body of a webhook, and its headers. https://docs.stripe.com/webhooks/signature"""
        body, stamp = json.dumps(event).encode(), str(sent_at or int(time.time()))
        message = stamp.encode() + b"." + body
        signature = hmac.new(self.webhook_secret.encode(), message, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={stamp},v1={signature}"}
        return body, headers

    def send(self, event: dict[str, Any]) -> int:
        """Post a webhook to the shop and give its status; 0 when nobody answers."""
        body, headers = self.signed(event)
        request = urllib.request.Request(self.webhook_url, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def _tell(self, events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        new = list(events)
        self.book.events.extend(new)
        if self.webhook_url and not self.withholds_webhooks:
            threading.Thread(target=lambda: [self.send(event) for event in new], daemon=True).start()
        return new

    # --- the API ---------------------------------------------------------------------------------

    def take_fault(self, call: Call) -> Fault | None:
        with self._lock:
            for order in self._orders:
                if order.times and order.method in ("", call.method) and call.path.startswith(order.path):
                    order.times -= 1
                    return order.fault
        return None

    def answer(self, call: Call, fault: Fault | None) -> Reply:
        """https://docs.stripe.com/api/idempotent_requests: kept by key, with the parameters compared."""
        with self._lock:
            self.calls.append(call)
            if wrong := stripe_book.complaints(call):
                self.complaints.extend(wrong)
                return error_reply(400, "invalid_request_error", "; ".join(wrong))
            if call.key in self._kept:
                return self._replay(call)
            if call.key in self._in_work:
                return error_reply(409, "idempotency_error", "in use", code="idempotency_key_in_use")
            self._in_work.add(call.key)
        try:
            return self._keep(call, self._work(call, fault))
        finally:
            self._in_work.discard(call.key)

    def _replay(self, call: Call) -> Reply:
        fingerprint, reply = self._kept[call.key]
        if fingerprint != call.fingerprint:
            return error_reply(400, "idempotency_error", "Keys can only be used with the same parameters.")
        headers = {**reply.headers, "Idempotent-Replayed": "true", "Stripe-Should-Retry": "false"}
        return Reply(reply.status, reply.body, headers)

    def _keep(self, call: Call, reply: Reply) -> Reply:
        if call.method == "POST" and reply.status not in (400, 404, 409, 429):
            self._kept[call.key] = call.fingerprint, reply
        return reply

    def _work(self, call: Call, fault: Fault | None) -> Reply:
        if fault == Fault.ERROR:
            return error_reply(500, "api_error", "An unknown error occurred")
        if fault == Fault.TOO_MANY:
            return error_reply(429, "invalid_request_error", "Slow down", code="rate_limit")
        if fault == Fault.REFUSED:
            return error_reply(400, "invalid_request_error", "This account cannot do that.")
        with self._lock:
            status, answer, events = self.book.call(call, self.refund_status)
        self._tell(events)
        return Reply(status, json.dumps(answer).encode())


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8106)
    parser.add_argument("--shop", default="http://localhost:8000")
    options = parser.parse_args()
    secret = secrets.token_hex(16)
    double = StripeDouble(
        port=options.port, webhook_url=f"{options.shop.rstrip('/')}/webhooks/stripe/", webhook_secret=secret
    )
    with double:
        sys.stdout.write(
            f"Start the shop with:\nSTRIPE_API_BASE={double.url}\nSTRIPE_SECRET_KEY=sk_test_double\n"
            f"STRIPE_WEBHOOK_SECRET={secret}\n"
        )
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    _main()
