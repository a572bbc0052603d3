"""What a shelf and a product's page say of a price: the same for every reader, and true at any second."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Price, PriceChange, PriceTier, Product
from catalog.new_price import NewPrice
from tests.factories import (
    make_bundle,
    make_open_price,
    make_product,
    make_sale,
    make_shop,
    make_variant,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def on_offer(ends_in: timedelta | None = DAY, **fields: Any) -> Product:
    """Asked 19.00 for forty days, and now 12.00."""
    product = make_product(1900, published_at=timezone.now() - 40 * DAY, slug="bread", **fields)
    variant, asked_from = product.variants.get(), timezone.now() - 40 * DAY
    PriceChange.objects.create(variant=variant, currency="USD", amount=1900, asked_from=asked_from)
    make_sale(product, 1200, sale_ends_at=None if ends_in is None else timezone.now() + ends_in)
    return product


def words(client: Client, address: str = "/products/bread/") -> str:
    """What a reader sees of a page, without its markup."""
    page = client.get(address).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition("</main>")[0]).split())


def prices(client: Client) -> list[int]:
    return [variant.tag.amount for variant in client.get("/products/bread/").context["page"].variants]


def shift(**times: timedelta | None) -> None:
    changes = {name: None if time is None else timezone.now() + time for name, time in times.items()}
    Price.objects.exclude(sale_amount=None).update(**changes)


# --- A sale --------------------------------------------------------------------------------------


def test_a_sale_says_what_it_was_until_when_and_the_lowest_price_before(client: Client) -> None:
    on_offer()

    page = words(client)

    assert "instead of $19.00 $12.00" in page
    assert "Lowest price of the 30 days before: $19.00" in page
    assert re.search(r"Offer until \d+ \w+ \d{4}, \d\d:\d\d", page)
    assert "Regular price" not in page


def test_a_sale_is_shown_in_the_currency_that_the_shop_chose_later(client: Client) -> None:
    variant = on_offer().variants.get()
    variant.set_prices({"USD": NewPrice(1900), "EUR": NewPrice(1700, sale_amount=1100)})
    assert "$19.00" in words(client)

    make_shop(currency="EUR")

    assert "€11.00" in words(client)
    assert "€11.00" in words(client, "/products/")
    assert "$" not in words(client)


def test_a_sale_without_an_end_counts_nothing_down(client: Client) -> None:
    on_offer(ends_in=None)

    page = client.get("/products/bread/").content.decode()

    assert "Lowest price of the 30 days before" in page
    assert "data-until" not in page
    assert "data-sale" not in page


def test_an_introductory_price_strikes_nothing_out(client: Client) -> None:
    product = make_product(1900, slug="bread")
    Price.objects.update(sale_amount=1200, sale_starts_at=timezone.now() - DAY)

    page = client.get("/products/bread/").content.decode()

    assert product.slug
    assert "Introductory price" in page
    assert "Regular price: " in page
    assert "<s>" not in page


def test_at_that_very_second_the_price_is_the_list_price(client: Client) -> None:
    on_offer()
    assert prices(client) == [1200]
    assert "On offer now" in words(client, "/")

    shift(sale_ends_at=timedelta(0))

    assert prices(client) == [1900]
    for address in ("/", "/products/", "/products/bread/"):
        assert "Offer" not in words(client, address)
        assert "$19.00" in words(client, address)


@pytest.mark.parametrize("address", ["/", "/products/", "/products/bread/", "/products/other/"])
@pytest.mark.parametrize(
    ("starts", "ends", "most"),
    [
        (-DAY, timedelta(seconds=20.5), 20),
        (timedelta(seconds=9.5), DAY, 9),
        (-DAY, timedelta(seconds=0.9), 0),
        (-DAY, DAY, 60),
        (-2 * DAY, -DAY, 60),
    ],
)
def test_caches_keep_no_page_past_the_moment_when_a_price_changes(
    client: Client, address: str, starts: timedelta, ends: timedelta, most: int
) -> None:
    on_offer()
    make_product(slug="other")
    shift(sale_starts_at=starts, sale_ends_at=ends)

    found = re.search(r"s-maxage=(\d+), must-revalidate", client.get(address)["Cache-Control"])

    assert found
    assert most - 2 <= int(found[1]) <= most


def test_a_page_that_a_reader_kept_is_asked_for_again_when_the_sale_is_over(client: Client) -> None:
    on_offer()
    tag = client.get("/products/bread/")["ETag"]
    assert client.get("/products/bread/", headers={"If-None-Match": tag}).status_code == 304

    shift(sale_ends_at=timedelta(0))

    assert client.get("/products/bread/", headers={"If-None-Match": tag}).status_code == 200


def test_search_engines_are_told_the_price_of_now_and_how_long(client: Client) -> None:
    product = on_offer()
    text = client.get("/products/bread/").content.decode()

    data = json.loads(text.split('<script type="application/ld+json">')[1].split("</script>")[0])
    (offer,) = data["offers"]
    assert (offer["price"], offer["priceSpecification"]["price"]) == ("12.00", "19.00")
    ends_at = Price.objects.get(variant__product=product).sale_ends_at
    assert datetime.fromisoformat(offer["priceValidUntil"]) == ends_at


def test_home_shows_the_offers_that_end_soonest_first_and_only_what_its_card_asks(client: Client) -> None:
    for days in (3, 1, None, 2):
        product = make_product(1000, title_en=f"Ends {days}")
        make_sale(product, 500, sale_ends_at=timezone.now() + days * DAY if days else None)
    dearer = make_product(1000, title_en="Team only")
    team = make_variant(dearer, 5000)
    Price.objects.filter(variant=team).update(sale_amount=4000, sale_starts_at=timezone.now() - DAY)
    make_sale(make_product(1000, title_en="Hidden", status="draft", published_at=None), 500)

    shelf = client.get("/").context["shelves"][0]

    assert shelf["title"] == "On offer now"
    assert [product.title for product in shelf["products"]] == ["Ends 1", "Ends 2", "Ends 3", "Ends None"]


# --- A price that buyers name, and quantities ----------------------------------------------------


@pytest.mark.parametrize(
    ("least", "suggested", "value", "said"),
    [
        (500, 900, "9.00", ["At least $5.00", "we suggest $9.00"]),
        (0, None, "0.00", ["With 0 you get it for your e-mail address."]),
    ],
)
def test_a_price_that_buyers_name_is_a_field(
    client: Client, least: int, suggested: int | None, value: str, said: list[str]
) -> None:
    make_open_price(least, suggested, slug="bread")

    page = client.get("/products/bread/").content.decode()

    assert re.search(rf'name="amount"[^>]*dir="ltr"[^>]*value="{value}"', page)
    assert all(each in words(client) for each in said)
    assert ("from $5.00" if least else "Pay what you want") in words(client, "/products/")


def test_a_fixed_price_has_no_such_field(client: Client) -> None:
    make_product(slug="bread")

    assert 'name="amount"' not in client.get("/products/bread/").content.decode()


def test_quantity_prices_stand_beside_a_field_for_the_number(client: Client) -> None:
    price = Price.objects.get(variant__product=make_product(1000, slug="bread"))
    for quantity, amount in ((10, 700), (5, 800)):
        PriceTier.objects.create(price=price, from_quantity=quantity, amount=amount)

    assert "From 5 on: $8.00 each From 10 on: $7.00 each Quantity" in words(client)
    assert 'type="number"' in client.get("/products/bread/").content.decode()


# --- Bundles -------------------------------------------------------------------------------------


def test_a_bundle_says_what_is_in_it_and_what_one_saves(client: Client) -> None:
    book, theme = make_product(1900, title_en="A book"), make_product(2400, title_en="A theme")
    bundle = make_bundle(book, theme, amount=3000, slug="bread", title_en="Both")

    page = words(client)

    assert "A book $19.00" in page
    assert "A theme $24.00 One by one $43.00 Together $30.00 You save $13.00" in page
    assert "Sign in, and you pay for the rest only" in page
    assert f"Also in the bundle {bundle.title} : $30.00" in words(client, book.get_absolute_url())


def test_what_is_not_sold_alone_has_no_price_and_no_page(client: Client) -> None:
    extra = make_product(500, title_en="An extra", status="draft", published_at=None)
    make_bundle(make_product(1900), extra, amount=2000, slug="bread")

    page = client.get("/products/bread/").content.decode()

    assert "Only in this bundle" in page
    assert extra.get_absolute_url() not in page
    assert "One by one" not in page


def test_a_bundle_that_saves_nothing_does_not_say_so(client: Client) -> None:
    make_bundle(make_product(500), make_product(500), amount=1000, slug="bread")

    assert "You save" not in client.get("/products/bread/").content.decode()


def test_nobody_is_sent_to_a_bundle_that_is_not_on_sale(client: Client) -> None:
    book = make_product(1900)
    make_bundle(book, status="draft", published_at=None)

    assert "Also in the bundle" not in words(client, book.get_absolute_url())


def test_whatever_is_on_it_a_product_page_is_one_query(
    client: Client, django_assert_num_queries: Any
) -> None:
    books = [make_product(1000 + number) for number in range(5)]
    bundle = make_bundle(*books, slug="bread")
    make_sale(bundle, 100)
    PriceTier.objects.create(price=Price.objects.get(variant__product=bundle), from_quantity=2, amount=90)

    for product in (bundle, books[0]):
        with django_assert_num_queries(1):
            assert client.get(product.get_absolute_url()).status_code == 200
