"""How providers are talked to: never without an end."""

import math
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3
from django.utils import timezone
from requests.adapters import HTTPAdapter

LARGEST_ANSWER = 4_000_000  # bytes
LONGEST_WAIT = timedelta(hours=6)
BUYERS_PATIENCE = 8  # seconds
_ends_at: ContextVar[float] = ContextVar("ends_at", default=math.inf)


@contextmanager
def patience(seconds: float | None = None) -> Iterator[None]:
    """All calls to providers in here take no longer than this together: a buyer waits for a page."""
    seconds = BUYERS_PATIENCE if seconds is None else seconds
    token = _ends_at.set(min(_ends_at.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ends_at.reset(token)


def seconds_left() -> float:
    """Of the patience that this call has; infinite where nobody waits."""
    return max(_ends_at.get() - time.monotonic(), 0)


def wait_wanted(headers: Mapping[str, str] | None) -> timedelta:
    """Retry-After in seconds or as a date, at most six hours; nothing where it says nothing sensible.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    said = ({} if headers is None else headers).get("Retry-After", "").strip()
    try:
        if said.isascii() and said.isdecimal():
            wait = timedelta(seconds=min(int(said), LONGEST_WAIT.total_seconds()))
        else:
            date = parsedate_to_datetime(said)
            wait = (date if date.tzinfo else date.replace(tzinfo=UTC)) - timezone.now()
    except (ValueError, OverflowError):
        return timedelta(0)
    return min(max(wait, timedelta(0)), LONGEST_WAIT)


class BoundedSession(requests.Session):
    """Gives up on an answer that is too long or comes too slowly; requests itself only limits each pause."""

    def __init__(self) -> None:
        super().__init__()
        for scheme in ("https://", "http://"):
            self.mount(scheme, _BoundedAdapter())

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        left = min(seconds_left(), sum(kwargs["timeout"]))
        if left <= 0:
            raise requests.ConnectTimeout("Nobody waits for this any longer.")
        connect = min(kwargs["timeout"][0], left / 2)
        timeout = (connect, min(kwargs["timeout"][1], left - connect))
        with patience(left):
            response = super().request(*args, **kwargs | {"stream": True, "timeout": timeout})
            body = b""
            while piece := response.raw.read1(LARGEST_ANSWER, decode_content=True):
                body += piece
                if len(body) > LARGEST_ANSWER or not seconds_left():
                    response.close()
                    raise requests.ReadTimeout("The answer did not end.")
        response._content = body
        return response


class _BoundedAdapter(HTTPAdapter):
    """Cuts the connection where even the head of an answer comes byte by byte."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _BoundedHead:
    sock: socket.socket | None

    def getresponse(self) -> Any:
        cut = threading.Timer(min(seconds_left(), threading.TIMEOUT_MAX), _cut, [self.sock])
        cut.daemon = True
        cut.start()
        try:
            response = super().getresponse()  # type: ignore[misc]
        finally:
            cut.cancel()
        if not seconds_left():  # a head that was cut looks like a short one
            raise TimeoutError("The answer did not begin.")
        return response


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # it is closed already
        return


class _HTTPConnection(_BoundedHead, urllib3.connection.HTTPConnection):
    pass


class _HTTPSConnection(_BoundedHead, urllib3.connection.HTTPSConnection):
    pass


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection
