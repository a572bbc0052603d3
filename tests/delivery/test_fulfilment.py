from typing import Any

import pytest

from checkout.models import Order
from delivery.access import update_access
from delivery.fulfilment import grant_downloads
from delivery.models import DownloadGrant
from tests.factories import make_cart, make_file, make_product, make_variant, paid_order

pytestmark = pytest.mark.django_db


def test_each_line_brings_the_files_of_its_variant() -> None:
    product = make_product(files=2)
    extra = make_file(product, filename="team.zip")
    team = make_variant(product, 3000, title_en="Team")
    extra.variants.add(team)
    one, two = paid_order(product), paid_order(make_product(files=3))

    for order in (one, two):
        grant_downloads(order.events.get(name="order.paid"))

    assert DownloadGrant.objects.filter(line__order=one).count() == 2
    assert DownloadGrant.objects.filter(line__order=two).count() == 3
    cart = make_cart(product)
    cart.clear()
    cart.add(team, 1)
    assert {file.filename for file in product.files.all() if file.is_brought_by(team)} == {
        "book.pdf",
        "team.zip",
    }


def test_twice_is_once() -> None:
    event = paid_order(make_product(files=2)).events.get(name="order.paid")

    grant_downloads(event)
    keys = set(DownloadGrant.objects.values_list("key", flat=True))
    grant_downloads(event)

    assert set(DownloadGrant.objects.values_list("key", flat=True)) == keys
    assert len(keys) == 2


def test_asks_no_more_queries_for_more_lines(django_assert_max_num_queries: Any) -> None:
    event = paid_order(*[make_product(files=2) for _each in range(5)]).events.get(name="order.paid")

    with django_assert_max_num_queries(7):
        grant_downloads(event)

    assert DownloadGrant.objects.count() == 10


def test_rights_are_taken_back_by_a_full_refund_only() -> None:
    order = paid_order()
    event = order.events.get(name="order.paid")
    grant_downloads(event)

    Order.objects.update(status=Order.Status.PARTIALLY_REFUNDED)
    order.refresh_from_db()
    update_access(order.events.get(name="order.paid"))
    assert DownloadGrant.objects.usable().count() == 1

    Order.objects.update(status=Order.Status.REFUNDED)
    order.refresh_from_db()
    for _each in range(2):
        update_access(order.events.get(name="order.paid"))
    first = DownloadGrant.objects.get().revoked_at
    update_access(order.events.get(name="order.paid"))

    assert first == DownloadGrant.objects.get().revoked_at is not None
