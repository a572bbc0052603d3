from datetime import timedelta

import pytest
from django.utils import timezone

from tests.catalog.full import make_full_product
from tests.factories import make_product

pytestmark = pytest.mark.django_db

PREFIXES = ["", "/ar", "/fa"]
PAGES = ["/", "/products/", "/products/?q=book", "/categories/cooking/", "/products/bread/"]


def titles(page) -> list[str]:
    return [product.title_en for product in page.context["page"]]


def test_the_list_is_sorted_filtered_and_paged(client):
    now = timezone.now()
    for number in range(30):
        make_product(
            100 * (number % 7) if number else None,
            title_en=f"Book {number:02}",
            kind="plugin" if number % 2 else "ebook",
            published_at=now - timedelta(hours=number),
        )

    assert titles(client.get("/products/")) == [f"Book {number:02}" for number in range(24)]
    assert titles(client.get("/products/?page=2")) == [f"Book {number:02}" for number in range(24, 30)]
    assert titles(client.get("/products/?kind=plugin"))[:2] == ["Book 01", "Book 03"]
    cheap = [product.lowest_price.amount for product in client.get("/products/?sort=price").context["page"]]
    dear = [product.lowest_price.amount for product in client.get("/products/?sort=-price").context["page"]]
    assert cheap == sorted(cheap)
    assert dear == sorted(dear, reverse=True)
    assert dear[0] == 600
    assert cheap[0] == 0


def test_a_changed_price_changes_the_order(client):
    cheap, dear = make_product(100), make_product(900)
    price = dear.variants.get().prices.get()
    price.amount = 50
    price.save()

    assert [p.pk for p in client.get("/products/?sort=price").context["page"]] == [dear.pk, cheap.pk]

    variant = dear.variants.get()
    variant.is_active = False
    variant.save()
    assert [p.pk for p in client.get("/products/?sort=price").context["page"]] == [cheap.pk]


@pytest.mark.parametrize(
    "question",
    [
        "page=0", "page=-1", "page=999", "page=x", "page=۲", "page=1e400", "page=" + "9" * 5000,
        "sort=x", "sort=-published_at;drop", "kind=x", "q=%FF%FE",
        "q=" + "a+" * 900, "q=" + "%D9%83" * 500, "q=%25", "q[]=x", "q=a&q=b", "q=%F0%9F%A6%86", "sort=best",
        "page=2&q=book",
    ],
)  # fmt: skip
def test_odd_questions_get_a_sensible_page(client, question):
    make_full_product()

    assert client.get(f"/products/?{question}").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/products/?category=none", "/categories/none/", "/products/none/",
        "/products/%FF/", "/products/a%2Fb/", "/products/..%2F..%2Fetc/",
        "/products/none/sample/", "/products/" + "a" * 3000 + "/", "/products/🦆/",
    ],
)  # fmt: skip
def test_addresses_of_nothing_are_not_found(client, address):
    make_full_product()

    assert client.get(address).status_code == 404


def test_the_last_page_of_a_long_list_is_counted_in_full(client, monkeypatch):
    monkeypatch.setattr("catalog.listing.MOST_COUNTED", 48)
    for number in range(60):
        make_product(files=0, title_en=f"Book {number}")

    first = client.get("/products/").context["page"]
    assert (first.paginator.count, first.paginator.is_capped) == (48, True)
    assert client.get(f"/products/?page={'9' * 50}").context["page"].number == 3
    last = client.get("/products/?page=3").context["page"]
    assert (last.number, last.paginator.count, last.paginator.is_capped) == (3, 60, False)


def test_an_empty_search_offers_a_near_spelling(client):
    make_full_product()

    assert client.get("/products/?q=braed").context["suggestions"] == ["Bread"]
