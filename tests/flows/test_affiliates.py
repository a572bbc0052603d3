"""An affiliate joins, shares a link and is paid; what is refunded later stands against the next earnings."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import translation
from playwright.sync_api import Page, expect

from accounts.models import User
from affiliates.ledger import Balance, balances
from affiliates.models import Affiliate, LedgerEntry, Payout, Referral
from affiliates.proving import breaches
from affiliates.wording import why_in_text
from catalog.models import Product
from checkout.models import Order
from storefront.templatetags.shop import money
from tests.emptying import triggers_off
from tests.factories import make_product, make_user
from tests.flows.conftest import DESKTOP, PHONE, text_of
from tests.flows.test_buying import check_out
from tests.flows.test_paypal import look
from tests.flows.test_selling import sign_in
from tests.flows.test_staff import assert_readable, wait_for_reactions

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "قلم-أمل"
# A browser that does not say of itself that a program drives it: what programs visit is not counted.
READER = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36"


@pytest.fixture
def book() -> Product:
    return make_product(2000, title_en="Clean Lines", title_ar="خطوط نظيفة", title_fa="خط‌های پاکیزه")


def sign_in_as(page: Page, user: User, base_url: str) -> None:
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": base_url}])


def shown(amount: int, language: str) -> str:
    with translation.override(language):
        return re.sub("<.*?>", "", money(amount, "USD")).replace("\u00a0", " ")


def read(page: Page, selector: str) -> str:
    return text_of(page, selector).replace("\u00a0", " ")


def let_the_hold_pass(days: int = 31) -> None:
    """As if all of the ledger had been written so many days ago."""
    fields = ("created_at", "available_at")
    earlier = (
        "{0} - interval '{1} days'" if connection.vendor == "postgresql" else "datetime({0}, '-{1} days')"
    )
    moved = ", ".join(f"{field} = {earlier.format(field, days)}" for field in fields)
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE affiliates_ledgerentry SET {moved}")  # noqa: S608


def join(page: Page, start: str, base_url: str, check: Callable[[Page], None]) -> None:
    page.goto(f"{start}/affiliates/join/")
    check(page)
    sign_in_as(page, make_user("amal@example.com", name="Amal"), base_url)
    page.goto(f"{start}/affiliates/")
    page.wait_for_url(re.compile("/affiliates/join/"))
    check(page)
    page.locator("input[name=name]").fill("Amal أمل")
    page.locator("input[name=code]").fill(CODE)
    page.locator("input[name=website]").fill("amal.example.com")
    page.locator("textarea[name=plan]").fill("رسالة أسبوعية عن الكتب")
    page.locator("input[name=agrees]").check()
    page.locator("form[action$='/affiliates/join/'] button").click()
    page.wait_for_url(re.compile(r"/affiliates/$"))
    assert Affiliate.objects.get().status == "pending"
    check(page)


def approve(staff: Page, start: str) -> None:
    staff.goto(f"{start}/admin/affiliates/affiliate/?status__exact=pending")
    assert_readable(staff)
    staff.locator("#result_list tbody th a").click()
    assert_readable(staff)
    staff.locator("button[name=move][value=approve]").click()
    expect(staff.locator(".messagelist .success")).to_be_visible()


def link_for(page: Page, address: str) -> str:
    """The link that the builder makes, as its button copies it."""
    page.locator("input[name=address]").fill(address)
    page.locator("input[name=sub]").fill("قناة")
    qr = page.locator("img.qr").get_attribute("src")
    page.locator(".builder form button").click()
    page.wait_for_url(re.compile("address="))
    assert page.locator("img.qr").get_attribute("src") != qr
    assert page.locator("img.qr").evaluate("image => image.complete && image.naturalWidth > 0")
    page.locator(".builder [data-copy]").click()
    expect(page.locator(".builder [data-copy-word]")).to_have_text(
        str(page.locator(".builder [data-copy]").get_attribute("data-copied"))
    )
    link = str(page.evaluate("navigator.clipboard.readText()"))
    assert page.locator(".builder code").inner_text() == link
    return link


def tell_where_the_money_goes(page: Page, start: str) -> None:
    page.goto(f"{start}/affiliates/profile/")
    page.locator("select[name=method]").select_option("manual")
    page.locator("input[name=payout_note]").fill("Cash, at the fair")
    page.locator("form.profile > button").click()
    expect(page.locator(".messages")).to_be_visible()


def buy_by(link: str, guest: Page) -> None:
    with guest.expect_response(re.compile("/r/")):
        guest.goto(link)
    guest.goto(link.partition("?")[0])  # comes again another day, by no link
    guest.locator("form[action$='/cart/lines/'] button").first.click()
    guest.wait_for_url(re.compile("/cart/"))
    check_out(guest, "/ar", "reader@example.com")
    guest.locator("button[value=pay]").click()
    expect(guest.locator("a[href*='/downloads/']").first).to_be_visible(timeout=20_000)


def pay_out(staff: Page, start: str, amount: str) -> None:
    """Staff looks at what is due, makes the batch, and says that it is paid."""
    staff.goto(f"{start}/admin/affiliates/payoutbatch/due/")
    assert amount in read(staff, "#content")
    assert_readable(staff)
    staff.locator("#content form button").click()
    staff.wait_for_url(re.compile(r"/payoutbatch/\d+/change/"))
    assert_readable(staff)
    staff.locator("form[action$='/paid/'] input[name=reference]").fill("TX 7")
    staff.locator("form[action$='/paid/'] button").click()
    expect(staff.locator(".messagelist .success")).to_be_visible()


def give_back(staff: Page, start: str, order: Order) -> None:
    staff.goto(f"{start}/admin/checkout/order/{order.pk}/change/")
    expect(staff.locator(".timeline")).to_contain_text("Amal أمل")
    expect(staff.locator(".timeline")).to_contain_text("قناة")
    staff.locator(".payment .deed summary").click()
    staff.locator("input[name$=-amount]").fill("20")
    staff.locator(".payment .deed textarea").fill("Not for her")
    staff.locator(".payment .deed button").click()
    expect(staff.locator(".timeline")).to_contain_text("Not for her")
    wait_for_reactions(order)


@pytest.mark.parametrize("language", ["en", "ar", "fa"])
def test_from_joining_to_a_refund_after_the_payout(
    language: str,
    book: Product,
    open_page: Callable[..., Page],
    live_server: Any,
    prefix: Callable[[str], str],
    assert_accessible: Callable[[Page], None],
) -> None:
    start = prefix(language)
    page, staff = open_page(language, PHONE), open_page(language, DESKTOP, bypass_csp=True)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(staff, live_server.url)

    # She applies, and staff lets her in.
    join(page, start, live_server.url, assert_accessible)
    approve(staff, start)
    tell_where_the_money_goes(page, start)
    assert_accessible(page)
    page.goto(f"{start}/affiliates/")

    # A guest buys by her link.
    link = link_for(page, f"{live_server.url}/ar/products/{book.slug}/?utm_source=mail")
    assert link == (
        f"{live_server.url}/ar/products/{book.slug}/?utm_source=mail&ref={quote(CODE)}&sub={quote('قناة')}"
    )
    assert_accessible(page)
    look(page, f"affiliate-{language}-1-link")
    buy_by(link, open_page("ar", PHONE, user_agent=READER))
    order, affiliate = Order.objects.get(), Affiliate.objects.get()
    wait_for_reactions(order)
    referral = Referral.objects.get()
    assert (referral.affiliate, referral.status, referral.way) == (affiliate, "credited", "link")
    assert (referral.sub_id, referral.utm, referral.path) == ("قناة", "mail", f"/ar/products/{book.slug}/")
    page.goto(f"{start}/affiliates/")
    assert balances(affiliate) == [Balance("USD", pending=400)]
    assert shown(400, language) in read(page, "dl.figures")
    assert "reader" not in page.content()
    assert_accessible(page)

    # The hold passes, she is paid, and the order is refunded afterwards.
    let_the_hold_pass()
    pay_out(staff, start, shown(400, language))
    assert balances(affiliate) == [Balance("USD", paid=400)]
    page.goto(f"{start}/affiliates/payouts/")
    expect(page.get_by_text("TX 7")).to_be_visible()
    assert_accessible(page)
    with page.expect_download() as fetched:
        page.locator("a[href$='.pdf']").click()
    assert fetched.value.suggested_filename == f"{Payout.objects.get().number}.pdf"
    give_back(staff, start, order)

    assert balances(affiliate) == [Balance("USD", available=-400, paid=400)]
    page.goto(f"{start}/affiliates/")
    assert read(page, "dl.figures .negative") == shown(-400, language)
    with translation.override(language):
        reason = why_in_text(LedgerEntry.objects.get(kind="reversal"))
    assert reason in read(page, "ol.ledger li")
    assert_accessible(page)
    look(page, f"affiliate-{language}-2-owes")
    assert list(breaches()) == []
