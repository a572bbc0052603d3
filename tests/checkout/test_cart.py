from datetime import timedelta

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.utils import timezone

from catalog.models import Price, Product
from checkout.buyer import Buyer
from checkout.cart import MAX_LINES, Cart
from checkout.errors import CartNotUsable
from checkout.quoting import Quote, quote_cart
from tests.factories import make_cart, make_product, make_variant

pytestmark = pytest.mark.django_db


def reopened(cart: Cart) -> Cart:
    return Cart(cart._session)


def quoted(cart: Cart) -> Quote:
    return quote_cart(reopened(cart), Buyer())


def test_adds_up() -> None:
    product = make_product(1250)
    cart = make_cart(product, make_product(99))
    cart.add(product.variants.get(), 2)

    quote = quoted(cart)
    lines = [(line.quantity, line.unit_amount, line.amount) for line in quote.lines]
    assert lines == [(3, 1250, 3750), (1, 99, 99)]
    assert (cart.count, quote.total) == (4, 3849)


def test_its_key_changes_with_what_is_in_it_and_not_by_looking() -> None:
    product = make_product()
    cart = make_cart(product)
    before = cart.key
    assert reopened(cart).key == before

    cart.change(product.variants.get().pk, 2)

    assert cart.key != before
    assert len(cart.key) >= 22


@pytest.mark.parametrize("quantity", [-1, 100, 10**9])
def test_refuses_a_quantity_outside_0_to_99(quantity: int) -> None:
    product = make_product()
    cart = make_cart(product)

    with pytest.raises(CartNotUsable, match="at most 99"):
        cart.change(product.variants.get().pk, quantity)

    assert reopened(cart).count == 1


def test_adding_stops_at_99_and_keeps_what_was_there() -> None:
    product = make_product()
    cart = make_cart(product)

    with pytest.raises(CartNotUsable):
        cart.add(product.variants.get(), 99)

    assert reopened(cart).count == 1


def test_0_takes_a_line_out() -> None:
    product = make_product()
    cart = make_cart(product)

    cart.change(product.variants.get().pk, 0)

    assert reopened(cart).lines == []
    assert not quoted(cart).can_checkout


def test_holds_so_many_lines_and_no_more() -> None:
    product = make_product(files=0)
    variants = [make_variant(product) for _each in range(MAX_LINES)]
    cart = Cart(SessionStore())
    for variant in variants:
        cart.add(variant, 1)

    with pytest.raises(CartNotUsable, match="full"):
        cart.add(product.variants.order_by("pk")[0], 1)

    assert len(reopened(cart).lines) == MAX_LINES


def test_what_was_never_put_in_can_not_be_changed() -> None:
    cart = make_cart()

    cart.change(2**70, 5)
    cart.change(12345, 5)

    assert (reopened(cart).count, len(reopened(cart).lines)) == (1, 1)


def test_what_was_unpublished_stays_with_its_problem_and_costs_nothing() -> None:
    gone = make_product(700)
    cart = make_cart(gone, make_product(300))

    Product.objects.filter(pk=gone.pk).update(status="draft")

    quote = quoted(cart)
    assert [(line.amount, line.problem) for line in quote.lines] == [
        (0, "This is no longer on sale."),
        (300, ""),
    ]
    assert (quote.total, quote.can_checkout) == (300, False)


def test_what_is_scheduled_can_not_be_added() -> None:
    product = make_product(published_at=timezone.now() + timedelta(hours=1))

    with pytest.raises(CartNotUsable, match="no longer on sale"):
        make_cart(product)


def test_what_has_no_price_in_the_shops_currency_can_not_be_added() -> None:
    product = make_product(None)
    Price.objects.create(variant=product.variants.get(), currency="EUR", amount=100)

    with pytest.raises(CartNotUsable, match="no price in USD"):
        make_cart(product)


def test_asks_three_queries_for_any_number_of_lines(django_assert_num_queries) -> None:
    cart = reopened(make_cart(*[make_product(files=0) for _each in range(7)]))

    with django_assert_num_queries(3):
        assert quote_cart(cart, Buyer()).total == 7 * 1200
        assert [line.product.title for line in cart.lines]


def test_the_reader_chooses_among_the_currencies_that_everything_has_a_price_in() -> None:
    both, dollars = make_product(1000), make_product(500)
    Price.objects.create(variant=both.variants.get(), currency="SAR", amount=3750)
    cart = make_cart(both)
    key = cart.key

    cart.choose_currency("SAR")

    assert (cart.currencies, cart.currency, quoted(cart).total) == (["USD", "SAR"], "SAR", 3750)
    assert cart.key != key
    with pytest.raises(CartNotUsable):
        cart.add(dollars.variants.get(), 1)


def test_a_currency_without_prices_is_refused_and_nothing_changes() -> None:
    cart = make_cart(make_product(1000))
    key = cart.key

    with pytest.raises(CartNotUsable, match="price in that currency"):
        cart.choose_currency("KWD")

    assert (cart.currency, cart.key, quoted(cart).total) == ("USD", key, 1000)
