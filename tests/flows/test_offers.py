"""One more thing in the checkout and after the payment, and a gift, in three languages on a phone."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from catalog.models import Product
from checkout.models import Gift, Order, Upsell
from tests.factories import make_offer, make_product
from tests.flows.conftest import PHONE
from tests.flows.test_buying import choose_country, put_in_cart

pytestmark = pytest.mark.django_db(transaction=True)
LANGUAGES = pytest.mark.parametrize("language", ["en", "ar", "fa"])


@pytest.fixture
def book() -> Product:
    """A book with something to add in the checkout, and something else after the payment."""
    book = make_product(2400, title_en="Clean Lines", title_ar="خطوط نظيفة", title_fa="خط‌های پاکیزه")
    make_offer("bump", make_product(1900), book, amount=900)
    make_offer("upsell", make_product(1500), book, amount=700)
    return book


def fill_checkout(page: Page, start: str) -> None:
    page.goto(f"{start}/checkout/")
    page.locator("input[name=email]").fill("sara@example.com")
    choose_country(page, "JO")


def pay(page: Page) -> None:
    page.wait_for_url(re.compile(r"/checkout/demo/"))
    page.locator("button[value=pay]").click()
    page.wait_for_url(re.compile(r"/orders/"))


@LANGUAGES
def test_a_box_in_the_checkout_and_one_click_after_the_payment(
    language: str,
    book: Product,
    open_page: Callable[..., Page],
    prefix: Callable[[str], str],
    assert_accessible: Callable[[Page], None],
) -> None:
    page, start = open_page(language, PHONE), prefix(language)
    put_in_cart(page, f"{start}/products/{book.slug}/")
    fill_checkout(page, start)

    page.locator("#bump").check()
    expect(page.locator("input[name=shown_total]")).to_have_value("3300")
    expect(page.locator("input[name=email]")).to_have_value("sara@example.com")
    assert_accessible(page)
    page.locator("form.checkout button.primary").click()
    pay(page)
    expect(page.locator("a.download")).to_have_count(2)
    assert_accessible(page)
    page.locator(".upsell button").click()
    pay(page)

    expect(page.locator(".upsell")).to_have_count(0)
    expect(page.locator("a.download")).to_have_count(1)
    source, upsold = Order.objects.order_by("pk")
    assert [(order.total, order.status, order.language) for order in (source, upsold)] == [
        (3300, "paid", language),
        (700, "paid", language),
    ]
    assert Upsell.objects.get().source == source


def test_without_scripts_the_new_sum_is_shown_before_anything_is_paid(
    book: Product, open_page: Callable[..., Page]
) -> None:
    page = open_page("en", PHONE, java_script_enabled=False)
    put_in_cart(page, f"/products/{book.slug}/")
    fill_checkout(page, "")
    page.locator("#bump").check()

    page.locator("form.checkout button.primary").click()

    expect(page.locator("form.checkout .note")).to_be_visible()
    expect(page.locator("form.checkout button.primary")).to_contain_text("33.00")
    expect(page.locator("input[name=email]")).to_have_value("sara@example.com")
    assert not Order.objects.exists()
    page.locator("form.checkout button.primary").click()
    pay(page)
    assert Order.objects.get().total == 3300


@LANGUAGES
def test_a_gift_is_sent_accepted_and_opened(
    language: str,
    open_page: Callable[..., Page],
    prefix: Callable[[str], str],
    assert_accessible: Callable[[Page], None],
) -> None:
    book, start = make_product(1250, title_en="Clean Lines"), prefix(language)
    page = open_page(language, PHONE)
    put_in_cart(page, f"{start}/products/{book.slug}/")
    fill_checkout(page, start)

    page.locator("details.gift summary").click()
    page.locator("input[name=gift-is_gift]").check()
    for name, typed in (("name", "منى"), ("email", "mona@example.com"), ("giver", "سارة")):
        page.locator(f"input[name=gift-{name}]").fill(typed)
    page.locator("textarea[name=gift-message]").fill("كل عام وأنت بخير")
    assert_accessible(page)
    page.locator("form.checkout button.primary").click()
    pay(page)
    expect(page.locator(".gift-card")).to_contain_text("منى")
    expect(page.locator("a.download")).to_have_count(0)
    assert_accessible(page)

    (sent,) = [each for each in mail.outbox if each.to == ["mona@example.com"]]
    link = re.search(r"http\S+/gifts/\S+", str(sent.body))
    assert link
    mona = open_page(language, PHONE)
    mona.goto(link[0])
    assert_accessible(mona)
    mona.locator("main form button.primary").click()
    with mona.expect_download() as fetched:
        mona.locator("a.download").click()
    assert fetched.value.suggested_filename == "book.pdf"
    assert_accessible(mona)
    assert Gift.objects.get().is_claimed
