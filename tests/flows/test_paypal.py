"""A guest agrees at PayPal and has the files, whether PayPal's messages come or not."""

import os
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from checkout.models import Order, Payment
from tests.doubles.paypal import PayPalDouble
from tests.factories import make_product
from tests.flows.conftest import PHONE
from tests.flows.test_buying import choose_country, put_in_cart

pytestmark = pytest.mark.django_db(transaction=True)


def go_to_paypal(page: Page, start: str, slug: str) -> None:
    put_in_cart(page, f"{start}/products/{slug}/")
    page.goto(f"{start}/checkout/")
    page.locator("input[name=email]").fill("reader@example.com")
    choose_country(page, "JO")
    page.locator("input[name=provider][value=paypal]").check(force=True)
    page.locator("form.checkout button.primary").click()
    page.wait_for_url(re.compile("/checkoutnow"))


def look(page: Page, name: str) -> None:
    """Keep a picture where PICTURES names a folder for them."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("language", "withheld"),
    [("en", False), ("ar", True)],
    ids=["English", "Arabic, without PayPal's messages"],
)
def test_a_guest_pays_at_paypal(
    language: str,
    withheld: bool,
    paypal: PayPalDouble,
    open_page: Callable[..., Page],
    prefix: Callable[[str], str],
) -> None:
    product, paypal.withholds_webhooks = make_product(1900, title_ar="كتاب"), withheld
    page = open_page(language, PHONE)
    go_to_paypal(page, prefix(language), product.slug)
    expect(page.locator("h1")).to_have_text("19.00 USD")
    look(page, f"paypal-{language}-1-at-paypal")

    page.locator("button[value=approve]").click()

    page.wait_for_url(re.compile(f"{prefix(language)}/orders/"))
    expect(page.locator("a[href*='/downloads/']").first).to_be_visible(timeout=20_000)
    look(page, f"paypal-{language}-2-order")
    order, payment = Order.objects.get(), Payment.objects.get()
    assert (order.status, order.language) == ("paid", language)
    assert (payment.provider, payment.status) == ("paypal", "succeeded")
    assert len(paypal.called("/capture")) == 1


def test_who_turns_back_at_paypal_finds_the_cart_as_it_was(
    paypal: PayPalDouble, open_page: Callable[..., Page]
) -> None:
    product = make_product(1900)
    page = open_page("en")
    go_to_paypal(page, "", product.slug)

    page.locator("button[value=cancel]").click()

    page.wait_for_url(re.compile("/checkout/"))
    expect(page.get_by_text(product.title).first).to_be_visible()
    look(page, "paypal-en-3-turned-back")
    assert Order.objects.get().is_pending
    assert paypal.called("/capture") == []
