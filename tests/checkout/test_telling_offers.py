import re

import pytest

from checkout.admin.order_page import orders
from checkout.models import Order
from checkout.timeline import timeline
from checkout.upselling import take_upsell
from tests.checkout.test_queries import at_most
from tests.delivery.editions import Shop
from tests.factories import make_offer, make_product, paid_order

pytestmark = pytest.mark.django_db


def story(order: Order) -> list[str]:
    """What the order's page tells of it, without direction marks."""
    told = [re.sub(r"<[^>]+>", "", entry.words) for entry in timeline(orders().get(pk=order.pk))]
    return [words for words in told if "click" in words or "place of" in words or "upgraded" in words]


def test_a_click_is_told_on_both_sides() -> None:
    book = make_product(2400)
    offer = make_offer("upsell", make_product(1900), book, amount=900)
    source = paid_order(book)

    order = take_upsell(source, offer.pk, client_address=None, shown_total=900)

    assert story(source) == [f"One click on its page placed order {order.number}."]
    assert story(order) == [f"It was placed by one click on the page of order {source.number}."]


def test_an_upgrade_is_told_on_both_sides_once_it_counts() -> None:
    shop = Shop()
    line = shop.bought()

    order = shop.ordered(line, shop.five)
    assert story(line.order) == []
    paid = shop.upgraded(line, shop.many)

    assert story(order) == [f"{order.lines.get()} takes the place of {line} in order {line.order.number}."]
    assert story(line.order) == [f"{line} was upgraded by order {paid.number}."]


def test_an_order_without_them_asks_for_none() -> None:
    order = orders().get(pk=paid_order().pk)

    with at_most(11):
        timeline(order)
