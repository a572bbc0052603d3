"""The HTTP side of the PayPal double: calls in, replies and ordered faults out, and the page for buyers."""

import contextlib
import html
import json
import time
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from tests.doubles.paypal import PayPalDouble


class Fault(StrEnum):
    """How an API call goes wrong, on order. Those that come after processing leave their work done."""

    ERROR = "500"
    TOO_MANY = "429"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    REFUSED = "422"
    IN_PROGRESS = "409, as for a call with the same key at the same time"
    BAD_REQUEST_PAGE = "400 with a page instead of JSON"
    REDIRECT = "302 to another host"
    DROP_BEFORE = "connection dropped before processing"
    DROP_AFTER = "connection dropped after processing"
    SLOW = "answer held back, after processing"
    DRIP = "answer in single bytes, without an end"
    DRIP_CHUNKED = "the same, in chunks"
    CUT = "an answer that stops in its middle"
    HTML = "a page instead of JSON"
    HUGE = "a body of 60 megabytes"
    DEEP = "JSON a million lists deep"
    NOTHING = "JSON of another shape"
    UNKNOWN_STATUS = "a status nobody has heard of"
    WRONG_CURRENCY = "euros"
    NO_CURRENCY = "a currency nobody has heard of"


# What is answered instead of the right body, and what goes wrong before any work is done.
BODIES = {
    Fault.HTML: b"<html><body>We will be back soon.</body></html>",
    Fault.NOTHING: b'["nothing", null]',
    Fault.DEEP: b"[" * 1_000_000,
    Fault.HUGE: b'{"id": "' + b"x" * 60_000_000 + b'"}',
}
REFUSALS = {
    Fault.ERROR: (500, "INTERNAL_SERVER_ERROR"),
    Fault.TOO_MANY: (429, "RATE_LIMIT_REACHED"),
    Fault.UNAUTHORIZED: (401, "AUTHENTICATION_FAILURE"),
    Fault.FORBIDDEN: (403, "NOT_AUTHORIZED"),
    Fault.REFUSED: (422, "COMPLIANCE_VIOLATION"),
    Fault.IN_PROGRESS: (409, "PREVIOUS_REQUEST_IN_PROGRESS"),
}
OTHER_WORDS = {
    Fault.UNKNOWN_STATUS: {"status": "ODD", "verification_status": "ODD"},
    Fault.WRONG_CURRENCY: {"currency_code": "EUR"},
    Fault.NO_CURRENCY: {"currency_code": "XQX"},
}


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: dict[str, str]
    raw: bytes
    headers: dict[str, str]

    @property
    def sent(self) -> dict[str, Any]:
        try:
            return json.loads(self.raw) if self.raw else {}
        except ValueError:
            return {}

    @property
    def key(self) -> str:
        return self.headers.get("paypal-request-id", "")

    @property
    def wants_all(self) -> bool:
        return self.headers.get("prefer") == "return=representation"


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def json_reply(status: int, answer: Any, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(answer).encode(), headers or {})


def refusal(status: int, issue: str, description: str = "") -> Reply:
    """https://developer.paypal.com/api/rest/responses/#http-status-codes"""
    names = {400: "INVALID_REQUEST", 404: "RESOURCE_NOT_FOUND", 422: "UNPROCESSABLE_ENTITY"}
    error = {
        "name": names.get(status, issue),
        "message": "The requested action could not be performed.",
        "debug_id": "double",
        "details": [{"issue": issue, "description": description or f"{issue} in the double's words."}],
    }
    return json_reply(status, error, {"Retry-After": "1"} if status == 429 else {})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: the second would wait 40 ms for an ack

    @property
    def double(self) -> "PayPalDouble":
        return self.server.double  # type: ignore[attr-defined]

    def setup(self) -> None:
        super().setup()
        self.double.connections += 1

    def log_message(self, *_args: Any) -> None:
        """Tests have nothing to say about single requests."""

    def do_GET(self) -> None:
        url, raw = urlsplit(self.path), self.rfile.read(int(self.headers.get("Content-Length", 0)))
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        if url.path == "/checkoutnow":
            self._buyers_page(query.get("token", ""), dict(parse_qsl(raw.decode())).get("outcome", ""))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = Call(self.command, url.path, query, raw, headers)
        with contextlib.suppress(ConnectionError):
            self._answer(call, self.double.take_fault(call))

    do_POST = do_GET

    def _answer(self, call: Call, fault: Fault | None) -> None:
        if fault == Fault.DROP_BEFORE:
            self.close_connection = True
            return
        reply = self.double.answer(call, fault)
        if fault == Fault.DROP_AFTER:
            self.close_connection = True
        elif fault in (Fault.DRIP, Fault.DRIP_CHUNKED):
            self._drip(in_chunks=fault == Fault.DRIP_CHUNKED)
        else:
            if fault == Fault.SLOW:
                time.sleep(self.double.holds_back_seconds)
            self._reply(_spoiled(reply, fault), cut=10 if fault == Fault.CUT else 0)

    def _drip(self, *, in_chunks: bool) -> None:
        self.send_response(200)
        self.send_header(*(("Transfer-Encoding", "chunked") if in_chunks else ("Content-Length", "100000")))
        self.end_headers()
        while True:
            self.wfile.write(b"1\r\n \r\n" if in_chunks else b" ")
            time.sleep(0.02)

    def _reply(self, reply: Reply, content_type: str = "application/json", *, cut: int = 0) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Paypal-Debug-Id", "double")
        self.send_header("Set-Cookie", "visitor=1; Path=/")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body[: len(reply.body) - cut])
        self.close_connection = self.close_connection or cut > 0

    def _buyers_page(self, order_id: str, outcome: str) -> None:
        order = self.double.orders.get(order_id)
        if order is None:
            self._reply(Reply(404, b"Things don't appear to be working"), "text/plain")
            return
        context = self.double.book.contexts[order_id]
        if self.command == "POST" and outcome == "cancel":
            self._reply(Reply(303, b"", {"Location": _with_query(context["cancel_url"], order_id)}))
        elif self.command == "POST":
            self.double.approve(order_id, outcome)
            address = _with_query(context["return_url"], order_id) + "&PayerID=BUYER1"
            self._reply(Reply(303, b"", {"Location": address}))
        else:
            self._reply(Reply(200, _page(order, context).encode()), "text/html; charset=utf-8")


def _spoiled(reply: Reply, fault: Fault | None) -> Reply:
    if fault == Fault.BAD_REQUEST_PAGE:
        return Reply(400, BODIES[Fault.HTML])
    if fault == Fault.REDIRECT:
        return Reply(302, b"", {"Location": "http://elsewhere.invalid/"})
    if fault in BODIES:
        return Reply(reply.status, BODIES[fault], reply.headers)
    if fault in OTHER_WORDS:
        body = json.dumps(_reworded(json.loads(reply.body), OTHER_WORDS[fault])).encode()
        return Reply(reply.status, body, reply.headers)
    return reply


def _reworded(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_reworded(each, words) for each in value]
    if isinstance(value, dict):
        return {key: words.get(key) or _reworded(each, words) for key, each in value.items()}
    return value


def _with_query(address: str, order_id: str) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}token={order_id}"


def _page(order: dict[str, Any], context: dict[str, Any]) -> str:
    buttons = "".join(
        f'<button name="outcome" value="{value}">{label}</button> '
        for value, label in [
            ("approve", "Pay now"),
            ("decline", "Pay with a card that is declined"),
            ("hold", "Pay, to be held back for review"),
            ("cancel", "Cancel and return"),
        ]
    )
    (unit,) = order["purchase_units"]
    names = "".join(f"<li>{html.escape(item['name'])}</li>" for item in unit.get("items", []))
    head = '<meta charset=utf-8><link rel=icon href="data:,"><title>PayPal</title>'
    return (
        f'<!doctype html><html lang="{context.get("locale", "en")}">{head}'
        f"<h1>{unit['amount']['value']} {unit['amount']['currency_code']}</h1><ul>{names}</ul>"
        f"<form method=post>{buttons}</form>"
    )
