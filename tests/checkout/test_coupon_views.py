"""Coupons through the doors: by hand in cart and checkout, by a link, and by a script."""

from typing import Any

import pytest
from django.test import Client

from checkout.entering import GUESSES
from checkout.models import Coupon, Order, Redemption
from storefront.models import LimitCount
from tests.checkout.test_views import MONA, csrf, put_in_cart, words
from tests.factories import make_coupon, make_product, make_user, pending_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def shopper(page_client: Client) -> Client:
    """A reader with a book for 10.00 in the cart."""
    put_in_cart(page_client, make_product(1000))
    return page_client


def post(client: Client, path: str, **data: str) -> Any:
    page = "/checkout/" if path.endswith("/checkout/") else "/cart/"
    return client.post(path, data | csrf(client, page))


def enter(client: Client, code: str) -> Any:
    return post(client, "/cart/coupons/", coupon=code)


def kept(client: Client) -> list[str]:
    return client.session.get("coupons", [])


# --- In the cart ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["رمضان۲۰٢٧", "رمضان 2027", "RAMADAN", "رمـضان-٢٠٢٧", "\u200fرمضان\u200c۲۰۲۷", " رَمَضان२०२७ "]
)
def test_a_code_is_taken_in_any_spelling_and_shown_in_its_own(shopper: Client, typed: str) -> None:
    make_coupon("رمضان ۲۰۲۷")
    make_coupon("Ramadan")

    response = enter(shopper, typed)

    assert (response.status_code, response["Location"]) == (302, "/cart/")
    page = words(shopper.get("/cart/"))
    assert "<bdi>Ramadan</bdi>" in page if typed.isascii() and typed.isalpha() else "<bdi>رمضان ۲۰۲۷</bdi>"
    assert "$9.00" in page
    assert len(kept(shopper)) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("NOBODY", "There is no coupon"),
        ("", "Please write the code"),
        ("🎉", "There is no coupon"),
        ("\u202e\u200f", "Please write the code"),
        ("<script>alert(1)</script>", "There is no coupon"),
        ("x" * 9000, "There is no coupon"),
        ("ﷺ" * 100, "There is no coupon"),
        ("OVER", "was valid until"),
        ("OFF", "not valid any more"),
        ("GONE", "is used up"),
    ],
)
def test_what_is_no_valid_code_is_said_at_the_field_and_stays_typed(
    shopper: Client, typed: str, said: str
) -> None:
    make_coupon("OVER", ends_at="2020-01-01T00:00Z")
    make_coupon("OFF", is_active=False)
    pending_order(coupons=[make_coupon("GONE", max_uses=1)])

    response = enter(shopper, typed)

    assert response.status_code == 200
    page = words(response)
    assert said in page.partition('id="coupon-refusal"')[2]
    assert "<script>alert" not in page
    assert f'value="{typed}"' in page or not typed.isalpha() or not typed.isascii() or not typed
    assert kept(shopper) == []


def test_a_coupon_that_asks_for_more_is_kept_and_says_what_is_missing(shopper: Client) -> None:
    make_coupon("EID", minimums={"USD": 2000})

    enter(shopper, "eid")

    page = words(shopper.get("/cart/"))
    assert "is missing" in page
    assert "$10.00" in page
    put_in_cart(shopper, make_product(1000))
    assert "$18.00" in words(shopper.get("/cart/"))


def test_a_coupon_is_taken_out_and_the_cart_costs_what_it_did(shopper: Client) -> None:
    make_coupon("EID")
    enter(shopper, "EID")

    response = post(shopper, "/cart/coupons/", remove_coupon="eid")

    assert (response.status_code, kept(shopper)) == (302, [])
    assert "$9.00" not in words(shopper.get("/cart/"))


def test_a_cart_takes_five_coupons(shopper: Client) -> None:
    codes = [make_coupon(is_stackable=True).code for _each in range(6)]

    answers = [enter(shopper, code) for code in codes]

    assert [answer.status_code for answer in answers] == [302] * 5 + [200]
    assert "5 coupons at most" in words(answers[-1])


def test_another_site_can_not_enter_a_coupon(page_client: Client) -> None:
    make_coupon("EID")
    put_in_cart(page_client, make_product())

    assert page_client.post("/cart/coupons/", {"coupon": "EID"}).status_code == 403
    assert kept(page_client) == []


def test_guessing_ends_after_so_many_unknown_codes_and_known_ones_cost_nothing(shopper: Client) -> None:
    make_coupon("EID")
    token = csrf(shopper, "/cart/")
    for number in range(GUESSES):
        shopper.post("/cart/coupons/", {"coupon": f"guess{number}"} | token)
        shopper.post("/cart/coupons/", {"coupon": "EID"} | token)
    shopper.post("/cart/coupons/", {"remove_coupon": "EID"} | token)

    response = shopper.post("/cart/coupons/", {"coupon": "EID"} | token)

    assert "Too many unknown codes" in words(response)
    assert kept(shopper) == []
    assert LimitCount.objects.get().count == GUESSES


# --- At the checkout -----------------------------------------------------------------------------


def test_a_coupon_with_the_order_shows_the_new_sum_first_and_then_is_used(shopper: Client) -> None:
    make_coupon("EID")

    shown = post(shopper, "/checkout/", **MONA, coupon="EID", shown_total="1000")
    assert shown.status_code == 200
    assert "look at the new sum" in words(shown)
    assert 'name="shown_total" value="900"' in words(shown)
    assert f'value="{MONA["email"]}"' in words(shown)
    assert not Order.objects.exists()

    paid = post(shopper, "/checkout/", **MONA, coupon="", shown_total="900")
    assert paid.status_code == 302
    assert (Order.objects.get().total, Redemption.objects.get().amount) == (900, 100)


def test_a_script_without_a_sum_orders_with_its_coupon_at_once(shopper: Client) -> None:
    make_coupon("EID")

    assert post(shopper, "/checkout/", **MONA, coupon="eid").status_code == 302
    assert Order.objects.get().total == 900


@pytest.mark.parametrize("shown", ["1000", ""])
def test_a_wrong_code_with_the_order_orders_nothing(shopper: Client, shown: str) -> None:
    response = post(shopper, "/checkout/", **MONA, coupon="NOBODY", shown_total=shown)

    assert response.status_code == 200
    assert "There is no coupon" in words(response)
    assert 'value="NOBODY"' in words(response)
    assert f'value="{MONA["email"]}"' in words(response)
    assert not Order.objects.exists()


def test_applying_and_taking_out_asks_for_nothing_else_and_loses_nothing(shopper: Client) -> None:
    make_coupon("EID")
    typed = {"email": "mona@", "country": "EG", "shown_total": "1000"}

    applied = words(post(shopper, "/checkout/", **typed, coupon="EID", enter_coupon="1"))
    assert 'name="shown_total" value="900"' in applied
    assert 'value="mona@"' in applied
    assert '<option value="EG" selected>' in applied
    assert "is not complete" not in applied

    removed = words(post(shopper, "/checkout/", **typed, coupon="", remove_coupon="eid"))
    assert 'name="shown_total" value="1000"' in removed
    assert 'value="mona@"' in removed


def test_a_coupon_that_makes_it_free_needs_no_provider(shopper: Client) -> None:
    make_coupon("ALL", rate_bps=10_000)
    shown = words(post(shopper, "/checkout/", **MONA, coupon="ALL", enter_coupon="1"))
    assert "Get it for free" in shown

    response = post(shopper, "/checkout/", email=MONA["email"], country="EG", shown_total="0")

    order = Order.objects.get()
    assert (response["Location"], order.status) == (f"/orders/{order.token}/", "paid")


def test_what_does_not_hold_for_the_address_is_said_before_paying_and_then_costs_the_full_price(
    shopper: Client,
) -> None:
    pending_order(coupons=[make_coupon("ONCE", max_uses_per_buyer=1)], email=MONA["email"])
    enter(shopper, "ONCE")
    assert 'name="shown_total" value="900"' in words(shopper.get("/checkout/"))

    told = words(post(shopper, "/checkout/", **MONA, shown_total="900"))

    assert "You have used this coupon already." in told
    assert 'name="shown_total" value="1000"' in told
    assert Order.objects.count() == 1
    assert post(shopper, "/checkout/", **MONA, shown_total="1000").status_code == 302
    assert Order.objects.filter(total=1000).count() == 1
    assert kept(shopper) == ["once"]


def test_the_loser_of_a_race_sees_the_new_sum(shopper: Client) -> None:
    coupon = make_coupon("LAST", max_uses=1)
    enter(shopper, "LAST")
    pending_order(coupons=[coupon], email="quicker@example.com")

    told = post(shopper, "/checkout/", **MONA, shown_total="900")

    assert told.status_code == 200
    assert "This coupon is used up." in words(told)
    assert 'name="shown_total" value="1000"' in words(told)
    assert Order.objects.count() == Redemption.objects.count() == 1
    assert len(shopper.session["cart"]) == 1


def test_going_back_after_paying_with_the_last_use_leads_to_the_paid_order(shopper: Client) -> None:
    make_coupon("LAST", max_uses=1)
    enter(shopper, "LAST")
    post(shopper, "/checkout/", **MONA, shown_total="900")
    order = Order.objects.get()
    order.mark_paid()

    response = post(shopper, "/checkout/", **MONA, shown_total="900")

    assert response["Location"] == f"/orders/{order.token}/"
    assert Order.objects.count() == 1


# --- By a link -----------------------------------------------------------------------------------


def test_a_link_to_a_page_that_all_share_sets_no_cookie_and_works_when_something_is_put_in() -> None:
    client, product = Client(headers={"Sec-Fetch-Site": "same-origin"}), make_product(1000)
    make_coupon("عيد ٢٥")
    address = f"/products/{product.slug}/?coupon=%D8%B9%D9%8A%D8%AF25"

    page = client.get(address)
    assert (page.cookies, "public" in page["Cache-Control"]) == ({}, True)

    put_in_cart(client, product, referer=f"http://testserver{address}")
    cart = words(client.get("/cart/"))
    assert "$9.00" in cart
    assert cart.count("is in your cart") == 1
    assert "is in your cart" not in words(client.get("/cart/"))


@pytest.mark.parametrize("path", ["/cart/", "/checkout/", "/ar/cart/", "/fa/checkout/"])
def test_a_link_to_ones_own_pages_is_taken_at_once(shopper: Client, path: str) -> None:
    make_coupon("EID")

    response = shopper.get(path, {"coupon": "e-i-d"})

    assert (response.status_code, response["Location"]) == (302, path)
    assert kept(shopper) == ["eid"]
    assert "EID" in words(shopper.get(path))


@pytest.mark.parametrize("code", ["NOBODY", "%00", "🐈" * 200, "OVER"])
def test_a_wrong_code_by_a_link_is_left_out_with_a_friendly_note(shopper: Client, code: str) -> None:
    make_coupon("OVER", ends_at="2020-01-01T00:00Z")

    put_in_cart(shopper, make_product(500), referer=f"http://testserver/?coupon={code}")

    page = words(shopper.get("/cart/"))
    assert "The coupon of your link was left out." in page
    assert "note bad" not in page
    assert len(shopper.session["cart"]) == 2
    assert kept(shopper) == []


@pytest.mark.parametrize("referer", ["http://[", "", "http://testserver/?coupon", "x" * 5000])
def test_an_odd_referer_brings_no_coupon(shopper: Client, referer: str) -> None:
    assert put_in_cart(shopper, make_product(), referer=referer).status_code == 302
    assert kept(shopper) == []


def test_a_coupon_waits_in_an_empty_cart() -> None:
    client = Client()
    make_coupon("EID")

    client.get("/cart/", {"coupon": "EID"})

    assert "<bdi>EID</bdi> is kept for you" in words(client.get("/cart/"))
    assert client.get("/checkout/")["Location"] == "/cart/"


def test_signing_in_keeps_the_coupons(shopper: Client) -> None:
    make_coupon("EID")
    enter(shopper, "EID")
    shopper.force_login(make_user())

    assert kept(shopper) == ["eid"]
    assert Coupon.objects.count() == 1
