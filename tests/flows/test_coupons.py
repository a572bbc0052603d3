"""A reader comes by a link with a coupon, enters another by hand, and pays the sum that was shown."""

import re
from collections.abc import Callable

import pytest
from django.utils import translation
from playwright.sync_api import Page, expect

from catalog.models import Product
from checkout.models import Coupon, Order, Redemption
from storefront.templatetags.shop import money
from tests.factories import make_coupon, make_product
from tests.flows.conftest import PHONE, text_of
from tests.flows.test_buying import choose_country

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def book() -> Product:
    return make_product(2000, title_en="Clean Lines", title_ar="خطوط نظيفة", title_fa="خط‌های پاکیزه")


@pytest.fixture
def coupons() -> list[Coupon]:
    return [
        make_coupon("رمضان ۲۰۲۷", rate_bps=2500, is_stackable=True),
        make_coupon("EID-5", amounts={"USD": 500}, is_stackable=True),
    ]


def shown(amount: int, language: str) -> str:
    with translation.override(language):
        return re.sub("<.*?>", "", money(amount, "USD")).replace("\u00a0", " ")


def total(page: Page) -> str:
    return text_of(page, "dd.total").replace("\u00a0", " ")


@pytest.mark.parametrize("language", ["en", "ar", "fa"])
def test_a_coupon_by_a_link_and_one_by_hand(
    language: str,
    book: Product,
    coupons: list[Coupon],
    open_page: Callable[..., Page],
    prefix: Callable[[str], str],
    assert_accessible: Callable[[Page], None],
) -> None:
    page, start = open_page(language, PHONE), prefix(language)

    page.goto(f"{start}/?coupon=رمضان٢٠٢٧")
    page.goto(f"{start}/products/{book.slug}/")
    page.locator("form#buy button").click()
    page.wait_for_url(re.compile(r"/cart/"))
    expect(page.locator(".coupons li bdi")).to_have_text("رمضان ۲۰۲۷")
    assert total(page) == shown(1500, language)
    assert_accessible(page)

    page.goto(f"{start}/checkout/")
    page.locator("input[name=email]").fill("reader@example.com")
    page.locator(".coupons summary").click()
    page.locator("#coupon").fill("nobody")
    page.locator("#coupon").press("Enter")
    expect(page.locator("#coupon-refusal")).to_be_visible()
    expect(page.locator("#coupon")).to_have_value("nobody")
    expect(page.locator("#coupon")).to_be_focused()
    assert_accessible(page)

    page.locator("#coupon").fill("e i d ۵")
    page.locator("#coupon").press("Enter")
    expect(page.locator(".coupons li.applies")).to_have_count(2)
    expect(page.locator("input[name=email]")).to_have_value("reader@example.com")
    assert total(page) == shown(1000, language)
    expect(page.locator("form.checkout button.primary")).to_contain_text(shown(1000, language).split()[0])

    choose_country(page, "JO")
    page.locator("form.checkout button.primary").click()
    page.wait_for_url(re.compile(r"/checkout/demo/"))
    page.locator("button[value=pay]").click()
    page.wait_for_url(re.compile(r"/orders/"))
    expect(page.locator("dl.sum")).to_contain_text("EID-5")
    order = Order.objects.get()
    assert (order.status, order.total) == ("paid", 1000)
    assert set(Redemption.objects.values_list("coupon__code", "amount")) == {
        ("رمضان ۲۰۲۷", 500),
        ("EID-5", 500),
    }
    page.goto(f"{start}/cart/")
    expect(page.locator(".calm")).to_be_visible()
    expect(page.get_by_text("EID-5")).to_have_count(0)


def test_without_scripts_the_sum_is_shown_before_it_is_paid(
    book: Product, coupons: list[Coupon], open_page: Callable[..., Page]
) -> None:
    page = open_page("en", java_script_enabled=False)
    page.goto(f"/products/{book.slug}/?coupon=رمضان2027")
    page.locator("form#buy button").click()
    page.wait_for_url(re.compile(r"/cart/"))
    assert total(page) == "$15.00"

    page.locator(".coupons summary").click()
    page.locator("#coupon").fill("nobody")
    page.locator("#coupon").press("Enter")
    expect(page.locator("#coupon-refusal")).to_be_visible()
    page.locator(".coupons li button").click()
    assert total(page) == "$20.00"

    page.goto("/checkout/")
    page.locator("input[name=email]").fill("reader@example.com")
    choose_country(page, "JO")
    page.locator(".coupons summary").click()
    page.locator("#coupon").fill("eid5")
    page.locator("form.checkout button.primary").click()
    expect(page.locator(".note.good")).to_contain_text("look at the new sum")
    assert total(page) == "$15.00"
    assert not Order.objects.exists()

    page.locator("form.checkout button.primary").click()
    page.wait_for_url(re.compile(r"/checkout/demo/"))
    assert Order.objects.get().total == 1500
