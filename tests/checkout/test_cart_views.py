import re
from typing import Any

import pytest
from django.test import Client

from catalog.models import Product
from tests.factories import make_product

pytestmark = pytest.mark.django_db
MONA = {"email": "mona@example.com", "country": "EG", "provider": "demo"}


def csrf(client: Client, path: str) -> dict[str, str]:
    """The hidden field of the form on a page, as a browser sends it back."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(path).content.decode())
    assert found, f"no form on {path}"
    return {"csrfmiddlewaretoken": found.group(1)}


def put_in_cart(client: Client, product: Product, quantity: str = "1", **headers: str) -> Any:
    data = {"variant": product.variants.all()[0].pk, "quantity": quantity}
    return client.post("/cart/lines/", data, headers=headers)


def words(response: Any) -> str:
    return response.content.decode()


def test_the_form_of_a_product_page_puts_it_in_the_cart(page_client: Client) -> None:
    product = make_product(1250)

    response = put_in_cart(page_client, product, "2")

    assert (response.status_code, response["Location"]) == (302, "/cart/")
    page = words(page_client.get("/cart/"))
    assert product.title in page
    assert "$25.00" in page


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
)
def test_another_site_can_not_put_anything_in_the_cart(headers: dict[str, str]) -> None:
    client = Client()

    response = put_in_cart(client, make_product(), **headers)

    assert response.status_code == 403
    assert "session" not in client.cookies


@pytest.mark.parametrize(
    "quantity", ["0", "-1", "100", "9" * 40, "9" * 5000, "two", "1.5", "\x00", "🐈", "½"]
)
def test_an_odd_quantity_is_answered_with_words_and_changes_nothing(
    page_client: Client, quantity: str
) -> None:
    product = make_product()
    put_in_cart(page_client, product, "3")

    response = put_in_cart(page_client, product, quantity)

    assert response.status_code == 302
    assert "could not be put in the cart" in words(page_client.get("/cart/"))
    assert page_client.session["cart"] == {str(product.variants.get().pk): 3}


@pytest.mark.parametrize(("typed", "count"), [("٣", 3), ("۱۲", 12), ("", 1)])
def test_quantities_in_arabic_and_persian_digits_are_taken(
    page_client: Client, typed: str, count: int
) -> None:
    product = make_product()

    put_in_cart(page_client, product, typed)

    assert page_client.session["cart"] == {str(product.variants.get().pk): count}


@pytest.mark.parametrize("variant", ["", "0", "-1", "9" * 30, "x", "\x00", "1; DROP TABLE"])
def test_an_odd_variant_is_answered_with_words(page_client: Client, variant: str) -> None:
    response = page_client.post("/cart/lines/", {"variant": variant})

    assert response.status_code == 302
    assert "session" not in page_client.cookies or not page_client.session.get("cart")


def test_a_variant_that_never_was_is_not_found(page_client: Client) -> None:
    assert page_client.post("/cart/lines/", {"variant": "12345"}).status_code == 404


@pytest.mark.parametrize("spoil", [{"status": "draft"}, {"published_at": "2999-01-01T00:00Z"}])
def test_what_is_not_on_sale_can_not_be_put_in(page_client: Client, spoil: dict[str, str]) -> None:
    product = make_product()
    Product.objects.update(**spoil)

    put_in_cart(page_client, product)

    assert "no longer on sale" in words(page_client.get("/cart/"))
    assert not page_client.session.get("cart")


def test_a_line_is_changed_taken_out_and_put_back(page_client: Client) -> None:
    product = make_product()
    pk = product.variants.get().pk
    put_in_cart(page_client, product, "2")

    page_client.post(f"/cart/lines/{pk}/", {"quantity": "5"} | csrf(page_client, "/cart/"))
    assert page_client.session["cart"] == {str(pk): 5}

    removed = page_client.post(f"/cart/lines/{pk}/", {"quantity": "0"} | csrf(page_client, "/cart/"))
    assert page_client.session["cart"] == {}
    page = page_client.get(removed["Location"])
    assert f"{product.title}" in words(page)
    assert 'name="quantity" value="5"' in words(page)

    put_in_cart(page_client, product, "5")
    assert page_client.session["cart"] == {str(pk): 5}


@pytest.mark.parametrize("pk", [12345, 2**63, 10**30])
def test_a_line_that_is_not_there_is_not_made_by_changing_it(page_client: Client, pk: int) -> None:
    put_in_cart(page_client, make_product())
    before = dict(page_client.session["cart"])

    response = page_client.post(f"/cart/lines/{pk}/", {"quantity": "5"} | csrf(page_client, "/cart/"))

    assert response.status_code == 302
    assert page_client.session["cart"] == before
    assert page_client.get("/cart/").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "removed=x&quantity=1",
        "removed=1",
        f"removed={'9' * 40}&quantity=1",
        "removed=%01&quantity=%F0",
        "removed=",
    ],
)
def test_an_odd_offer_to_put_back_is_no_offer(page_client: Client, query: str) -> None:
    assert page_client.get(f"/cart/?{query}").status_code == 200


@pytest.mark.parametrize(("own", "said"), [(None, ["30 days"]), (7, ["7 days"]), (0, [])])
def test_cart_and_checkout_promise_the_shortest_refund_of_what_is_in_it(
    own: int | None, said: list[str]
) -> None:
    client = Client()
    put_in_cart(client, make_product())
    put_in_cart(client, make_product(refund_days=own))

    cart, checkout = words(client.get("/cart/")), words(client.get("/checkout/"))
    assert re.findall(r"Money back within (\w+ days)", cart) == said
    assert re.findall(r"for (\w+ days) you can have your money back", checkout) == said


def test_what_is_free_is_called_so(page_client: Client) -> None:
    put_in_cart(page_client, make_product(0))
    put_in_cart(page_client, make_product(1200))

    for address in ("/cart/", "/checkout/"):
        page = words(page_client.get(address))
        assert "Free" in page
        assert "$0.00" not in page


def test_a_variant_deleted_from_the_shop_is_counted_no_more() -> None:
    client, gone, kept = Client(), make_product(), make_product()
    put_in_cart(client, gone)
    put_in_cart(client, kept, "2")
    gone.variants.get().delete()

    page = words(client.get("/cart/"))

    assert client.session["cart"] == {str(kept.variants.get().pk): 2}
    assert '<span class="sr-only">, </span>2</span>' in page
    key = client.session["cart_key"]
    client.get("/cart/")
    assert client.session["cart_key"] == key
