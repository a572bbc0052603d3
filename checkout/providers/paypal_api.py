"""PayPal's wire: sign-in, transport and refusals. https://developer.paypal.com/api/rest/

paypalrestsdk gives the sign-in and the kinds of error. As it comes it waits for ever, asks for ever after a
401, swallows a 400 and puts a call's headers into its token request; PayPalApi does none of that.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from paypalrestsdk import Api, exceptions

from checkout.errors import PaymentRefused, ProviderUnavailable
from checkout.providers.transport import BoundedSession, seconds_left, wait_wanted
from storefront.money import UnknownCurrency
from storefront.text import clean_line

logger = logging.getLogger(__name__)


class PayPalApi(Api):
    """Calls PayPal as one account. One of these serves all threads of a process."""

    time_out = (3, 7)  # seconds: for a connection, and between two bytes; their sum for a whole answer
    leeway = 60  # seconds: a token about to end could end on its way

    def __init__(self, base: str, client_id: str, client_secret: str) -> None:
        # Any mode but "live" logs secrets and buyers' data; the endpoint alone says which PayPal it is.
        super().__init__(
            mode="live", endpoint=base.rstrip("/"), client_id=client_id, client_secret=client_secret
        )
        self._token: dict[str, Any] | None = None
        self._token_lock = threading.Lock()
        self._token_ends_at = 0.0
        self._session = BoundedSession()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_token_hash(
        self, authorization_code: Any = None, refresh_token: Any = None, headers: Any = None
    ) -> dict[str, Any]:
        """The token in use, or a new one: fetched by one thread, without the headers of any call."""
        if not self._token_lock.acquire(timeout=min(sum(self.time_out), seconds_left())):
            raise requests.Timeout("Another thread waits for PayPal's token already.")
        try:
            if self._token is None or time.monotonic() >= self._token_ends_at:
                self.token_hash = None
                token = super().get_token_hash()
                self._token_ends_at = time.monotonic() + token["expires_in"] - self.leeway
                self._token = {"access_token": token["access_token"]}
            return self._token
        finally:
            self._token_lock.release()

    def request(
        self, url: str, method: str, body: Any = None, headers: Any = None, refresh_token: Any = None
    ) -> Any:
        """Bytes are sent as they are, other bodies as JSON. A token ended before its time is renewed once."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        token = self.get_token_hash()
        try:
            return self._call_with(token, url, method, data, headers)
        except exceptions.UnauthorizedAccess:
            self._forget(token)
        return self._call_with(self.get_token_hash(), url, method, data, headers)

    def _call_with(
        self, token: dict[str, Any], url: str, method: str, data: bytes | None, headers: Any
    ) -> Any:
        own = {
            "Authorization": f"Bearer {token['access_token']}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": self.user_agent,
        }
        return self.http_call(url, method, data=data, headers={**(headers or {}), **own})

    def http_call(self, url: str, method: str, **kwargs: Any) -> Any:
        response = self._session.request(method, url, timeout=self.time_out, allow_redirects=False, **kwargs)
        return self.handle_response(response, response.content.decode())

    def _forget(self, token: dict[str, Any]) -> None:
        with self._token_lock:
            if self._token is token:
                self._token = None


def paypal_api(base: str, client_id: str, client_secret: str) -> PayPalApi:
    """The client of this process for an account: it keeps the token and the connections."""
    return _api_of_process(os.getpid(), base, client_id, client_secret)


@cache
def _api_of_process(_pid: int, base: str, client_id: str, client_secret: str) -> PayPalApi:
    # By process, for a connection shared with a forked worker would mix up two buyers' answers.
    return PayPalApi(base, client_id, client_secret)


def issue_of(error: exceptions.ConnectionError) -> str:
    """PayPal's word for what is wrong, such as ORDER_ALREADY_CAPTURED; empty if it gave none."""
    told = _told(error)
    return str(told.get("issue") or told.get("name") or told.get("error") or "")


def in_words(error: exceptions.ConnectionError) -> str:
    """For staff: what PayPal said, with the number that its support asks for."""
    told = _told(error)
    said = told.get("description") or told.get("message") or told.get("error_description") or ""
    number = error.response.headers.get("Paypal-Debug-Id", "-")
    words = f"PayPal answered {error.response.status_code}: {issue_of(error)} {said} (debug id {number})"
    return clean_line(words)[:500]


def _told(error: exceptions.ConnectionError) -> dict[str, Any]:
    """The body of a refusal, with its first detail laid over it; empty for a page or other nonsense."""
    try:
        told = json.loads(error.content)
        details = told.get("details") or [{}]
        return {**told, **details[0]}
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return {}


# Not final: the keys or their rights, a call at the same time, too many calls, not yet.
_PASSING = {401, 403, 408, 409, 425, 429}


# What reading an answer of another shape ends in.
NONSENSE = (
    *(ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
    UnknownCurrency,
)


@contextmanager
def errors_in_our_words() -> Iterator[None]:
    """https://developer.paypal.com/api/rest/responses/"""
    try:
        yield
    except exceptions.ClientError as error:
        logger.warning("%s", in_words(error))
        if error.response.status_code in _PASSING:
            raise ProviderUnavailable(in_words(error), wait_wanted(error.response.headers)) from error
        raise PaymentRefused(in_words(error)) from error
    except exceptions.ConnectionError as error:
        logger.warning("%s", in_words(error))
        raise ProviderUnavailable(in_words(error), wait_wanted(error.response.headers)) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        logger.warning("PayPal is not available: %r", error)
        raise ProviderUnavailable(f"PayPal is not available: {type(error).__name__}.") from error
    except NONSENSE as error:
        logger.warning("PayPal's answer makes no sense: %r", error)
        raise ProviderUnavailable("PayPal's answer makes no sense.") from error
