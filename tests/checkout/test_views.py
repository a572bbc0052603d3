import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from catalog.models import Price, Product
from checkout.models import DemoCharge, Order, Payment
from checkout.payments import sync_payment
from storefront.models import LimitCount
from tests.doubles.stripe import Fault, StripeDouble
from tests.factories import make_product, paid_order, pending_order, started_payment

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


def check_out(client: Client, prefix: str = "", **data: str) -> Any:
    path = f"{prefix}/checkout/"
    return client.post(path, MONA | data | csrf(client, path))


def words(response: Any) -> str:
    return response.content.decode()


# --- checkout -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("prefix", "language"), [("", "en"), ("/ar", "ar"), ("/fa", "fa")])
def test_a_guest_pays_and_downloads(
    page_client: Client, commits: Any, lost_webhooks: None, prefix: str, language: str
) -> None:
    product = make_product(1250)
    put_in_cart(page_client, product)

    paid_at = check_out(page_client, prefix)["Location"].removeprefix("http://localhost:8000")
    with commits():
        back = page_client.post(paid_at, {"outcome": "pay"} | csrf(page_client, paid_at))
    order_page = back["Location"].removeprefix("http://localhost:8000")
    with commits():
        page = page_client.get(order_page)

    order = Order.objects.get()
    assert (order.status, order.language, order.country, order.email) == (
        "paid",
        language,
        "EG",
        MONA["email"],
    )
    assert order_page == f"{prefix}/orders/{order.token}/"
    link = re.search(r'href="([^"]*/downloads/[^"]+)"', words(page))
    assert link, "the downloads are there at once"
    file = page_client.get(link.group(1))
    assert b"".join(file.streaming_content) == b"%PDF-1.7 a book"  # type: ignore[attr-defined]
    assert page_client.session["cart"] == {}
    assert [each.to for each in mail.outbox] == [["mona@example.com"]]


def test_a_free_order_needs_no_provider_and_shows_its_files_at_once(
    page_client: Client, commits: Any
) -> None:
    put_in_cart(page_client, make_product(0))

    with commits():
        response = check_out(page_client, provider="")
    order = Order.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/orders/{order.token}/")

    page = page_client.get(response["Location"])
    assert "/downloads/" in words(page)
    assert "mail" not in str(mail.outbox)
    assert not Payment.objects.exists()


def test_an_empty_cart_leads_to_the_cart(page_client: Client) -> None:
    assert page_client.get("/checkout/")["Location"] == "/cart/"
    assert Client().post("/checkout/", MONA)["Location"] == "/cart/"
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"email": ""}, "We need an e-mail address"),
        ({"email": "mona@"}, "is not complete"),
        ({"email": "m\x00@example.com"}, "is not complete"),
        ({"country": "XX"}, "from the list"),
        ({"provider": "paypal"}, "not offered for this order"),
        ({"provider": ""}, "choose how to pay"),
        ({"shown_total": "1"}, "price has changed"),
    ],
)
def test_what_can_not_be_taken_is_said_and_what_was_typed_stays(
    page_client: Client, data: dict[str, str], said: str
) -> None:
    put_in_cart(page_client, make_product())

    response = check_out(page_client, **data)

    assert response.status_code in (200, 422)
    assert said in words(response)
    typed = (MONA | data)["email"]
    assert "\x00" in typed or f'value="{typed}"' in words(response) or not typed
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "text", ["\u202eevil\u202c", "🐈" * 300, "<script>alert(1)</script>", "\x01\x02", "א" * 5000]
)
def test_no_text_in_any_field_breaks_the_page(page_client: Client, text: str) -> None:
    put_in_cart(page_client, make_product())

    response = check_out(page_client, email=text, country=text, provider=text, shown_total=text)

    assert response.status_code in (200, 422)
    assert "<script>alert" not in words(response)
    assert not Order.objects.exists()


def test_without_a_token_nothing_is_ordered(page_client: Client) -> None:
    put_in_cart(page_client, make_product())

    response = page_client.post("/checkout/", MONA)

    assert response.status_code == 403
    assert not Order.objects.exists()


def test_sending_twice_gives_one_order_and_one_page_to_pay_at(page_client: Client) -> None:
    put_in_cart(page_client, make_product())

    first, second = check_out(page_client), check_out(page_client)

    assert first["Location"] == second["Location"]
    assert (Order.objects.count(), DemoCharge.objects.count()) == (1, 1)


def test_going_back_after_paying_leads_to_the_paid_order(page_client: Client, commits: Any) -> None:
    put_in_cart(page_client, make_product())
    token = csrf(page_client, "/checkout/")
    page_client.post("/checkout/", MONA | token)
    charge = DemoCharge.objects.get()
    charge.status = DemoCharge.Status.PAID
    charge.save()
    with commits():
        sync_payment(Payment.objects.get())

    response = page_client.post("/checkout/", MONA | token)

    assert response["Location"] == f"/orders/{Order.objects.get().token}/"
    assert Payment.objects.count() == 1


def test_a_price_that_changed_before_ordering_is_said(page_client: Client) -> None:
    put_in_cart(page_client, make_product(1000))
    Price.objects.update(amount=1100)

    response = check_out(page_client, shown_total="1000")

    assert "price has changed" in words(response)
    assert not Order.objects.exists()


def test_what_was_unpublished_meanwhile_is_said_in_the_cart(page_client: Client) -> None:
    put_in_cart(page_client, make_product())
    token = csrf(page_client, "/checkout/")
    Product.objects.update(status="draft")

    response = page_client.post("/checkout/", MONA | token)

    assert response["Location"] == "/cart/"
    assert "no longer on sale" in words(page_client.get("/cart/"))
    assert not Order.objects.exists()


def test_too_many_free_orders_are_said(page_client: Client) -> None:
    put_in_cart(page_client, make_product(0))
    check_out(page_client, provider="")
    LimitCount.objects.update(count=1000)
    put_in_cart(page_client, make_product(0))

    response = check_out(page_client, provider="")

    assert "Too many free orders" in words(response)
    assert Order.objects.count() == 1


def test_a_provider_that_is_away_is_said_and_the_order_is_not_lost(
    page_client: Client, stripe: StripeDouble
) -> None:
    put_in_cart(page_client, make_product())
    stripe.fail(Fault.HTML, method="POST")

    response = check_out(page_client, provider="stripe")
    assert "does not answer just now" in words(response)
    order = Order.objects.get()
    assert order.is_pending

    response = check_out(page_client, provider="stripe")
    assert response["Location"].startswith(stripe.url)
    assert Order.objects.get() == order


# --- paying an order that is there ----------------------------------------------------------------


def test_a_declined_payment_offers_to_try_again(
    page_client: Client, commits: Any, lost_webhooks: None
) -> None:
    payment = started_payment()
    page = f"/checkout/demo/{payment.reference}/"
    with commits():
        page_client.post(page, {"outcome": "decline"} | csrf(page_client, page))
    order_page = f"/orders/{payment.order.token}/"
    assert "did not go through" in words(page_client.get(order_page))

    response = page_client.post(
        f"{order_page}payments/", {"provider": "demo"} | csrf(page_client, order_page)
    )

    assert "/checkout/demo/" in response["Location"]
    assert Payment.objects.count() == 2


@pytest.mark.parametrize("provider", ["", "paypal", "stripe", "\x00", "🐈"])
def test_an_unknown_way_to_pay_is_said(provider: str) -> None:
    client, order = Client(), pending_order()

    response = client.post(f"/orders/{order.token}/payments/", {"provider": provider})

    assert response["Location"] == f"/orders/{order.token}/"
    assert "not offered" in words(client.get(response["Location"]))
    assert not Payment.objects.exists()


def test_a_paid_order_is_not_paid_again() -> None:
    order = paid_order()

    response = Client().post(f"/orders/{order.token}/payments/", {"provider": "demo"})

    assert response["Location"] == f"/orders/{order.token}/"
    assert Payment.objects.count() == 1


# --- the demo's page ------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["", "steal", "PAY", "\x00", "🐈"])
def test_an_odd_outcome_decides_nothing(outcome: str) -> None:
    payment = started_payment()

    response = Client().post(f"/checkout/demo/{payment.reference}/", {"outcome": outcome})

    assert response.status_code == 200
    assert DemoCharge.objects.get().status == DemoCharge.Status.OPEN


def test_the_demos_page_needs_a_token_too(page_client: Client) -> None:
    payment = started_payment()

    response = page_client.post(f"/checkout/demo/{payment.reference}/", {"outcome": "pay"})

    assert response.status_code == 403
    assert DemoCharge.objects.get().status == DemoCharge.Status.OPEN


def test_a_delayed_payment_is_confirmed_later(page_client: Client, commits: Any, lost_webhooks: None) -> None:
    payment = started_payment()
    page = f"/checkout/demo/{payment.reference}/"
    with commits():
        page_client.post(page, {"outcome": "delay"} | csrf(page_client, page))

    status = page_client.get(f"/orders/{payment.order.token}/status/")

    assert status.json() == {"state": "confirming"}


# --- every door -----------------------------------------------------------------------------------

ODD = [
    "%00",
    "x" * 5000,
    "%F0%9F%90%88",
    "..%2f..%2fetc%2fpasswd",
    "' OR 1=1 --",
    "%E2%80%AE",
    "%ff",
    "%0d%0aX-Y:%20z",
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "path",
    [
        "/orders/{}/",
        "/orders/{}/status/",
        "/orders/{}/payments/",
        "/checkout/demo/{}/",
        "/downloads/{}/",
        "/webhooks/{}/",
        "/cart/lines/{}/",
    ],
)
def test_odd_addresses_are_not_found(path: str, odd: str) -> None:
    client = Client()

    statuses = {client.get(path.format(odd)).status_code, client.post(path.format(odd)).status_code}

    assert statuses <= ({400} if odd == "%00" else {404, 405})


@pytest.mark.parametrize(
    "path", ["/cart/", "/checkout/", "/orders/{token}/", "/orders/{token}/status/", "/library/"]
)
def test_head_answers_as_get_does(path: str) -> None:
    client, path = Client(), path.format(token=pending_order().token)

    head, get = client.head(path), client.get(path)

    assert (head.status_code, head.content) == (get.status_code, b"")


@pytest.mark.parametrize("path", ["/cart/lines/", "/orders/{token}/payments/", "/webhooks/demo/"])
def test_what_changes_something_is_a_post(path: str) -> None:
    path = path.format(token=pending_order().token)

    assert {Client().get(path).status_code, Client().head(path).status_code} == {405}
    assert not Payment.objects.exists()


def test_personal_pages_are_kept_by_nobody() -> None:
    client, order = Client(), paid_order()
    put_in_cart(client, make_product())

    for path in ("/cart/", "/checkout/", f"/orders/{order.token}/", f"/orders/{order.token}/status/"):
        assert {"private", "no-store"} <= set(re.split(r",\s*", client.get(path)["Cache-Control"])), path


@pytest.mark.parametrize(
    "cookie", ["session=" + "x" * 3000, 'session="\\377\\376"', "csrf=\x7f; session=é", "session"]
)
def test_odd_cookies_are_an_empty_cart(cookie: str) -> None:
    assert Client(headers={"Cookie": cookie}).get("/cart/").status_code == 200


@pytest.mark.parametrize(
    ("path", "cookie"),
    [
        ("/cart/", 'session="\\000aaaaaaaaaa"'),
        ("/cart/?removed=%00", ""),
        ("/products/?q=a%00", ""),
        ("/%00", ""),
    ],
)
def test_what_no_database_takes_is_refused_at_the_door(path: str, cookie: str) -> None:
    assert Client(headers={"Cookie": cookie}).get(path).status_code == 400
