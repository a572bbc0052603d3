"""Offers beside what prices say by themselves: sales, numbers, named prices and bundles."""

from typing import Any

import pytest
from django.test import Client

from checkout.cart import Cart
from checkout.errors import GiftNotPossible
from checkout.gifts import GiftWish
from checkout.models import Gift, Offer, Order
from checkout.placing import place_order
from checkout.quoting import Quote, quote_cart
from checkout.upselling import take_upsell, upsell_for
from tests.checkout.test_views import check_out, put_in_cart, words
from tests.delivery.test_gifting import accepted
from tests.factories import (
    handle_events_of,
    make_bundle,
    make_buyer,
    make_cart,
    make_coupon,
    make_offer,
    make_open_price,
    make_product,
    make_sale,
    make_user,
    paid_order,
    pay,
)

pytestmark = pytest.mark.django_db
WISH = GiftWish("Sara", "Mona", "mona@example.org")


def quoted(cart: Cart, **buyer: Any) -> Quote:
    return quote_cart(Cart(cart._session), make_buyer(**buyer))


def parts(quote: Quote) -> list[tuple[str, int]]:
    return [(part.reason, part.amount) for part in quote.totals.parts]


def test_a_sale_goes_before_the_offer_and_a_coupon_comes_after_it() -> None:
    theme, mails = make_product(4000), make_product(1200)
    make_sale(mails, 1000)
    make_offer("cross", mails, theme, rate_bps=5000)
    cart = make_cart(theme, mails, coupons=[make_coupon()])

    quote = quoted(cart)

    of_mails = [(part.reason, part.amount) for part in quote.lines[1].total.parts]
    assert of_mails == [("sale", 200), ("cross", 500), ("coupon", 50)]
    assert quote.total == 4000 + 500 - 450


def test_an_offer_above_the_price_of_a_sale_takes_nothing_and_is_not_suggested() -> None:
    theme, mails = make_product(4000), make_product(1200)
    make_offer("cross", mails, theme, amount=900)
    assert [each.list_amount for each in quoted(make_cart(theme)).offered.suggestions] == [1200]

    make_sale(mails, 800)

    assert quoted(make_cart(theme)).offered.suggestions == ()
    assert parts(quoted(make_cart(theme, mails))) == [("sale", 400)]


def test_the_box_says_what_is_asked_now(page_client: Client) -> None:
    book, more = make_product(2400), make_product(1900)
    offer = make_offer("bump", more, book, amount=1700)
    make_sale(more, 1500)
    put_in_cart(page_client, book)

    page = words(page_client.get("/checkout/"))
    check_out(page_client, bump=str(offer.pk))

    assert "$15.00" in page
    assert "$17.00" not in page
    check_out(page_client, bump=str(offer.pk))
    assert Order.objects.get().total == 2400 + 1500


@pytest.mark.parametrize("kind", ["cross", "bump", "upsell", "loyal"])
def test_a_price_that_buyers_name_is_part_of_no_offer(kind: str) -> None:
    book, named, mona = make_product(2400), make_open_price(500), make_user()
    offer = make_offer(kind, named, book, amount=100)
    order = paid_order(book, user=mona)
    cart = make_cart(book, named)
    cart.accept(offer.variant_id, offer.pk)

    quote = quoted(cart, user=mona)

    assert (quote.total, parts(quote)) == (2900, [])
    assert (quote.offered.bump, quote.offered.suggestions) == (None, ())
    assert upsell_for(order) is None


def test_a_bundle_in_the_box_is_whole_or_the_rest_of_it() -> None:
    book, first, second, mona = make_product(2400), make_product(1000), make_product(1000), make_user()
    bundle = make_bundle(first, second, amount=1600)
    offer = make_offer("bump", bundle, book, amount=1200)
    paid_order(first, user=mona)
    cart = make_cart(book, bundle)
    cart.accept(offer.variant_id, offer.pk)

    guest, owner = quoted(cart), quoted(cart, user=mona)

    assert parts(guest) == [("bump", 400)]
    assert parts(owner) == [("bundle", 800)]
    order = place_order(cart, make_buyer())
    brought = order.lines.get(is_bundle=True).bundled.values_list("variant__product", "quantity")
    assert list(brought) == [(first.pk, 1), (second.pk, 1)]


def test_a_bundle_after_the_payment_is_one_click_with_all_that_is_in_it() -> None:
    book, first, second = make_product(2400), make_product(1000), make_product(1000)
    bundle = make_bundle(first, second, amount=1600)
    offer = make_offer("upsell", bundle, book, amount=1200)
    source = paid_order(book)

    order = take_upsell(source, offer.pk, client_address=None, shown_total=1200)

    assert order.lines.get().bundled.count() == 2


def test_what_came_in_a_bundle_is_not_offered_after_the_payment() -> None:
    book, more = make_product(2400), make_product(1000)
    make_offer("upsell", more, book, amount=700)

    assert upsell_for(paid_order(book, make_bundle(more))) is None


def test_who_has_it_out_of_a_bundle_is_an_earlier_buyer() -> None:
    part, next_part, mona = make_product(1000), make_product(1000), make_user()
    make_offer("loyal", next_part, part, amount=600)
    paid_order(make_bundle(part, make_product()), user=mona)

    assert parts(quoted(make_cart(next_part), user=mona)) == [("loyal", 400)]
    assert parts(quoted(make_cart(next_part))) == []


def test_a_bundle_is_a_gift_with_all_that_is_in_it() -> None:
    first, second = make_product(1000), make_product(1000)
    order = pay(place_order(make_cart(make_bundle(first, second)), make_buyer(), gift=WISH))
    handle_events_of(order)

    accepted(Gift.objects.get())

    assert set(order.lines.get().grants.values_list("file__product", flat=True)) == {first.pk, second.pk}


def test_the_rest_of_a_bundle_is_no_gift(page_client: Client) -> None:
    first, second, mona = make_product(1000), make_product(1000), make_user()
    bundle = make_bundle(first, second, amount=1600)
    paid_order(first, user=mona)

    with pytest.raises(GiftNotPossible):
        place_order(make_cart(bundle), make_buyer(user=mona), gift=WISH)

    assert (Order.objects.count(), Gift.objects.count()) == (1, 0)
    page_client.force_login(mona)
    put_in_cart(page_client, bundle)
    page = words(page_client.get("/checkout/"))
    assert "You pay only for what you don't have of the bundle yet" in page
    assert "gift-is_gift" not in page


@pytest.mark.parametrize("make", [make_bundle, make_open_price])
def test_to_a_bundle_or_a_named_price_there_is_no_upgrade(make: Any) -> None:
    book, mona = make_product(1000), make_user()
    offer = make_offer("upgrade", make(), book)
    paid_order(book, user=mona)
    cart = make_cart(offer.variant.product)

    assert Offer.objects.get().kind == "upgrade"
    assert quoted(cart, user=mona).offered.suggestions == ()


def test_an_offer_is_said_by_its_title_and_the_sale_beside_it(page_client: Client) -> None:
    theme, mails = make_product(4000), make_product(1200)
    make_sale(mails, 1000)
    make_offer("cross", mails, theme, amount=700, title_en="They match")
    put_in_cart(page_client, theme)
    put_in_cart(page_client, mails)

    page = words(page_client.get("/cart/"))

    assert page.count("Offer “<bdi>They match</bdi>”") == 2
    assert page.count("Offer:") == 1
