"""A real browser in front of a live server. Any console error or request to another host fails."""

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import CHROMIUM, WHY_NOT
from tests.doubles.paypal import PayPalDouble
from tests.doubles.stripe import StripeDouble

PHONE: Any = {"width": 390, "height": 844}
DESKTOP: Any = {"width": 1280, "height": 900}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM is None:
        for item in items:
            if "tests/flows/" in str(item.path):
                item.add_marker(pytest.mark.skip(reason=WHY_NOT))


@pytest.fixture
def open_page(chromium: Browser, live_server: Any, settings: Any) -> Iterator[Callable[..., Page]]:
    """open_page("ar", PHONE) gives a page of a new reader, of that language and screen."""
    settings.SITE_URL = live_server.url
    settings.PORT = urlsplit(live_server.url).port
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_(language: str = "en", viewport: Any = None, **options: Any) -> Page:
        context = chromium.new_context(
            locale=language, viewport=viewport or DESKTOP, base_url=live_server.url, **options
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        watch(page, problems)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert problems == []


def watch(page: Page, problems: list[str]) -> None:
    def on_console(message: Any) -> None:
        if message.type in ("error", "warning"):
            problems.append(f"{page.url}: {message.text}")

    def on_request(request: Any) -> None:
        if urlsplit(request.url).hostname not in ("127.0.0.1", "localhost", None):
            problems.append(f"{page.url} asks {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
    page.on("request", on_request)


@pytest.fixture
def assert_accessible() -> Callable[[Page], None]:
    """Fails on any violation that axe finds in the page as it stands."""
    axe = Axe()

    def check(page: Page) -> None:
        found = axe.run(page).response["violations"]
        assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []

    return check


@pytest.fixture
def prefix() -> Callable[[str], str]:
    return lambda language: "" if language == "en" else f"/{language}"


def text_of(page: Page, selector: str) -> str:
    return re.sub(r"\s+", " ", page.locator(selector).first.inner_text()).strip()


@pytest.fixture
def paypal(settings: Any, live_server: Any) -> Iterator[PayPalDouble]:
    with PayPalDouble(webhook_url=f"{live_server.url}/webhooks/paypal/") as double:
        settings.PAYPAL_API_BASE, settings.PAYPAL_WEBHOOK_ID = double.url, double.webhook_id
        settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET = double.client_id, double.client_secret
        settings.CONTENT_SECURITY_POLICY = copy.deepcopy(settings.CONTENT_SECURITY_POLICY)
        settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append(double.url)
        yield double
    assert double.complaints == []


@pytest.fixture
def stripe(settings: Any, live_server: Any) -> Iterator[StripeDouble]:
    with StripeDouble(webhook_url=f"{live_server.url}/webhooks/stripe/") as double:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = "sk_test_double", double.url
        settings.STRIPE_WEBHOOK_SECRET = double.webhook_secret
        settings.CONTENT_SECURITY_POLICY = copy.deepcopy(settings.CONTENT_SECURITY_POLICY)
        settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append(double.url)
        yield double
        assert double.complaints == []
