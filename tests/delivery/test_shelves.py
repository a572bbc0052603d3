from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Product, Release
from checkout.models import Order, OrderLine
from delivery.links import download_url
from delivery.models import DownloadGrant
from delivery.shelves import Shelf, lay_out
from tests.factories import handle_events_of, make_file, make_product, make_user, paid_order

pytestmark = pytest.mark.django_db


def make_release(product: Product, version: str, age: float = 0, **fields: Any) -> Release:
    """A release published so many hours ago, with one file named for it."""
    published_at = timezone.now() - timedelta(hours=age)
    release = Release.objects.create(
        product=product, version=version, **{"published_at": published_at} | fields
    )
    file = make_file(product, filename=f"{version}.zip")
    type(file).objects.filter(pk=file.pk).update(release=release, changed_at=published_at)
    return release


def bought(product: Product, days_ago: float = 0, **buyer: Any) -> Order:
    order = paid_order(product, **buyer)
    handle_events_of(order)
    Order.objects.filter(pk=order.pk).update(paid_at=timezone.now() - timedelta(days=days_ago))
    return order


def shelf_of(order: Order) -> Shelf:
    (shelf,) = lay_out(OrderLine.objects.filter(order=order))
    return shelf


def names(shelf: Shelf) -> list[str]:
    return [offer.file.filename for offer in shelf.downloads]


def fetch(shelf: Shelf) -> None:
    for offer in shelf.downloads:
        answer: Any = Client().get(download_url(offer.grant))
        assert b"".join(answer.streaming_content)


def test_a_file_that_is_added_later_reaches_earlier_buyers_once() -> None:
    product = make_product()
    order = bought(product)
    make_file(product, filename="extra.pdf")

    for _each in range(2):
        assert names(shelf_of(order)) == ["book.pdf", "extra.pdf"]

    assert DownloadGrant.objects.filter(line__order=order).count() == 2
    assert all(offer.url for offer in shelf_of(order).downloads)


def test_a_release_takes_the_place_of_the_one_before() -> None:
    product = make_product()
    make_release(product, "1.0", age=48)
    order = bought(product)
    assert names(shelf_of(order)) == ["book.pdf", "1.0.zip"]

    make_release(product, "1.1", age=1)
    assert names(shelf_of(order)) == ["book.pdf", "1.1.zip"]

    Product.objects.update(keeps_old_releases=True)
    shelf = shelf_of(order)
    assert names(shelf) == ["book.pdf", "1.1.zip"]
    assert [offer.file.filename for offer in shelf.older] == ["1.0.zip"]
    assert shelf.older[0].url
    assert "1 older version" in Client().get(f"/orders/{order.token}/").content.decode()


def test_drafts_and_scheduled_releases_reach_nobody() -> None:
    product = make_product()
    make_release(product, "2.0", age=-1)
    make_release(product, "3.0", published_at=None)

    order = bought(product)

    assert names(shelf_of(order)) == ["book.pdf"]
    assert DownloadGrant.objects.count() == 1


@pytest.mark.parametrize(
    ("stable_age", "beta_age", "shown"),
    [(2, 1, ["1.0.zip", "2.0b1.zip"]), (1, 2, ["1.0.zip"])],
)
def test_a_beta_stands_beside_the_stable_one_until_that_is_newer(
    stable_age: int, beta_age: int, shown: list[str]
) -> None:
    product = make_product(files=0)
    make_release(product, "1.0", age=stable_age)
    make_release(product, "2.0b1", age=beta_age, channel="beta")

    assert names(shelf_of(bought(product))) == shown


def test_new_is_what_came_since_the_last_download() -> None:
    product = make_product(files=0)
    make_release(product, "1.0", age=48)
    order = bought(product, days_ago=1)
    make_release(product, "1.1", age=1)
    assert not shelf_of(order).has_news  # nothing was fetched yet

    fetch(shelf_of(order))
    assert not shelf_of(order).has_news

    make_release(product, "1.2", age=-0.0001)
    Release.objects.filter(version="1.2").update(published_at=timezone.now())
    product.files.filter(filename="1.2.zip").update(changed_at=timezone.now())
    shelf = shelf_of(order)
    assert [(offer.file.filename, offer.is_new) for offer in shelf.downloads] == [("1.2.zip", True)]

    fetch(shelf)
    assert not shelf_of(order).has_news


def test_the_library_begins_with_news(client: Client) -> None:
    user = make_user()
    updated, later = make_product(title_en="Updated"), make_product(title_en="Later")
    first = bought(updated, days_ago=2, user=user)
    fetch(shelf_of(first))
    bought(later, user=user)
    make_file(updated, filename="second.pdf")
    client.force_login(user)

    page = client.get("/library/").content.decode()

    assert page.index("Updated") < page.index("Later")
    assert page.count("New since your last download") == 1


def test_what_was_taken_back_stays_so_when_files_are_added() -> None:
    product = make_product()
    order = bought(product)
    Order.objects.filter(pk=order.pk).update(status=Order.Status.REFUNDED)
    DownloadGrant.objects.update(revoked_at=timezone.now())
    make_file(product, filename="extra.pdf")

    assert names(shelf_of(order)) == []
    assert DownloadGrant.objects.count() == 1


def test_a_file_at_its_limit_is_shown_without_a_link() -> None:
    order = bought(make_product(download_limit=2))
    fetch(shelf_of(order))
    assert "1 download left" in Client().get(f"/orders/{order.token}/").content.decode()
    fetch(shelf_of(order))

    page = Client().get(f"/orders/{order.token}/").content.decode()

    assert "/downloads/" not in page
    assert "No downloads left" in page


def test_files_stand_under_the_product_that_brought_them() -> None:
    order = paid_order(make_product(title_en="First"), make_product(title_en="Second"))
    handle_events_of(order)
    line = order.lines.get(product_title="First")
    DownloadGrant.objects.filter(line=line).update(revoked_at=timezone.now())

    page = Client().get(f"/orders/{order.token}/").content.decode()

    assert page.index("<bdi>First</bdi></h2>") < page.index("the money for them went back to you")
    assert page.index("<bdi>Second</bdi></h2>") < page.index("/downloads/")
    assert page.count('class="download"') == 1
