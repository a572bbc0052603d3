"""The wire without sockets: the real clients' requests are answered by the doubles in the same thread.

For tests that make thousands of calls; the tests of the providers themselves use real connections.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import urllib3

from checkout.providers.transport import BoundedSession
from tests.doubles import paypal_wire, stripe_wire
from tests.doubles.paypal import PayPalDouble
from tests.doubles.provider_schema import nested
from tests.doubles.stripe import StripeDouble

Double = StripeDouble | PayPalDouble
Hook = Callable[[str], None]


class DirectAdapter(requests.adapters.HTTPAdapter):
    def __init__(self, doubles: tuple[Double, ...], hook: Hook) -> None:
        super().__init__()
        self.doubles, self.hook = doubles, hook

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        (double,) = (each for each in self.doubles if str(request.url).startswith(each.url))
        call = _call(double, request)
        self.hook(f"before {call.method} {call.path}")
        fault = double.take_fault(call)  # type: ignore[arg-type]
        if fault and fault.name == "DROP_BEFORE":
            raise requests.ConnectionError("dropped before processing")
        reply = double.answer(call, fault)  # type: ignore[arg-type]
        self.hook(f"after {call.method} {call.path}")
        if fault and fault.name == "DROP_AFTER":
            raise requests.ConnectionError("dropped after processing")
        return self.build_response(
            request,
            urllib3.HTTPResponse(
                body=io.BytesIO(reply.body),
                headers=reply.headers,
                status=reply.status,
                preload_content=False,
            ),
        )


def _call(double: Double, request: requests.PreparedRequest) -> stripe_wire.Call | paypal_wire.Call:
    url, method = urlsplit(str(request.url)), str(request.method)
    body: Any = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
    }
    if isinstance(double, PayPalDouble):
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        return paypal_wire.Call(method, url.path, query, body, headers)
    sent = nested(parse_qsl(body.decode() or url.query, keep_blank_values=True))
    return stripe_wire.Call(method, url.path, sent, headers)


@contextmanager
def direct_wire(*doubles: Double, hook: Hook = lambda _point: None) -> Iterator[None]:
    """Requests to a double go to it at once; the hook is told before and after each call."""
    adapter = DirectAdapter(doubles, hook)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BoundedSession, "get_adapter", lambda _self, **_kwargs: adapter)
        yield
