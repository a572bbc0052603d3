"""Staff looks after an order in a real browser: gives a part of it back, and reads what happened."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from checkout.models import Dispute, Order, Refund
from tests.factories import make_product, paid_order
from tests.flows.conftest import DESKTOP, PHONE
from tests.flows.test_selling import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order() -> Order:
    return paid_order(make_product(1900, title_ar="كتاب الخبز"), make_product(800, title_ar="قالب قمر"))


def wait_for_reactions(order: Order) -> None:
    """Of two clicks, the second may be answered while the first is still at work."""
    deadline = time.monotonic() + 15
    while order.events.filter(handled_at=None).exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def assert_readable(page: Page) -> None:
    """No violation in what is ours; Django's own frame around it is not."""
    found = Axe().run(page, context="#content").response["violations"]
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_part_of_an_order_goes_back(
    order: Order,
    language: str,
    viewport: Any,
    open_page: Callable[..., Page],
    prefix: Callable[[str], str],
    live_server: Any,
) -> None:
    page = open_page(language, viewport, bypass_csp=True)  # axe brings a style of its own
    sign_in(page, live_server.url)
    page.goto(f"{prefix(language)}/admin/checkout/order/{order.pk}/change/")
    told = page.locator(".timeline > li").count()

    page.locator(".payment .deed summary").click()
    assert_readable(page)
    page.locator("input[name$=-amount]").fill("99")
    page.locator(".payment .deed textarea").fill("Page 12 was torn")
    page.locator(".payment .deed button").click()

    expect(page.locator(".payment .errorlist")).to_be_visible()
    expect(page.locator("input[name$=-amount]")).to_have_value("99")
    assert_readable(page)
    assert not Refund.objects.exists()

    page.locator("input[name$=-amount]").fill("٥٫٥" if language == "ar" else "5.5")
    page.locator(".payment .deed button").dblclick()

    expect(page.locator(".timeline")).to_contain_text("Page 12 was torn")
    refund = Refund.objects.get()
    assert (refund.amount, refund.status, str(refund.requested_by)) == (
        550,
        "succeeded",
        "seller@example.com",
    )
    wait_for_reactions(order)
    page.goto(f"{prefix(language)}/admin/checkout/order/{order.pk}/change/")
    assert page.locator(".timeline > li").count() == told + 4  # asked, given, credited, mailed
    expect(page.locator(".payment .deed summary")).to_contain_text("21.50")
    assert_readable(page)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_page_for_staff_can_be_read(
    order: Order,
    language: str,
    open_page: Callable[..., Page],
    prefix: Callable[[str], str],
    live_server: Any,
) -> None:
    payment = order.payments.get()
    dispute = Dispute.objects.create(payment=payment, reference="dp_1", amount=2700, reason="fraudulent")
    page = open_page(language, DESKTOP, bypass_csp=True)
    sign_in(page, live_server.url)

    for address in (
        f"order/{order.pk}/change",
        f"dispute/{dispute.pk}/change",
        f"payment/{payment.pk}/change",
        *("order", "payment", "refund", "refundrequest", "dispute", "mismatch", "webhookevent"),
    ):
        page.goto(f"{prefix(language)}/admin/checkout/{address}/")
        rules = {"runOnly": {"type": "rule", "values": ["color-contrast", "label", "link-name", "list"]}}
        found = Axe().run(page, context="#content", options=rules).response["violations"]
        assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []

    page.goto(f"{prefix(language)}/admin/checkout/dispute/{dispute.pk}/evidence/")
    assert Axe().run(page).response["violations"] == []
