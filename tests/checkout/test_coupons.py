"""Which coupons apply to a cart, for whom, and what is said where they don't."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from catalog.models import Category, Price
from checkout.buyer import Buyer
from checkout.cart import Cart
from checkout.coupons import CartCoupon
from checkout.models import Coupon, Order, Redemption
from checkout.quoting import Quote, quote_cart
from tests.factories import (
    make_buyer,
    make_cart,
    make_coupon,
    make_product,
    make_user,
    paid_order,
    pending_order,
)

pytestmark = pytest.mark.django_db
SOON, AGO = timezone.now() + timedelta(days=1), timezone.now() - timedelta(days=1)


def quoted(cart: Cart, **buyer: Any) -> Quote:
    return quote_cart(Cart(cart._session), Buyer(**buyer))


def only(quote: Quote) -> CartCoupon:
    (coupon,) = quote.coupons
    return coupon


def said(cart: Cart, **buyer: Any) -> str:
    """Why the one coupon of a cart takes nothing off, without the marks around names."""
    quote = quoted(cart, **buyer)
    assert quote.totals.discount == 0
    assert only(quote).is_refused
    return "".join(char for char in only(quote).why_not if char not in "\u2066\u2067\u2068\u2069")


# --- What it takes off ---------------------------------------------------------------------------


def test_a_share_is_taken_off_everything() -> None:
    quote = quoted(make_cart(make_product(1250), make_product(999), coupons=[make_coupon(rate_bps=1500)]))

    assert (quote.total, quote.totals.discount) == (1912, 337)
    assert only(quote).applies
    assert [(part.reason, part.amount) for part in quote.totals.parts] == [("coupon", 337)]


def test_an_amount_is_taken_off_once_and_never_more_than_there_is() -> None:
    five = make_coupon(amounts={"USD": 500})

    assert quoted(make_cart(make_product(1200), make_product(300), coupons=[five])).total == 1000
    assert quoted(make_cart(make_product(300), coupons=[five])).total == 0


def test_everything_for_nothing_is_free_and_not_below() -> None:
    cart = make_cart(
        make_product(1200),
        coupons=[make_coupon(rate_bps=10_000, is_stackable=True), make_coupon(is_stackable=True)],
    )

    quote = quoted(cart)

    assert quote.total == 0
    assert [each.applies for each in quote.coupons] == [True, False]
    assert "Nothing is left to pay" in quote.coupons[1].why_not


def test_dinars_are_taken_off_in_payable_steps(settings: Any) -> None:
    product = make_product(1200)
    Price.objects.create(variant=product.variants.get(), currency="KWD", amount=1230)
    cart = make_cart(product, coupons=[make_coupon(rate_bps=3333)])
    cart.choose_currency("KWD")

    assert (quoted(cart).total, quoted(cart).total % 10) == (820, 0)


# --- What it is for ------------------------------------------------------------------------------


def test_products_categories_and_exclusions_decide_what_it_is_for() -> None:
    books, new = (Category.objects.create(title_en=title) for title in ("Books", "New"))
    in_books, in_both, alone, other = (make_product(1000) for _each in range(4))
    in_books.categories.set([books])
    in_both.categories.set([books, new])
    cart = [in_books, in_both, alone, other]

    def taken(**fields: Any) -> list[int]:
        quote = quoted(make_cart(*cart, coupons=[make_coupon(**fields)]))
        return [line.total.discount for line in quote.lines]

    assert taken(products=[alone]) == [0, 0, 100, 0]
    assert taken(categories=[books]) == [100, 100, 0, 0]
    assert taken(products=[alone], categories=[new]) == [0, 100, 100, 0]
    assert taken(categories=[books], excluded_products=[in_books]) == [0, 100, 0, 0]
    assert taken(excluded_categories=[new]) == [100, 0, 100, 100]
    assert taken(products=[in_both], excluded_categories=[new]) == [0, 0, 0, 0]


def test_a_coupon_for_a_product_that_is_gone_is_not_for_everything() -> None:
    product = make_product(files=0)
    coupon = make_coupon(products=[product])
    product.delete()

    assert said(make_cart(coupons=[coupon])) == "This coupon is for other things than those in your cart."


def test_all_or_any_of_what_it_needs_must_be_in_the_cart() -> None:
    one, two = make_product(title_en="One"), make_product(title_en="Two")
    either = make_coupon(required_products=[one, two])
    both = make_coupon(required_products=[one, two], requires_all=True)

    assert said(make_cart(coupons=[either])) == "This coupon is valid together with one of these: One, Two."
    assert only(quoted(make_cart(one, coupons=[either]))).applies
    assert said(make_cart(one, coupons=[both])) == "This coupon is valid together with Two."
    assert said(make_cart(coupons=[both])) == "This coupon is valid together with all of these: One, Two."
    assert only(quoted(make_cart(two, one, coupons=[both]))).applies


def test_the_minimum_is_of_what_it_is_for_and_says_what_is_missing() -> None:
    book = make_product(1200)
    coupon = make_coupon(products=[book], minimums={"USD": 2000})
    cart = make_cart(book, make_product(5000), coupons=[coupon])

    assert said(cart) == "This coupon is valid from $20.00 on: $8.00 is missing."
    cart.change(book.variants.get().pk, 2)
    assert only(quoted(cart)).applies


@pytest.mark.parametrize("worth", [{"amounts": {"USD": 500}}, {"minimums": {"USD": 100}}])
def test_in_a_currency_that_it_has_no_sum_in_it_does_not_hold(worth: dict[str, Any]) -> None:
    product = make_product(1200)
    Price.objects.create(variant=product.variants.get(), currency="SAR", amount=4500)
    cart = make_cart(product, coupons=[make_coupon(**worth)])
    cart.choose_currency("SAR")

    assert said(cart) == "This coupon is not for prices in SAR."
    assert quoted(cart).total == 4500


def test_on_free_lines_there_is_nothing_to_take_off() -> None:
    free = make_product(0)

    assert "nothing to pay" in said(make_cart(free, coupons=[make_coupon()]))
    assert "nothing to pay" in said(make_cart(free, make_product(), coupons=[make_coupon(products=[free])]))


def test_a_line_that_is_not_sold_any_more_counts_for_nothing() -> None:
    gone = make_product()
    cart = make_cart(gone, coupons=[make_coupon(amounts={"USD": 100}, products=[gone])])
    gone.unpublish()

    assert quoted(cart).total == 0
    assert only(quoted(cart)).is_refused


# --- When, for whom, how often -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"is_active": False}, "not valid any more"),
        ({"starts_at": SOON}, "This coupon is valid from"),
        ({"ends_at": AGO}, "This coupon was valid until"),
        ({"email": "mona@example.com"}, "for another e-mail address"),
        ({"buyers": "earlier"}, "who have bought here before"),
    ],
)
def test_what_does_not_hold_now_or_for_this_buyer_is_said(fields: dict[str, Any], words: str) -> None:
    assert words in said(make_cart(coupons=[make_coupon(**fields)]), email="zayd@example.com")


def test_a_buyer_who_is_not_known_yet_may_be_the_right_one() -> None:
    for fields in ({"email": "mona@example.com"}, {"buyers": "earlier"}, {"buyers": "new"}):
        assert only(quoted(make_cart(coupons=[make_coupon(**fields)]))).applies


def test_one_address_is_known_under_its_aliases_and_by_the_account() -> None:
    cart = make_cart(coupons=[make_coupon(email="Mona@gmail.com")])

    assert only(quoted(cart, email="m.o.n.a+shop@googlemail.com")).applies
    assert only(quoted(cart, user=make_user("mona@gmail.com"))).applies
    assert "another e-mail" in said(cart, email="other@gmail.com", user=make_user("mona+2@gmail.com"))


def test_first_order_and_earlier_buyers_are_told_apart_by_address_alias_and_account() -> None:
    first, earlier = make_coupon(buyers="new"), make_coupon(buyers="earlier")
    user = make_user()
    paid_order(email="mona@gmail.com", user=user)
    pending_order(email="zayd@example.com")

    for buyer in ({"email": "m.ona+1@gmail.com"}, {"email": "elsewhere@example.com", "user": user}):
        assert "for a first order" in said(make_cart(coupons=[first]), **buyer)
        assert only(quoted(make_cart(coupons=[earlier]), **buyer)).applies
    assert only(quoted(make_cart(coupons=[first]), email="zayd@example.com")).applies


def test_free_and_refunded_orders_are_no_purchase() -> None:
    Order.objects.filter(pk=paid_order(email="mona@example.com").pk).update(status="refunded")
    pending_order(make_product(0), email="mona@example.com")

    assert only(quoted(make_cart(coupons=[make_coupon(buyers="new")]), email="mona@example.com")).applies


def test_uses_are_counted_in_all_and_by_buyer() -> None:
    twice, once_each = make_coupon(max_uses=2), make_coupon(max_uses_per_buyer=1)
    user = make_user()
    pending_order(coupons=[twice], email="a@example.com")
    pending_order(coupons=[once_each], email="mona@gmail.com", user=user)
    assert only(quoted(make_cart(coupons=[twice]))).applies
    pending_order(coupons=[twice], email="b@example.com")

    assert said(make_cart(coupons=[twice])) == "This coupon is used up."
    assert "already" in said(make_cart(coupons=[once_each]), email="mo.na+x@gmail.com")
    assert "already" in said(make_cart(coupons=[once_each]), email="new@example.com", user=user)
    assert only(quoted(make_cart(coupons=[once_each]), email="mona@example.com")).applies


def test_an_order_claimed_by_an_account_counts_for_it() -> None:
    coupon, user = make_coupon(max_uses_per_buyer=1), make_user()
    order = paid_order(coupons=[coupon], email="old@example.com")
    cart = make_cart(coupons=[coupon])
    assert only(quoted(cart, email="new@example.com", user=user)).applies

    Order.objects.filter(pk=order.pk).update(user=user)

    assert "already" in said(cart, email="new@example.com", user=user)


# --- Several at once -----------------------------------------------------------------------------


def applied(quote: Quote) -> list[str]:
    return [each.coupon.code for each in quote.coupons if each.applies]


def test_coupons_that_combine_add_up_shares_before_amounts() -> None:
    five, tenth = (
        make_coupon("FIVE", amounts={"USD": 500}, is_stackable=True),
        make_coupon("TENTH", is_stackable=True),
    )

    quote = quoted(make_cart(make_product(2000), coupons=[five, tenth]))

    assert quote.total == 1300
    assert [(part.label, part.amount) for part in quote.totals.parts] == [("TENTH", 200), ("FIVE", 500)]
    assert applied(quote) == ["FIVE", "TENTH"]


def test_of_those_that_do_not_combine_the_better_one_wins_and_that_is_said() -> None:
    tenth, five = make_coupon("TENTH"), make_coupon("FIVE", amounts={"USD": 500})

    cheap = quoted(make_cart(make_product(2000), coupons=[tenth, five]))
    dear = quoted(make_cart(make_product(9000), coupons=[tenth, five]))

    assert (applied(cheap), cheap.total) == (["FIVE"], 1500)
    assert (applied(dear), dear.total) == (["TENTH"], 8100)
    assert "FIVE" in cheap.coupons[0].why_not
    assert "saves you more" in cheap.coupons[0].why_not
    assert not cheap.coupons[0].is_refused


def test_one_alone_may_be_better_than_all_that_combine() -> None:
    stack = [make_coupon(rate_bps=2000, is_stackable=True), make_coupon(rate_bps=2000, is_stackable=True)]

    assert quoted(make_cart(make_product(1000), coupons=[*stack, make_coupon(rate_bps=5000)])).total == 500
    assert quoted(make_cart(make_product(1000), coupons=[*stack, make_coupon(rate_bps=3000)])).total == 640


def test_among_equals_the_first_entered_is_kept() -> None:
    one, two = make_coupon("ONE"), make_coupon("TWO")

    assert applied(quoted(make_cart(coupons=[two, one]))) == ["TWO"]


def test_a_deleted_coupon_is_forgotten() -> None:
    coupon = make_coupon()
    cart = make_cart(coupons=[coupon])
    coupon.delete()

    assert quoted(cart).coupons == ()


# --- In what words, and at what cost -------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [("ar", "هذه القسيمة صالحة ابتداءً من"), ("fa", "این کد تخفیف از")],
)
def test_a_refusal_is_in_the_readers_language(language: str, words: str) -> None:
    cart = make_cart(coupons=[make_coupon(minimums={"USD": 5000})])

    with translation.override(language):
        assert words in said(cart)


def test_asks_six_queries_at_most_whatever_the_coupons_ask_for(django_assert_max_num_queries: Any) -> None:
    category, products = Category.objects.create(title_en="Books"), [make_product() for _each in range(4)]
    coupons = [
        make_coupon(
            is_stackable=True,
            buyers="earlier",
            max_uses=5,
            categories=[category],
            excluded_products=products[:2],
        )
        for _each in range(5)
    ]
    carts = [make_cart(*products), make_cart(*products, coupons=coupons)]

    for cart, more in zip(carts, (0, 5), strict=True):
        with django_assert_max_num_queries(3 + more):
            quote_cart(Cart(cart._session), make_buyer())


def test_a_percent_coupon_without_limits_asks_two_queries(django_assert_num_queries: Any) -> None:
    cart = make_cart(coupons=[make_coupon()])

    with django_assert_num_queries(3 + 2):
        quote_cart(Cart(cart._session), make_buyer())


# --- Rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "standing"),
    [
        ({}, "active"),
        ({"is_active": False, "ends_at": AGO}, "off"),
        ({"starts_at": SOON}, "scheduled"),
        ({"ends_at": AGO, "max_uses": 1}, "ended"),
        ({"max_uses": 1}, "used_up"),
        ({"max_uses": 2}, "active"),
    ],
)
def test_a_coupon_stands_alike_in_python_and_in_the_database(fields: dict[str, Any], standing: str) -> None:
    coupon = make_coupon(**fields)
    if "max_uses" in fields:
        Redemption.objects.create(order=pending_order(), coupon=coupon, amount=1)

    (found,) = Coupon.objects.with_uses()

    assert found.standing(found.uses) == standing  # type: ignore[attr-defined]
    for each in Coupon.Standing:
        assert Coupon.objects.standing(each).exists() == (each == standing)


def test_one_code_is_one_coupon_in_any_spelling() -> None:
    coupon = make_coupon("رمضان ۲۰۲۷")

    assert (coupon.code, coupon.code_folded) == ("رمضان ۲۰۲۷", "رمضان2027")
