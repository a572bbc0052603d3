import math
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import TCPServer
from typing import Any

import pytest
from django.core.servers.basehttp import WSGIServer
from django.db.backends.base.operations import BaseDatabaseOperations
from django.test import Client
from django.test.signals import setting_changed
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from delivery import sending
from delivery.signing import forget_key
from invoicing import printing
from storefront import shop as shop_module
from storefront.celery import app
from tests import emptying
from tests.browser import chromium as chromium
from tests.browser import playwright as playwright
from tests.doubles.paypal import PayPalDouble
from tests.doubles.s3 import s3_server, use_s3
from tests.doubles.stripe import StripeDouble

# Pure functions run as many examples as the profile says; tests that write rows name a smaller number.
hypothesis_settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
hypothesis_settings.register_profile(
    "random", hypothesis_settings.get_profile("ci"), derandomize=False, database=None
)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


# A busy machine lets connections wait; the kernel resets some where a server has room for five or ten.
TCPServer.request_queue_size = WSGIServer.request_queue_size = 256

app.loader.import_default_modules()  # so that every task has its name, whichever tests are chosen
BaseDatabaseOperations.execute_sql_flush = emptying.flush  # type: ignore[method-assign, assignment]


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Texts of the test's own thread are English; pages have the language of their address."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _tasks_run_at_once() -> Iterator[None]:
    """Tasks run in the caller, after its transaction, as a quick worker would. Broker tests turn it off."""
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager = app.conf.task_eager_propagates = False


@pytest.fixture(autouse=True)
def _invoices_are_printed_where_they_are_tested(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere their PDFs stay due: nearly every test sells something, and a PDF takes its time."""
    if "invoic" not in f"{request.path.parent.name}/{request.path.name}":
        monkeypatch.setattr(printing, "print_document", lambda pdf: None)


@pytest.fixture(autouse=True)
def _signing_key_of_the_test() -> None:
    """The key that the process keeps went with the rows of the test before."""
    forget_key()


@pytest.fixture(autouse=True)
def _settings_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test sees the shop's row of another; until it saves one itself, the environment counts."""

    def assume(**_changed: Any) -> None:
        if _changed and shop_module._kept._until != math.inf:
            return  # the test has saved a row, or asks the database on purpose
        kept = shop_module._Kept()
        kept._facts, kept._until = shop_module.facts_of(shop_module.new_shop()), math.inf
        monkeypatch.setattr(shop_module, "_kept", kept)

    assume()
    setting_changed.connect(assume)
    yield
    setting_changed.disconnect(assume)


@pytest.fixture(autouse=True)
def _all_room_for_transfers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that an earlier test never read to their end keep no place; a web server closes each."""
    monkeypatch.setattr(sending.slots, "_taken", 0)


@pytest.fixture
def page_client() -> Client:
    """A browser as far as headers go: it sends Sec-Fetch-Site and demands CSRF tokens."""
    return Client(enforce_csrf_checks=True, headers={"Sec-Fetch-Site": "same-origin"})


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Any) -> Callable[[], AbstractContextManager[Any]]:
    """`with commits():` ends like a committed transaction: the tasks that it enqueued have run."""
    return partial(django_capture_on_commit_callbacks, execute=True)


@pytest.fixture
def lost_webhooks(settings: Any) -> Iterator[None]:
    """The demo's webhooks are taken by one who does nothing with them: the shop has to look by itself."""

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Taker) as server:
        settings.PORT = server.server_port
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield
        server.shutdown()


@pytest.fixture
def stripe(settings: Any) -> Iterator[StripeDouble]:
    """The shop takes cards at a Stripe double; a request that Stripe would not take fails the test."""
    with StripeDouble() as double:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = "sk_test_double", double.url
        settings.STRIPE_WEBHOOK_SECRET = double.webhook_secret
        yield double
    assert double.complaints == []


@pytest.fixture
def s3(settings: Any) -> Iterator[str]:
    """The shop keeps its product files in S3, at this address."""
    with s3_server() as url:
        use_s3(settings, url)
        yield url


@pytest.fixture
def paypal(settings: Any) -> Iterator[PayPalDouble]:
    """The shop takes PayPal at a PayPal double; a call that PayPal would not take fails the test."""
    with PayPalDouble() as double:
        settings.PAYPAL_API_BASE, settings.PAYPAL_WEBHOOK_ID = double.url, double.webhook_id
        settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET = double.client_id, double.client_secret
        yield double
    assert double.complaints == []
