"""The wire without sockets: the real client's requests are answered by a double in the same thread.

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
from tests.doubles.provider_schema import nested
from tests.doubles.stripe import StripeDouble
from tests.doubles.stripe_wire import Call, Fault

Hook = Callable[[str], None]


class DirectAdapter(requests.adapters.HTTPAdapter):
    def __init__(self, double: StripeDouble, hook: Hook) -> None:
        super().__init__()
        self.double, self.hook = double, hook

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        url = urlsplit(str(request.url))
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body or "")
        sent = nested(parse_qsl(body or url.query, keep_blank_values=True))
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        call = Call(str(request.method), url.path, sent, headers)
        self.hook(f"before {call.method} {call.path}")
        fault = self.double.take_fault(call)
        if fault == Fault.DROP_BEFORE:
            raise requests.ConnectionError("dropped before processing")
        reply = self.double.answer(call, fault)
        self.hook(f"after {call.method} {call.path}")
        if fault == Fault.DROP_AFTER:
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


@contextmanager
def direct_wire(double: StripeDouble, hook: Hook = lambda _point: None) -> Iterator[None]:
    """Requests to any provider go to the double at once; the hook is told before and after each call."""
    adapter = DirectAdapter(double, hook)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BoundedSession, "get_adapter", lambda _self, **_kwargs: adapter)
        yield
