"""A guest buys, asks for the money back and has it, at PayPal's and Stripe's doubles, on a phone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from checkout.models import Order, Refund
from tests.doubles.paypal import PayPalDouble
from tests.doubles.stripe import StripeDouble
from tests.factories import make_product
from tests.flows.conftest import PHONE
from tests.flows.test_paypal import go_to_paypal, look
from tests.flows.test_stripe import go_to_stripe

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = {
    "en": {"back": "We gave", "closed": "This order was refunded"},
    "ar": {"back": "رددنا إليك", "closed": "رُدّ إليك ثمن هذا الطلب"},
}


def buy_at_paypal(page: Page, start: str, slug: str) -> None:
    go_to_paypal(page, start, slug)
    page.locator("button[value=approve]").click()


def buy_at_stripe(page: Page, start: str, slug: str) -> None:
    go_to_stripe(page, start, slug)
    page.get_by_role("button", name="Pay", exact=True).click()


def ask_for_refund(page: Page, said: str) -> None:
    page.locator("details.fold:has(#refund) > summary").click()
    page.locator("textarea[name=words]").fill(said)
    page.locator("form[action$='/refund-request/'] button").click()


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("provider", ["paypal", "stripe"])
def test_a_guest_buys_and_has_the_money_back(
    request: Any,
    provider: str,
    language: str,
    settings: Any,
    open_page: Callable[..., Page],
    prefix: Callable[[str], str],
    assert_accessible: Callable[[Page], None],
) -> None:
    settings.REFUNDS_AUTO_APPROVE = True
    double: PayPalDouble | StripeDouble = request.getfixturevalue(provider)
    product, page = make_product(1900, title_ar="كتاب"), open_page(language, PHONE)
    (buy_at_paypal if provider == "paypal" else buy_at_stripe)(page, prefix(language), product.slug)
    expect(page.locator("a[href*='/downloads/']").first).to_be_visible(timeout=20_000)
    order_page = page.url
    page.locator("details.fold:has(#refund) > summary").click()
    assert_accessible(page)
    look(page, f"refund-{provider}-{language}-1-may-ask")
    page.locator("details.fold:has(#refund) > summary").click()

    ask_for_refund(page, "Not for me. ليس لي.")
    page.wait_for_url(order_page.partition("?")[0])
    page.reload()

    expect(page.get_by_role("heading", name=WORDS[language]["closed"])).to_be_visible()
    expect(page.get_by_text(WORDS[language]["back"])).to_be_visible()
    expect(page.locator("a[href*='/downloads/']")).to_have_count(0)
    assert_accessible(page)
    look(page, f"refund-{provider}-{language}-2-given-back")
    (made,) = double.refunds.values()
    assert made["amount"] in (1900, {"currency_code": "USD", "value": "19.00"})
    refund, order = Refund.objects.get(), Order.objects.get()
    assert (refund.status, refund.source, refund.reference) == ("succeeded", "buyer", made["id"])
    assert (order.status, order.refund_request.words) == ("refunded", "Not for me. ليس لي.")
    told = [each for each in mail.outbox if each.to == ["reader@example.com"]]
    assert len(told) == 2
    assert order.token in str(told[1].body)


def test_staff_answers_where_the_shop_wants_to_look_first(
    paypal: PayPalDouble, open_page: Callable[..., Page], assert_accessible: Callable[[Page], None]
) -> None:
    page = open_page("en", PHONE, java_script_enabled=False)
    buy_at_paypal(page, "", make_product(1900).slug)
    expect(page.locator("a[href*='/downloads/']").first).to_be_visible(timeout=20_000)

    ask_for_refund(page, "Too many ducks.")

    expect(page.get_by_text("We have your wish, and answer by e-mail.")).to_be_visible()
    expect(page.get_by_text("Too many ducks.")).to_be_visible()
    expect(page.locator("a[href*='/downloads/']").first).to_be_visible()
    assert paypal.called("/refund") == []


def test_a_declined_card_at_paypal_may_be_changed(
    paypal: PayPalDouble, open_page: Callable[..., Page], assert_accessible: Callable[[Page], None]
) -> None:
    page = open_page("en", PHONE)
    go_to_paypal(page, "", make_product(1900).slug)

    page.locator("button[value=decline]").click()
    page.wait_for_url(re.compile("/orders/"))
    expect(page.get_by_role("heading", name="The payment did not go through")).to_be_visible()
    assert_accessible(page)
    page.locator("button[name=provider][value=paypal]").click()
    page.wait_for_url(re.compile("/checkoutnow"))
    page.locator("button[value=approve]").click()

    expect(page.locator("a[href*='/downloads/']").first).to_be_visible(timeout=20_000)
    assert Order.objects.get().payments.count() == 1


@pytest.mark.parametrize(
    ("is_paid", "heading"), [(True, "Thank you"), (False, "The payment did not go through")]
)
def test_a_delayed_method_ends_either_way(
    stripe: StripeDouble, open_page: Callable[..., Page], is_paid: bool, heading: str
) -> None:
    page = open_page("en", PHONE)
    go_to_stripe(page, "", make_product(1900).slug)
    page.get_by_role("button", name="Pay later", exact=True).click()
    page.wait_for_url(re.compile("/orders/"))
    expect(page.locator("[data-order-state=confirming]")).to_be_visible()

    stripe.settle(Order.objects.get().payments.get().reference, is_paid=is_paid)

    expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=20_000)
    assert Order.objects.get().is_paid == is_paid


def test_two_tabs_pay_with_two_providers_and_one_is_given_back(
    stripe: StripeDouble, paypal: PayPalDouble, open_page: Callable[..., Page]
) -> None:
    first = open_page("en", PHONE)
    go_to_paypal(first, "", make_product(1900).slug)
    second = first.context.new_page()
    second.goto("/checkout/")
    second.locator("input[name=email]").fill("reader@example.com")
    second.locator("select[name=country]").select_option("JO")
    second.locator("input[name=provider][value=stripe]").check(force=True)
    second.locator("form.checkout button.primary").click()
    second.get_by_role("button", name="Pay", exact=True).click()
    expect(second.locator("a[href*='/downloads/']").first).to_be_visible(timeout=20_000)

    first.locator("button[value=approve]").click()
    expect(first.locator("a[href*='/downloads/']").first).to_be_visible(timeout=20_000)

    order = Order.objects.get()
    assert order.status == "paid"
    assert paypal.called("/capture") == []  # who changed their mind is not charged for it
    assert (len(stripe.refunds), len(paypal.refunds)) == (0, 0)
