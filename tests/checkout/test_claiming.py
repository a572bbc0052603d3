"""Through the real sign-in: the address is typed, the code is read from the mail, the code is typed."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from accounts.models import User
from checkout.claiming import claim_orders
from checkout.models import Order
from storefront.models import OutgoingMail
from tests.factories import make_product, make_user, paid_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    return Client()


def ask_for_code(browser: Client, email: str, commits: Any) -> str:
    """Ask for a sign-in code as a reader does, and give the code that was mailed."""
    with commits():
        response = browser.post("/accounts/login/code/", {"email": email})
    assert response.status_code == 302
    assert mail.outbox[-1].to == [email.lower()]
    return (
        found.group()
        if (found := re.search(r"\b[A-Z0-9]{3,4}-?[A-Z0-9]{3,4}\b", str(mail.outbox[-1].body)))
        else ""
    )


def type_code(browser: Client, code: str) -> Any:
    return browser.post("/accounts/login/code/confirm/", {"code": code})


def test_orders_of_a_guest_join_the_account_once_the_address_is_proven(browser: Client, commits: Any) -> None:
    mine = [paid_order(email="Mona@Example.com"), paid_order(email="mona@example.com")]
    other = paid_order(email="other@example.com")

    code = ask_for_code(browser, "mona@example.com", commits)
    assert set(Order.objects.values_list("user", flat=True)) == {None}
    response = type_code(browser, code)

    assert response.status_code == 302
    user = User.objects.get(email="mona@example.com")
    assert list(user.orders.order_by("pk")) == mine
    other.refresh_from_db()
    assert other.user is None
    page = browser.get("/library/")
    assert page.status_code == 200
    assert all(order.lines.get().product_title in page.content.decode() for order in mine)
    assert other.lines.get().product_title not in page.content.decode()


@pytest.mark.parametrize("code", ["", "000000", "AAAA-AAAA", "🐈", "1" * 5000, "\x00"])
def test_a_wrong_code_claims_nothing(browser: Client, commits: Any, code: str) -> None:
    paid_order(email="mona@example.com")
    ask_for_code(browser, "mona@example.com", commits)

    response = type_code(browser, code)

    assert response.status_code == 200
    assert Order.objects.get().user is None
    assert browser.get("/library/").status_code == 302


def test_a_code_of_one_address_claims_nothing_of_another(browser: Client, commits: Any) -> None:
    paid_order(email="mona@example.com")

    type_code(browser, ask_for_code(browser, "eve@example.com", commits))

    assert browser.get("/library/").status_code == 200
    assert Order.objects.get().user is None


def test_a_code_works_in_the_browser_that_asked_for_it_only(browser: Client, commits: Any) -> None:
    paid_order(email="mona@example.com")
    code = ask_for_code(browser, "mona@example.com", commits)

    type_code(Client(), code)

    assert Order.objects.get().user is None


def test_the_code_is_not_kept_after_it_was_mailed(browser: Client, commits: Any) -> None:
    code = ask_for_code(browser, "mona@example.com", commits)

    row = OutgoingMail.objects.get()
    assert row.is_secret
    assert row.status == OutgoingMail.Status.SENT
    assert code not in row.text + row.html + row.subject


def test_orders_that_came_between_join_at_the_next_sign_in(browser: Client, commits: Any) -> None:
    type_code(browser, ask_for_code(browser, "mona@example.com", commits))
    browser.post("/accounts/logout/")
    paid_order(email="MONA@example.com")

    type_code(browser, ask_for_code(browser, "mona@example.com", commits))

    assert Order.objects.get().user == User.objects.get()


def test_the_cart_survives_signing_in(browser: Client, commits: Any) -> None:
    product = make_product()
    browser.post("/cart/lines/", {"variant": product.variants.get().pk, "quantity": "3"})
    key = browser.session["cart_key"]

    type_code(browser, ask_for_code(browser, "mona@example.com", commits))

    assert browser.session["cart"] == {str(product.variants.get().pk): 3}
    assert browser.session["cart_key"] == key
    assert product.title in browser.get("/cart/").content.decode()


def test_an_unproven_address_claims_nothing() -> None:
    paid_order(email="mona@example.com")
    user = make_user("mona@example.com")
    EmailAddress.objects.create(user=user, email="mona@example.com", primary=True, verified=False)

    assert claim_orders(user) == 0
    assert Order.objects.get().user is None


def test_a_second_proven_address_brings_its_orders_and_no_order_changes_hands() -> None:
    first, second = make_user(), make_user()
    theirs = paid_order(email="mona@example.com", user=first)
    free = paid_order(email="mona@example.com")
    for user in (first, second):
        EmailAddress.objects.create(user=user, email="mona@example.com", verified=user == second)

    assert claim_orders(second) == 1
    assert claim_orders(second) == 0

    theirs.refresh_from_db()
    free.refresh_from_db()
    assert (theirs.user, free.user) == (first, second)


def test_a_page_does_not_tell_whether_an_address_is_known(browser: Client, commits: Any) -> None:
    make_user("mona@example.com")

    known = browser.post("/accounts/login/code/", {"email": "mona@example.com"})
    unknown = Client().post("/accounts/login/code/", {"email": "nobody@example.com"})

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
