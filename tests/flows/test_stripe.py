"""A guest pays at Stripe's page, here a double that speaks HTTP, with its webhooks early, late or lost."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from checkout.models import Order, OrderEvent, Payment, WebhookEvent
from checkout.tasks import sync_due_payments
from delivery.models import DownloadGrant
from tests.doubles.stripe import StripeDouble
from tests.factories import make_product
from tests.flows.conftest import PHONE
from tests.flows.test_buying import choose_country, put_in_cart

pytestmark = pytest.mark.django_db(transaction=True)


def go_to_stripe(page: Page, start: str, slug: str) -> None:
    put_in_cart(page, f"{start}/products/{slug}/")
    page.goto(f"{start}/checkout/")
    page.locator("input[name=email]").fill("reader@example.com")
    choose_country(page, "SA")
    page.locator("input[name=provider][value=stripe]").check(force=True)
    page.locator("form.checkout button.primary").click()
    page.wait_for_url(re.compile(r"^http://127\.0\.0\.1:"))
    expect(page.get_by_role("button", name="Pay", exact=True)).to_be_visible()


def assert_delivered_once(order: Order) -> None:
    assert order.status == Order.Status.PAID
    assert OrderEvent.objects.filter(order=order, name="order.paid").count() == 1
    assert DownloadGrant.objects.filter(line__order=order).count() == 1
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("withheld", [False, True], ids=["webhooks", "no webhook"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_guest_pays_at_stripe(
    language: str,
    withheld: bool,
    stripe: StripeDouble,
    open_page: Callable[..., Page],
    prefix: Callable[[str], str],
) -> None:
    product, stripe.withholds_webhooks = make_product(1900, title_ar="كتاب"), withheld
    page = open_page(language, PHONE)
    go_to_stripe(page, prefix(language), product.slug)

    page.get_by_role("button", name="Pay", exact=True).click()

    page.wait_for_url(re.compile(r"/orders/"))
    expect(page.locator("a[href*='/downloads/']").first).to_be_visible(timeout=15_000)
    for event in reversed(stripe.events * 3):  # again, late, three times, the last first
        assert stripe.send(event) == 200
    assert_delivered_once(Order.objects.get())
    assert WebhookEvent.objects.count() == len(stripe.events)


def test_the_sweep_finds_a_payment_that_nobody_told_of(
    stripe: StripeDouble, open_page: Callable[..., Page]
) -> None:
    product, stripe.withholds_webhooks = make_product(1900), True
    page = open_page()
    go_to_stripe(page, "", product.slug)
    payment = Payment.objects.get()

    stripe.pay(payment.reference)  # and the browser is closed
    page.goto("about:blank")
    sync_due_payments()

    assert_delivered_once(Order.objects.get())
