"""A guest buys an e-book on a phone, reads it, and finds it in the library, in three languages."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from catalog.models import Product
from checkout.models import DemoCharge, Order
from delivery.models import Download
from tests.factories import make_file, make_product
from tests.flows.conftest import PHONE

pytestmark = pytest.mark.django_db(transaction=True)
PDF = b"%PDF-1.7\n% a very short book\n%%EOF\n"
WORDS = {
    "en": {"title": "Clean Lines", "add": "Add to cart"},
    "ar": {"title": "خطوط نظيفة", "add": "أضف إلى السلة"},
    "fa": {"title": "خط‌های پاکیزه", "add": "افزودن به سبد"},
}


@pytest.fixture
def book() -> Product:
    book = make_product(1250, files=0, title_en="Clean Lines", title_ar=WORDS["ar"]["title"])
    Product.objects.filter(pk=book.pk).update(title_fa=WORDS["fa"]["title"])
    make_file(book, PDF, "خطوط نظيفة.pdf")
    return book


def choose_country(page: Page, code: str) -> None:
    page.locator("select[name=country]").select_option(code)


def put_in_cart(page: Page, path: str) -> None:
    page.goto(path)
    page.locator("form[action$='/cart/lines/'] button").first.click()
    page.wait_for_url(re.compile(r"/cart/"))


def check_out(page: Page, prefix: str, email: str) -> None:
    page.goto(f"{prefix}/checkout/")
    page.locator("input[name=email]").fill(email)
    choose_country(page, "JO")
    page.locator("form.checkout button.primary").click()


def code_in(text: str) -> str:
    found = re.search(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", text, re.MULTILINE)
    assert found, text
    return found[1]


@pytest.mark.parametrize("language", ["en", "ar", "fa"])
def test_a_guest_buys_reads_and_finds_it_again(
    language: str,
    book: Product,
    open_page: Callable[..., Page],
    prefix: Callable[[str], str],
    assert_accessible: Callable[[Page], None],
    tmp_path: Path,
) -> None:
    page, start = open_page(language, PHONE), prefix(language)

    page.goto(f"{start}/")
    assert_accessible(page)
    put_in_cart(page, f"{start}/products/{book.slug}/")
    expect(page.get_by_text(WORDS[language]["title"]).first).to_be_visible()
    assert_accessible(page)
    page.goto(f"{start}/checkout/")
    assert_accessible(page)
    check_out(page, start, "reader@example.com")

    page.wait_for_url(re.compile(r"/checkout/demo/"))
    assert_accessible(page)
    page.locator("button[value=pay]").click()
    page.wait_for_url(re.compile(r"/orders/"))
    button = page.locator("a[href*='/downloads/']").first
    expect(button).to_be_visible()
    assert_accessible(page)
    with page.expect_download() as fetched:
        button.click()
    assert fetched.value.suggested_filename == "خطوط نظيفة.pdf"
    fetched.value.save_as(tmp_path / "book.pdf")
    assert (tmp_path / "book.pdf").read_bytes() == PDF

    order = Order.objects.get()
    assert (order.status, order.language, order.user) == ("paid", language, None)
    assert Download.objects.count() == 1
    delivered = [each for each in mail.outbox if each.to == ["reader@example.com"]]
    assert len(delivered) == 1
    assert order.get_absolute_url().removeprefix(start) in str(delivered[0].body)

    page.goto(f"{start}/library/")
    page.locator("input[name=email]").fill("reader@example.com")
    page.locator("input[name=email]").press("Enter")
    page.wait_for_url(re.compile(r"/accounts/"))
    page.locator("input[name=code]").fill(code_in(str(mail.outbox[-1].body)))
    page.locator("input[name=code]").press("Enter")
    page.wait_for_url(re.compile(r"/library/"))
    expect(page.get_by_text(WORDS[language]["title"]).first).to_be_visible()
    assert_accessible(page)


def test_a_declined_payment_can_be_tried_again(book: Product, open_page: Callable[..., Page]) -> None:
    page = open_page()
    put_in_cart(page, f"/products/{book.slug}/")
    check_out(page, "", "reader@example.com")
    page.locator("button[value=decline]").click()
    page.wait_for_url(re.compile(r"/orders/"))

    page.locator("button[name=provider]").click()
    page.locator("button[value=pay]").click()

    page.wait_for_url(re.compile(r"/orders/"))
    expect(page.locator("a[href*='/downloads/']").first).to_be_visible()
    assert Order.objects.get().payments.count() == 2


def test_the_order_page_waits_and_refreshes_itself(book: Product, open_page: Callable[..., Page]) -> None:
    page = open_page()
    put_in_cart(page, f"/products/{book.slug}/")
    check_out(page, "", "reader@example.com")
    page.locator("button[value=delay]").click()
    page.wait_for_url(re.compile(r"/orders/"))
    expect(page.locator("[data-order-state=confirming]")).to_be_visible()

    DemoCharge.objects.update(status="paid")

    expect(page.locator("a[href*='/downloads/']").first).to_be_visible(timeout=20_000)


def test_an_error_in_the_checkout_keeps_what_was_typed(book: Product, open_page: Callable[..., Page]) -> None:
    page = open_page("en", java_script_enabled=False)
    put_in_cart(page, f"/products/{book.slug}/")
    page.goto("/checkout/")
    page.locator("form.checkout").evaluate("form => form.noValidate = true")
    page.locator("input[name=email]").fill("reader@nowhere")

    page.locator("form.checkout button.primary").click()

    expect(page.locator("input[name=email]")).to_have_value("reader@nowhere")
    expect(page.locator(".errorlist").first).to_be_visible()
    assert not Order.objects.exists()
