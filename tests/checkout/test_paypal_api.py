"""The traps of paypalrestsdk, and that none of them is left. Each test speaks real HTTP."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import paypalrestsdk.api
import pytest

from checkout.errors import PaymentRefused, ProviderUnavailable
from checkout.providers import paypal_api
from checkout.providers.paypal_api import PayPalApi, errors_in_our_words
from tests.checkout.paypal_cases import named, short_time_outs
from tests.doubles.paypal import TOKEN, Fault, PayPalDouble

ORDER = "/v2/checkout/orders/O1"


@pytest.fixture
def api(paypal: PayPalDouble) -> PayPalApi:
    return PayPalApi(paypal.url, paypal.client_id, paypal.client_secret)


@pytest.fixture(autouse=True)
def _an_order(paypal: PayPalDouble) -> None:
    links = [{"href": f"{paypal.url}/checkoutnow?token=O1", "rel": "payer-action"}]
    paypal.orders["O1"] = {"id": "O1", "status": "CREATED", "purchase_units": [{}], "links": links}


def tell(api: PayPalApi) -> Any:
    with errors_in_our_words():
        return api.get(ORDER)


@pytest.mark.parametrize("path", [TOKEN, ORDER], ids=["token", "call"])
@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.DRIP, Fault.DRIP_CHUNKED, Fault.HUGE])
def test_a_peer_without_an_end_is_left(paypal: PayPalDouble, api: PayPalApi, fault: Fault, path: str) -> None:
    paypal.fail(fault, path=path)
    started_at = time.monotonic()

    with short_time_outs(), pytest.raises(ProviderUnavailable):
        tell(api)

    assert time.monotonic() - started_at < 5
    assert tell(api)["id"] == "O1"


def test_a_shop_waits_for_ten_seconds_at_most() -> None:
    assert sum(PayPalApi.time_out) == 10


def test_a_lasting_401_costs_two_calls(paypal: PayPalDouble, api: PayPalApi) -> None:
    paypal.fail(Fault.UNAUTHORIZED, path=ORDER, times=1000)

    with pytest.raises(ProviderUnavailable, match="401"):
        tell(api)

    assert [len(paypal.called(ORDER)), len(paypal.called(TOKEN))] == [2, 2]


def test_refused_credentials_cost_one_call(paypal: PayPalDouble) -> None:
    api = PayPalApi(paypal.url, paypal.client_id, "wrong")

    with pytest.raises(ProviderUnavailable, match="invalid_client"):
        tell(api)

    assert [call.path for call in paypal.calls] == [TOKEN]


def test_a_token_that_was_revoked_is_renewed(paypal: PayPalDouble, api: PayPalApi) -> None:
    tell(api)
    paypal.revoke_tokens()

    assert tell(api)["id"] == "O1"
    assert len(paypal.called(TOKEN)) == 2


def test_a_token_is_kept_until_shortly_before_its_end(paypal: PayPalDouble, api: PayPalApi) -> None:
    tell(api)
    tell(api)
    assert len(paypal.called(TOKEN)) == 1

    paypal.token_seconds = 60  # ends within the leeway: no call may start with it
    paypal.revoke_tokens()
    tell(api)
    tell(api)
    assert len(paypal.called(TOKEN)) == 3


def test_cold_threads_fetch_one_token(paypal: PayPalDouble, api: PayPalApi) -> None:
    barrier = threading.Barrier(8)

    def ask(_number: int) -> Any:
        barrier.wait()
        return tell(api)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))

    assert [answer["id"] for answer in answers] == ["O1"] * 8
    assert len(paypal.called(TOKEN)) == 1


def test_threads_do_not_queue_up_behind_a_token_that_does_not_come(
    paypal: PayPalDouble, api: PayPalApi
) -> None:
    paypal.fail(Fault.SLOW, path=TOKEN, times=100)
    started_at = time.monotonic()

    def ask(_number: int) -> str:
        with pytest.raises(ProviderUnavailable) as caught:
            tell(api)
        return str(caught.value)

    with short_time_outs(), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))

    assert set(answers) <= {f"PayPal is not available: {word}." for word in ("ReadTimeout", "Timeout")}
    assert time.monotonic() - started_at < 2  # one after the other it would be eight times 0.3 s and more


def test_the_headers_of_a_call_stay_with_it(paypal: PayPalDouble, api: PayPalApi) -> None:
    headers = {"PayPal-Request-Id": "payment-1", "Prefer": "return=minimal", "Authorization": "none of yours"}

    api.request(f"{paypal.url}{ORDER}", "GET", headers=headers)

    token, call = paypal.calls
    assert token.path == TOKEN
    assert not token.headers.keys() & {"paypal-request-id", "prefer"}
    assert call.key == "payment-1"
    assert call.headers["authorization"] == f"Bearer {paypal.tokens[0]}"
    assert call.raw == b""


def test_calls_share_a_connection(paypal: PayPalDouble, api: PayPalApi) -> None:
    for _each in range(10):
        tell(api)

    assert paypal.connections == 1


def test_a_400_raises(paypal: PayPalDouble, api: PayPalApi) -> None:
    with pytest.raises(PaymentRefused, match="PayPal answered 400: INVALID_JSON"), errors_in_our_words():
        api.post("/v1/notifications/verify-webhook-signature", b"{")

    paypal.complaints.clear()  # no such body would be sent


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Fault.BAD_REQUEST_PAGE, PaymentRefused, "PayPal answered 400"),
        (Fault.REFUSED, PaymentRefused, "COMPLIANCE_VIOLATION in the double's words. (debug id double)"),
        (Fault.ERROR, ProviderUnavailable, "PayPal answered 500"),
        (Fault.TOO_MANY, ProviderUnavailable, "PayPal answered 429: RATE_LIMIT_REACHED"),
        (Fault.FORBIDDEN, ProviderUnavailable, "PayPal answered 403: NOT_AUTHORIZED"),
        (Fault.IN_PROGRESS, ProviderUnavailable, "PayPal answered 409: PREVIOUS_REQUEST_IN_PROGRESS"),
        (Fault.REDIRECT, ProviderUnavailable, "PayPal answered 302"),
        (Fault.DROP_BEFORE, ProviderUnavailable, "not available"),
        (Fault.DROP_AFTER, ProviderUnavailable, "not available"),
        (Fault.CUT, ProviderUnavailable, "not available"),
        (Fault.HTML, ProviderUnavailable, "makes no sense"),
        (Fault.DEEP, ProviderUnavailable, "makes no sense"),
    ],
    ids=named,
)
def test_each_fault_is_one_of_our_errors(
    paypal: PayPalDouble, api: PayPalApi, fault: Fault, error: type[Exception], words: str
) -> None:
    paypal.fail(fault, path=ORDER)

    with pytest.raises(error) as caught:
        tell(api)

    assert words in str(caught.value)


def test_nobody_at_the_address_is_unavailable(paypal: PayPalDouble) -> None:
    with pytest.raises(ProviderUnavailable):
        tell(PayPalApi("http://127.0.0.1:1", "client", "secret"))


def test_a_base_with_a_slash_at_its_end_is_the_same_base(paypal: PayPalDouble) -> None:
    api = PayPalApi(f"{paypal.url}/", paypal.client_id, paypal.client_secret)

    tell(api)

    assert [call.path for call in paypal.calls] == [TOKEN, ORDER]


def test_bytes_are_sent_as_they_are(paypal: PayPalDouble, api: PayPalApi) -> None:
    raw = '{ "webhook_event" : {"a":1.0,  "ب": "ت"}, "webhook_id" : "W", "cert_url": "", "auth_algo": "",'
    raw += '"transmission_id": "a", "transmission_sig": "a", "transmission_time": ""}'

    api.post("/v1/notifications/verify-webhook-signature", raw.encode())

    assert paypal.calls[-1].raw == raw.encode()
    paypal.complaints.clear()  # no such signature would be sent


def test_logs_tell_no_secret_no_token_and_nothing_of_the_buyer(
    paypal: PayPalDouble, api: PayPalApi, caplog: pytest.LogCaptureFixture
) -> None:
    paypal.orders["O1"]["payer"] = {"email_address": "buyer@example.com"}

    with caplog.at_level(logging.DEBUG):
        for name in ("paypalrestsdk", "urllib3"):
            caplog.set_level(logging.DEBUG, logger=name)
        tell(api)
        paypal.fail(Fault.REFUSED, path=ORDER)
        with pytest.raises(PaymentRefused):
            tell(api)

    assert "COMPLIANCE_VIOLATION" in caplog.text
    for secret in (paypal.client_secret, *paypal.tokens, "Basic", "Bearer", "buyer@example.com"):
        assert secret not in caplog.text


def test_the_packages_own_logger_is_set_above_debug(settings: Any) -> None:
    assert settings.LOGGING["loggers"]["paypalrestsdk"]["level"] == "INFO"


def test_a_process_has_one_client_for_an_account_and_nothing_global(
    paypal: PayPalDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    of: Callable[..., PayPalApi] = paypal_api.paypal_api
    mine = of(paypal.url, "a", "secret")

    assert of(paypal.url, "a", "secret") is mine
    assert of(paypal.url, "b", "secret") is not mine
    assert paypalrestsdk.api.__api__ is None
    monkeypatch.setattr("os.getpid", lambda: -1)  # as in a worker forked from this process
    assert of(paypal.url, "a", "secret") is not mine


def test_no_cookie_is_carried_from_one_call_to_the_next(paypal: PayPalDouble, api: PayPalApi) -> None:
    tell(api)
    tell(api)

    assert all("cookie" not in call.headers for call in paypal.calls)
