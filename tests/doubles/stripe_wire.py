"""The HTTP side of the Stripe double: calls in, replies and ordered faults out, and the payment page."""

import contextlib
import html
import json
import time
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tests.doubles.provider_schema import nested

if TYPE_CHECKING:
    from tests.doubles.stripe import StripeDouble


class Fault(StrEnum):
    """How an API call goes wrong, on order. Those that come after processing leave their work done."""

    ERROR = "500"  # kept under the call's key, as Stripe does: a repeat gives it again
    TOO_MANY = "429"
    REFUSED = "400"
    DROP_BEFORE = "connection dropped before processing"
    DROP_AFTER = "connection dropped after processing"
    SLOW = "answer held back, after processing"
    DRIP = "answer in single bytes, without an end"
    HTML = "a page instead of JSON"
    HUGE = "a body of 60 megabytes"
    NOTHING = "JSON of another shape"
    UNKNOWN_STATUS = "a status nobody has heard of"
    OTHER_CURRENCY = "money of another country"


BODIES = {
    Fault.HTML: b"<html><body>We will be back soon.</body></html>",
    Fault.HUGE: b'{"id": "' + b"x" * 60_000_000 + b'"}',
    Fault.NOTHING: b'["nothing", null]',
}
CHANGES = {
    Fault.UNKNOWN_STATUS: {"status": "odd", "payment_status": "odd"},
    Fault.OTHER_CURRENCY: {"currency": "jpy"},
}


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    sent: dict[str, Any]
    headers: dict[str, str]

    @property
    def key(self) -> str:
        """The call's idempotency key; calls without one are all different."""
        return self.headers.get("idempotency-key") or f"call {id(self)}"

    @property
    def fingerprint(self) -> str:
        return json.dumps([self.path, self.sent], sort_keys=True)


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def error_reply(status: int, kind: str, message: str, *, code: str = "") -> Reply:
    """https://docs.stripe.com/api/errors"""
    error = {"type": kind, "message": message} | ({"code": code} if code else {})
    headers = {"Retry-After": "1"} if status == 429 else {}
    return Reply(status, json.dumps({"error": error}).encode(), headers)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves in one piece

    @property
    def double(self) -> "StripeDouble":
        return self.server.double  # type: ignore[attr-defined]

    def log_message(self, *_args: Any) -> None:
        """Tests have nothing to say about single requests."""

    def do_GET(self) -> None:
        self._route("")

    def do_POST(self) -> None:
        self._route(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

    def _route(self, body: str) -> None:
        url = urlsplit(self.path)
        sent = nested(parse_qsl(body or url.query, keep_blank_values=True))
        if url.path.startswith("/pay/"):
            self._pay_page(url.path.removeprefix("/pay/"), str(sent.get("outcome", "")))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = Call(self.command, url.path, sent, headers)
        with contextlib.suppress(ConnectionError):
            self._answer(call, self.double.take_fault(call))

    def _answer(self, call: Call, fault: Fault | None) -> None:
        if fault == Fault.DROP_BEFORE:
            self.close_connection = True
            return
        reply = self.double.answer(call, fault)
        if fault == Fault.DROP_AFTER:
            self.close_connection = True
            return
        if fault == Fault.SLOW:
            time.sleep(self.double.holds_back_seconds)
        if fault == Fault.DRIP:
            self._drip()
            return
        body = BODIES.get(fault, reply.body) if fault else reply.body
        if fault in CHANGES:
            body = json.dumps(_changed(json.loads(body), CHANGES[fault])).encode()
        self._reply(Reply(reply.status, body, reply.headers))

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while True:
            self.wfile.write(b" ")
            time.sleep(0.05)

    def _reply(self, reply: Reply, content_type: str = "application/json") -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Request-Id", "req_double")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def _pay_page(self, session_id: str, outcome: str) -> None:
        session = self.double.sessions.get(session_id)
        if session is None:
            self._reply(Reply(404, b"No such session"), "text/plain")
            return
        deeds = {"pay": self.double.pay, "later": self.double.pay_later, "decline": self.double.decline}
        if self.command == "POST" and outcome in deeds:
            deeds[outcome](session_id)
        if session["status"] == "complete":
            address = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id)
            self._reply(Reply(303, b"", {"Location": address}))
            return
        note = "Your card was declined." if outcome == "decline" else ""
        self._reply(Reply(200, _page(session, note).encode()), "text/html; charset=utf-8")


def _changed(answer: dict[str, Any], change: dict[str, str]) -> dict[str, Any]:
    """The answer, or each object of a list, with other values."""
    if answer.get("object") == "list":
        return answer | {"data": [each | change for each in answer["data"]]}
    return answer | change


def _page(session: dict[str, Any], note: str) -> str:
    buttons = "".join(
        f'<button name="outcome" value="{value}">{label}</button> '
        for value, label in [("pay", "Pay"), ("decline", "Decline"), ("later", "Pay later")]
    )
    return (
        "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><title>Payment page</title>"
        f"<h1>{session['amount_total']} {session['currency']}</h1><p role=alert>{note}</p>"
        f"<form method=post>{buttons}</form>"
        f'<a href="{html.escape(session["cancel_url"])}">Back to the shop</a>'
    )
