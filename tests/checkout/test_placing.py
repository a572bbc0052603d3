from collections.abc import Callable

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore

from catalog.models import Price, Product
from checkout.cart import Cart
from checkout.errors import CartNotUsable, PriceChanged, TooManyOrders
from checkout.models import Order, OrderEvent
from checkout.placing import place_order
from tests.factories import make_buyer, make_cart, make_product, make_variant

pytestmark = pytest.mark.django_db


def test_copies_titles_and_prices() -> None:
    product = make_product(1250, title_en="Clean Lines")
    cart = make_cart(product)
    cart.change(product.variants.get().pk, 3)

    order = place_order(cart, make_buyer("Mona@Example.com"))

    line = order.lines.get()
    assert (line.product_title, line.quantity, line.unit_amount, line.amount) == (
        "Clean Lines",
        3,
        1250,
        3750,
    )
    assert (order.total, order.currency, order.status) == (3750, "USD", Order.Status.PENDING)
    assert order.email_folded == "mona@example.com"
    assert [event.name for event in order.events.all()] == ["order.placed"]


def test_the_order_is_frozen_when_the_price_changes() -> None:
    product = make_product(1000)
    order = place_order(make_cart(product), make_buyer())

    Price.objects.update(amount=9900)

    order.refresh_from_db()
    assert (order.total, order.lines.get().amount) == (1000, 1000)


def test_one_cart_makes_one_order() -> None:
    cart = make_cart()

    first, second = place_order(cart, make_buyer()), place_order(cart, make_buyer())

    assert first == second
    assert Order.objects.count() == 1


def test_another_address_makes_another_order() -> None:
    cart = make_cart()

    first, second = (
        place_order(cart, make_buyer("a@example.com")),
        place_order(cart, make_buyer("b@example.com")),
    )

    assert first != second


def test_a_changed_cart_makes_another_order() -> None:
    product = make_product()
    cart = make_cart(product)
    first = place_order(cart, make_buyer())

    cart.change(product.variants.get().pk, 2)

    assert place_order(cart, make_buyer()) != first


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda product: Product.objects.update(status="draft"), id="unpublished"),
        pytest.param(lambda product: product.variants.update(is_active=False), id="variant off"),
        pytest.param(lambda product: Price.objects.all().delete(), id="no price"),
        pytest.param(lambda product: product.variants.all().delete(), id="variant gone"),
    ],
)
def test_what_is_not_sold_any_more_is_refused(spoil: Callable[[Product], object]) -> None:
    product = make_product(files=0)
    key_and_lines = make_cart(product)._session
    spoil(product)

    with pytest.raises(CartNotUsable):
        place_order(Cart(key_and_lines), make_buyer())

    assert not Order.objects.exists()


def test_an_empty_cart_is_refused() -> None:
    with pytest.raises(CartNotUsable, match="empty"):
        place_order(Cart(SessionStore()), make_buyer())


def test_another_sum_than_shown_is_refused() -> None:
    cart = make_cart(make_product(1000))

    with pytest.raises(PriceChanged):
        place_order(cart, make_buyer(), shown_total=900)

    assert not Order.objects.exists()


def test_a_free_order_is_paid_at_once() -> None:
    order = place_order(make_cart(make_product(0)), make_buyer())

    assert order.status == Order.Status.PAID
    assert [event.name for event in order.events.all()] == ["order.placed", "order.paid"]
    assert not order.payments.exists()


def test_free_orders_are_limited_by_address_and_nothing_is_written_beyond() -> None:
    for _each in range(20):
        place_order(make_cart(make_product(0)), make_buyer(client_address="10.0.0.1"))

    with pytest.raises(TooManyOrders):
        place_order(make_cart(make_product(0)), make_buyer(client_address="10.0.0.2"))

    assert Order.objects.count() == 20
    assert OrderEvent.objects.count() == 40


def test_two_variants_of_one_product_are_two_lines() -> None:
    product = make_product(500)
    team = make_variant(product, 1500, title_en="Team")
    cart = make_cart(product)
    cart.add(team, 1)

    order = place_order(cart, make_buyer())

    assert [str(line) for line in order.lines.all()] == [product.title, f"{product.title} · Team"]
    assert order.total == 2000
