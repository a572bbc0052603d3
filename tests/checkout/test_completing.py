"""Whoever owns a part of a bundle pays for the rest; whoever owns it all is told so."""

from typing import Any

import pytest
from django.test import Client

from checkout.cart import Cart
from checkout.models import BundledVariant, OrderLine
from checkout.placing import place_order
from tests.checkout.test_line_offers import quoted, reasons, words
from tests.factories import (
    make_bundle,
    make_buyer,
    make_cart,
    make_product,
    make_sale,
    make_user,
    make_variant,
    paid_order,
    pending_order,
)

pytestmark = pytest.mark.django_db

# --- The rest of a bundle ------------------------------------------------------------------------


def test_whoever_owns_two_of_three_pays_for_the_third() -> None:
    user = make_user()
    books = [make_product(amount) for amount in (1900, 2400, 1700)]
    bundle = make_bundle(*books, amount=3900)
    for book in books[:2]:
        paid_order(book, user=user)
    paid_order(books[2])  # somebody else's
    cart = make_cart(bundle)

    quote = quoted(cart, user)
    assert (quote.total, reasons(quote)) == (1105, [("bundle", "2/3", 2795)])
    assert quoted(cart).total == 3900

    line = place_order(cart, make_buyer(user=user), shown_total=1105).lines.get()
    assert (line.is_bundle, line.amount, line.unit_amount) == (True, 1105, 3900)
    assert list(BundledVariant.objects.values_list("quantity", flat=True)) == [0, 0, 1]


def test_each_edition_of_a_bundle_in_one_cart_brings_its_parts() -> None:
    user = make_user()
    books = [make_product(1000), make_product(1000)]
    bundle = make_bundle(*books, amount=1600)
    paid_order(books[0], user=user)
    cart = make_cart(bundle)
    cart.add(make_variant(bundle, 1800), 1)

    order = place_order(cart, make_buyer(user=user), shown_total=800 + 900)

    assert [line.bundled.count() for line in order.lines.all()] == [2, 2]


def test_the_rest_is_of_the_sale_price_and_of_one_bundle_only() -> None:
    user = make_user()
    books = [make_product(1000), make_product(1000)]
    bundle = make_bundle(*books, amount=1600)
    make_sale(bundle, 1200)
    paid_order(books[0], user=user)
    cart = make_cart(bundle)
    cart.add(bundle.variants.get(), 2)

    assert reasons(quoted(cart, user)) == [("sale", "", 1200), ("bundle", "1/2", 600)]
    place_order(cart, make_buyer(user=user))
    assert sorted(BundledVariant.objects.values_list("quantity", flat=True)) == [2, 3]


@pytest.mark.parametrize(
    "spoil", ["pending", "refunded", "held", "refunded_line", "disputed", "refund_pending"]
)
def test_what_is_not_paid_for_or_was_given_back_is_not_owned(spoil: str) -> None:
    user, book = make_user(), make_product(1000)
    bundle = make_bundle(book, make_product(1000), amount=1600)
    order = pending_order(book, user=user) if spoil == "pending" else paid_order(book, user=user)
    spoiled(order, spoil)

    assert quoted(make_cart(bundle), user).total == 1600


def spoiled(order: Any, how: str) -> None:
    """Something that takes an order's goods away again."""
    if how == "refunded":
        order.follow_money(order.total)
    elif how == "held":
        order.hold("Odd.")
    elif how == "disputed":
        order.payments.get().disputes.create(reference="d", amount=1)
    elif how != "pending":
        status = "pending" if how == "refund_pending" else "succeeded"
        refund = order.payments.get().refunds.create(
            amount=1, reason="other", source="staff", revokes_access=True, status=status
        )
        if how == "refunded_line":
            refund.lines.create(line=order.lines.get(), amount=1)


def test_what_came_in_a_bundle_is_owned_too_but_not_what_its_buyer_had_before() -> None:
    user = make_user()
    one, two, three = (make_product(1000) for _each in range(3))
    paid_order(one, user=user)
    first = paid_order(make_bundle(one, two, amount=1000), user=user)
    assert first.total == 500

    other = make_bundle(two, three, amount=1000)
    assert reasons(quoted(make_cart(other), user)) == [("bundle", "1/2", 500)]
    one_order = OrderLine.objects.get(variant__product=one).order
    one_order.follow_money(one_order.total)
    assert reasons(quoted(make_cart(make_bundle(one, three, amount=1000)), user)) == []


def test_a_part_that_is_refunded_by_name_only_takes_itself_back() -> None:
    user, book, other = make_user(), make_product(1000), make_product(500)
    order = paid_order(book, other, user=user)
    refund = order.payments.get().refunds.create(
        amount=1, reason="other", source="staff", revokes_access=True, status="succeeded"
    )
    refund.lines.create(line=order.lines.get(variant__product=other), amount=1)

    bundle = make_bundle(book, other, amount=1200)
    assert reasons(quoted(make_cart(bundle), user)) == [("bundle", "1/2", 800)]


# --- Notes ---------------------------------------------------------------------------------------


def test_the_cart_says_politely_what_one_owns_and_sells_it_all_the_same() -> None:
    user, client = make_user(), Client()
    book, other = make_product(1000), make_product(1000)
    bundle = make_bundle(book, other, amount=1500)
    for product in (book, other):
        paid_order(product, user=user)
    client.force_login(user)
    for product in (book, bundle):
        client.post("/cart/lines/", {"variant": product.variants.get().pk})

    page = words(client)

    assert "You own this already. Buy it again only for somebody else." in page
    assert "You own everything in it already. Buy it again only for somebody else." in page
    assert quoted(Cart(client.session), user).total == 2500
    assert client.get("/checkout/").status_code == 200


def test_the_cart_says_what_a_bundle_beside_it_brings_anyway() -> None:
    client, book = Client(), make_product(1000)
    for product in (book, make_bundle(book, make_product(500))):
        client.post("/cart/lines/", {"variant": product.variants.get().pk})

    assert words(client).count("The bundle in your cart brings this, too.") == 1


@pytest.mark.parametrize(
    ("prefix", "said"),
    [("", "You own 1 of 2 already"), ("/ar", "عندك 1 من 2"), ("/fa", "۱ تا از ۲ تا را دارید")],
)
def test_the_reason_is_said_in_the_language_of_the_page(prefix: str, said: str) -> None:
    user, client, book = make_user(), Client(), make_product(1000)
    paid_order(book, user=user)
    client.force_login(user)
    bundle = make_bundle(book, make_product(1000), amount=1500)
    client.post("/cart/lines/", {"variant": bundle.variants.get().pk})

    assert words(client, f"{prefix}/cart/").count(said) == 2
