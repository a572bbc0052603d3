"""A sale that ends while somebody looks, and the rest of a bundle, in three languages on a phone."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from checkout.models import Order
from tests.factories import make_bundle, make_product, make_sale, make_shop, make_user, paid_order
from tests.flows.conftest import PHONE, text_of
from tests.flows.test_affiliates import sign_in_as
from tests.flows.test_buying import put_in_cart
from tests.flows.test_offers import LANGUAGES, fill_checkout, pay

pytestmark = pytest.mark.django_db(transaction=True)
# Of a sale of 24.00 for 15.00: its price, and the price afterwards, as each language writes them.
PRICES = {"en": ("15.00", "24.00"), "ar": ("15.00", "24.00"), "fa": ("۱۵٫۰۰", "۲۴٫۰۰")}


@LANGUAGES
def test_a_sale_counts_down_and_ends_on_the_page(
    language: str,
    open_page: Callable[..., Page],
    prefix: Callable[[str], str],
    assert_accessible: Callable[[Page], None],
) -> None:
    book, (during, after) = make_product(2400), PRICES[language]
    make_sale(book, 1500, sale_ends_at=timezone.now() + timedelta(hours=2))
    page = open_page(language, PHONE)
    page.clock.install()
    page.goto(f"{prefix(language)}/products/{book.slug}/")

    price = page.locator(".buy-price")
    expect(price).to_contain_text(during)
    expect(price.locator("s")).to_contain_text(after)
    expect(page.locator(".offer").first).to_contain_text(after)  # the lowest of the last 30 days
    left = text_of(page, ".until")
    page.clock.fast_forward("30:00")
    expect(page.locator(".until").first).not_to_have_text(left)
    assert_accessible(page)
    page.clock.fast_forward("02:00:00")

    expect(price).not_to_contain_text(during)
    expect(price).to_contain_text(after)


def test_what_is_left_is_written_in_the_digits_of_the_shop(open_page: Callable[..., Page]) -> None:
    book = make_product(2400)
    make_sale(book, 1500, sale_ends_at=timezone.now() + timedelta(hours=2))
    make_shop(arabic_numerals="arabic")
    page = open_page("ar", PHONE)
    page.clock.install()

    page.goto(f"/ar/products/{book.slug}/")
    page.clock.fast_forward("30:00")

    expect(page.locator(".until").first).to_have_text(re.compile("بقي ساعة و(٢٩|٣٠) دقيقة"))


@LANGUAGES
def test_whoever_owns_two_of_three_pays_for_the_third(
    language: str,
    open_page: Callable[..., Page],
    prefix: Callable[[str], str],
    live_server: Any,
    assert_accessible: Callable[[Page], None],
) -> None:
    user, start = make_user("sara@example.com"), prefix(language)
    books = [make_product(amount) for amount in (1900, 2400, 1700)]
    bundle = make_bundle(*books, amount=3900)
    for book in books[:2]:
        paid_order(book, user=user)
    page = open_page(language, PHONE)
    sign_in_as(page, user, live_server.url)

    put_in_cart(page, f"{start}/products/{bundle.slug}/")
    expect(page.locator(".lines .good")).to_contain_text({"fa": "۲۷٫۹۵"}.get(language, "27.95"))
    assert_accessible(page)
    fill_checkout(page, start)
    page.locator("form.checkout button.primary").click()
    pay(page)

    expect(page.locator("a.download")).to_have_count(1)
    order = Order.objects.latest("pk")
    assert (order.total, order.status) == (1105, "paid")
