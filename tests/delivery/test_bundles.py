from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from catalog.models import BundleItem, Product
from checkout.cart import Cart
from checkout.errors import CartNotUsable
from checkout.models import Order, OrderLine
from checkout.placing import place_order
from delivery.codes import load_codes
from delivery.fulfilment import grant_downloads
from delivery.licensing import issue_licenses
from delivery.models import Code, DownloadGrant, License
from delivery.news import begin_digest, write_digest
from delivery.shelves import Shelf, lay_out
from storefront.models import OutgoingMail
from tests.checkout.test_queries import at_most
from tests.factories import (
    handle_events_of,
    make_bundle,
    make_buyer,
    make_cart,
    make_file,
    make_plan,
    make_product,
    make_release,
    make_user,
    make_variant,
    paid_order,
    pending_order,
)

pytestmark = pytest.mark.django_db


def bought(*products: Product, **buyer: Any) -> Order:
    order = paid_order(*products, **buyer)
    handle_events_of(order)
    return order


def shelf_of(order: Order) -> Shelf:
    (shelf,) = lay_out(OrderLine.objects.filter(order=order))
    return shelf


def names(order: Order) -> list[str]:
    return [offer.file.filename for offer in shelf_of(order).downloads]


def named(title: str, *filenames: str, **fields: Any) -> Product:
    product = make_product(1000, files=0, title_en=title, **fields)
    for filename in filenames:
        make_file(product, filename=filename)
    return product


# --- Files ---------------------------------------------------------------------------------------


def test_a_bundle_brings_its_parts_under_one_title_and_what_comes_to_them_later() -> None:
    one, two = named("One", "one.pdf"), named("Two", "two.pdf", "two.epub")
    bundle = make_bundle(one, two)
    make_file(bundle, filename="extra.zip")
    order = bought(bundle)

    assert names(order) == ["extra.zip", "one.pdf", "two.pdf", "two.epub"]
    assert [offer.is_part for offer in shelf_of(order).downloads] == [False, True, True, True]

    make_file(one, filename="later.pdf")
    make_release(two, "2.0")
    for _each in range(2):
        assert names(order) == ["extra.zip", "one.pdf", "later.pdf", "two.pdf", "two.epub", "plugin-2.0.zip"]
    assert DownloadGrant.objects.count() == 6


def test_buyers_keep_what_was_in_it_on_their_day() -> None:
    one, two, three = named("One", "one.pdf"), named("Two", "two.pdf"), named("Three", "three.pdf")
    bundle = make_bundle(one, two)
    order = bought(bundle)

    BundleItem.objects.filter(member__product=one).delete()
    BundleItem.objects.create(bundle=bundle, member=three.variants.get())
    Product.objects.filter(pk=bundle.pk).update(kind="other")

    assert names(order) == ["one.pdf", "two.pdf"]


def test_a_part_brings_the_files_of_its_edition_and_each_once() -> None:
    book = named("Book", "book.pdf")
    team = make_variant(book, 3000, title_en="Team")
    make_file(book, filename="team.zip").variants.add(team)
    bundle = make_bundle(book)
    assert names(bought(bundle)) == ["book.pdf"]

    BundleItem.objects.create(bundle=bundle, member=team)
    assert names(bought(bundle)) == ["book.pdf", "team.zip"]


def test_a_completed_bundle_brings_the_rest() -> None:
    user = make_user()
    one, two = named("One", "one.pdf"), named("Two", "two.pdf")
    bought(one, user=user)

    order = bought(make_bundle(one, two, amount=1000), user=user)

    assert order.total == 500
    assert names(order) == ["two.pdf"]


def test_a_refund_takes_all_of_it_back() -> None:
    order = bought(make_bundle(named("One", "one.pdf"), named("Two", "two.pdf")))
    license_ = bought(make_bundle(make_plan().product))

    for each in (order, license_):
        each.follow_money(each.total)
        handle_events_of(each)
        for event in each.events.filter(name="order.paid"):
            grant_downloads(event)

    assert names(order) == []
    assert not DownloadGrant.objects.usable().exists()
    assert License.objects.get().standing == "revoked"


def test_grants_ask_no_more_queries_for_more_parts(django_assert_max_num_queries: Any) -> None:
    bundle = make_bundle(*[make_product(files=2) for _each in range(6)])
    event = paid_order(bundle).events.get(name="order.paid")

    with django_assert_max_num_queries(8):
        grant_downloads(event)

    assert DownloadGrant.objects.count() == 12


# --- Licences and codes --------------------------------------------------------------------------


def test_each_part_brings_its_licence_for_each_unit_once() -> None:
    one, two = make_plan(activation_limit=2).product, make_plan(activation_limit=5).product
    cart = make_cart(make_bundle(one, two, make_product()))
    cart.add(Cart(cart._session).lines[0].variant, 1)
    order = place_order(cart, make_buyer())
    order.mark_paid()

    for _each in range(2):
        issue_licenses(order.events.get(name="order.paid"))

    found = License.objects.order_by("pk").values_list("number", "activation_limit", "variant__product")
    assert list(found) == [(1, 2, one.pk), (2, 2, one.pk), (1, 5, two.pk), (2, 5, two.pk)]
    assert License.objects.values("key").distinct().count() == 4


def test_what_one_owned_before_brings_no_second_key() -> None:
    user, plugin, other = make_user(), make_plan().product, make_plan().product
    bought(plugin, user=user)

    bought(make_bundle(plugin, other), user=user)

    products = License.objects.order_by("pk").values_list("variant__product", flat=True)
    assert list(products) == [plugin.pk, other.pk]


def test_pages_and_mail_name_the_part_that_a_key_is_for(commits: Any) -> None:
    plugin = make_plan(product=make_product(title_en="The plugin")).product
    with commits():
        order = bought(make_bundle(plugin, make_product(), title_en="The bundle"))

    page = Client().get(order.get_absolute_url()).content.decode()

    key = License.objects.get().key
    assert "Your key for <bdi>The plugin</bdi>" in page
    assert '<bdi class="file-part">The plugin</bdi>' in page
    assert f"Your key for The plugin: {key}" in mail.outbox[-1].body


def test_codes_of_a_part_are_set_aside_and_too_few_stop_the_bundle() -> None:
    plan = make_plan(source="codes")
    load_codes(plan, b"code\nA1\nA2\nA3")
    bundle = make_bundle(plan.product, make_product())
    first = pending_order(bundle)
    assert Code.objects.free().count() == 2

    cart = make_cart(bundle)
    with pytest.raises(CartNotUsable, match="Only 2 of this are left"):
        cart.add(bundle.variants.get(), 2)
    cart.add(bundle.variants.get(), 1)
    load_codes(plan, b"code\nA4")
    place_order(Cart(cart._session), make_buyer())
    assert Code.objects.free().count() == 1

    first.expire()
    handle_events_of(first)
    assert Code.objects.free().count() == 2
    assert set(bought(bundle).lines.get().licenses.values_list("key", flat=True)) <= {"A1", "A2", "A3", "A4"}


def test_two_editions_out_of_one_stock_need_two_codes() -> None:
    plan = make_plan(source="codes")
    load_codes(plan, b"code\nA1\nA2\nA3")
    bundle = make_bundle(plan.product)
    BundleItem.objects.create(bundle=bundle, member=make_variant(plan.product))

    order = bought(bundle)

    assert order.lines.get().licenses.count() == 2
    assert Code.objects.free().count() == 1
    with pytest.raises(CartNotUsable, match="sold out"):
        make_cart(bundle)


# --- News and the library ------------------------------------------------------------------------


def test_owners_of_a_bundle_are_told_of_new_releases_of_its_parts(monkeypatch: Any) -> None:
    plugin = named("Plugin", "plugin.zip")
    order = bought(make_bundle(plugin, named("Other", "other.pdf")))
    Order.objects.filter(pk=order.pk).update(paid_at=timezone.now() - timedelta(days=1))
    make_release(plugin, "2.0")
    monkeypatch.setattr("delivery.news.FROM_HOUR", 0)

    digest = begin_digest()
    assert digest
    write_digest(digest)

    assert "2.0" in OutgoingMail.objects.get(cause__startswith="updates:").text


def test_the_library_offers_to_complete_a_bundle_until_it_is_whole() -> None:
    user, client = make_user(), Client()
    one, two, three = named("One", "1.pdf"), named("Two", "2.pdf"), named("Three", "3.pdf")
    bundle = make_bundle(one, two, three, amount=2100, title_en="All three")
    make_bundle(three, title_en="Nothing of it owned")
    make_bundle(one, two, status="draft", published_at=None, title_en="Not on sale")
    client.force_login(user)
    assert "Complete it" not in client.get("/library/").content.decode()

    bought(one, user=user)
    page = client.get("/library/").content.decode()
    assert "You own 1 of 3 already" in page
    assert 'Complete it for <bdi class="money" dir="ltr">$14.00</bdi>' in page
    assert page.count("Complete it") == 1

    client.post("/cart/lines/", {"variant": bundle.variants.get().pk, "quantity": "1"})
    assert "$14.00" in client.get("/cart/").content.decode()
    bought(bundle, user=user)

    page = client.get("/library/").content.decode()
    assert "Complete it" not in page
    assert "What you had of this bundle before stands by itself in your library." in page


def test_the_library_asks_alike_for_any_number_of_bundles() -> None:
    user, client = make_user(), Client()
    client.force_login(user)
    for _each in range(2):
        for _order in range(2):
            bought(make_bundle(make_product(files=2), make_product(files=2)), user=user)
        with at_most(10):
            assert client.get("/library/").status_code == 200


def test_a_cart_with_bundles_asks_few_queries_of_whoever_owns_some() -> None:
    user, client = make_user(), Client()
    client.force_login(user)
    for _each in range(3):
        book = make_product(files=1)
        bought(book, user=user)
        bundle = make_bundle(book, make_product(files=1))
        client.post("/cart/lines/", {"variant": bundle.variants.get().pk})

    with at_most(7):  # the session, the reader, what is in bundles and what is owned are four of them
        assert "You own 1 of 2 already" in client.get("/cart/").content.decode()
