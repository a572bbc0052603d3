"""No door asks more than its number of queries, whatever is in the cart or the library."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from checkout.models import Order, Refund
from checkout.payments import start_payment
from checkout.refund_requests import ask_for_refund
from checkout.refunds import request_refund
from delivery.links import download_url
from delivery.models import DownloadGrant
from tests.doubles.stripe import StripeDouble
from tests.factories import (
    handle_events_of,
    make_coupon,
    make_product,
    make_user,
    paid_order,
    pending_order,
)

pytestmark = pytest.mark.django_db
MONA = {"email": "mona@example.com", "country": "EG", "provider": "demo"}


@contextmanager
def at_most(limit: int) -> Iterator[None]:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        yield
    queries = [
        each["sql"][:150] for each in asked if not each["sql"].startswith(("SAVEPOINT", "RELEASE", "PRAGMA"))
    ]
    assert len(queries) <= limit, "\n".join(queries)


@pytest.fixture(params=[1, 6], ids=["one line", "six lines"])
def shopper(request: Any) -> Client:
    client = Client()
    for _each in range(request.param):
        client.post("/cart/lines/", {"variant": make_product(files=2).variants.get().pk})
    return client


def test_the_cart(shopper: Client) -> None:
    with at_most(6):
        assert shopper.get("/cart/").status_code == 200


def test_the_checkout_page(shopper: Client) -> None:
    with at_most(8):
        assert shopper.get("/checkout/").status_code == 200


def test_placing_an_order(shopper: Client) -> None:
    with at_most(20):
        assert shopper.post("/checkout/", MONA).status_code == 302
    assert Order.objects.count() == 1


@pytest.fixture
def with_coupons(shopper: Client) -> Client:
    """Two that combine, each with limits and lists of its own."""
    for _each in range(2):
        coupon = make_coupon(
            max_uses=9, max_uses_per_buyer=1, is_stackable=True, excluded_products=[make_product()]
        )
        shopper.post("/cart/coupons/", {"coupon": coupon.code})
    return shopper


def test_the_cart_with_coupons(with_coupons: Client) -> None:
    with at_most(6 + 3):
        assert with_coupons.get("/cart/").status_code == 200


def test_the_checkout_page_with_coupons(with_coupons: Client) -> None:
    with at_most(8 + 3):
        assert with_coupons.get("/checkout/").status_code == 200


def test_placing_an_order_with_coupons(with_coupons: Client) -> None:
    with at_most(20 + 7):
        assert with_coupons.post("/checkout/", MONA).status_code == 302
    assert Order.objects.get().redemptions.count() == 2


def test_from_the_webhook_to_the_delivery_mail(stripe: StripeDouble, commits: Any) -> None:
    client = Client()
    payment = start_payment(pending_order(make_product(files=2), make_product(files=2)), "stripe")
    body, headers = stripe.signed(stripe.pay(payment.reference)[-1])

    # One asks whether an affiliate is to be credited; the year's first invoice needs 16.
    with at_most(26 + 16), commits():
        client.post("/webhooks/stripe/", body, content_type="application/json", headers=headers)

    assert Order.objects.get().status == Order.Status.PAID
    assert DownloadGrant.objects.count() == 4


def test_a_download() -> None:
    order = paid_order()
    handle_events_of(order)
    url, client = download_url(DownloadGrant.objects.get()), Client()

    with at_most(3):
        assert client.get(url).status_code == 200


def test_the_library_asks_alike_for_any_number_of_orders() -> None:
    user, client, counts = make_user(), Client(), []
    client.force_login(user)
    for _each in range(2):
        for _order in range(3):
            handle_events_of(paid_order(make_product(files=2), user=user))
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/library/").status_code == 200
        counts.append(len(asked))

    assert counts[0] == counts[1] <= 8


def test_the_order_page_asks_alike_for_any_number_of_lines() -> None:
    client, counts = Client(), []
    for lines in (1, 5):
        order = paid_order(*[make_product(files=2) for _each in range(lines)])
        handle_events_of(order)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/orders/{order.token}/").status_code == 200
        counts.append(len(asked))

    assert counts[0] == counts[1] <= 12


def test_the_order_page_asks_alike_for_any_number_of_refunded_lines(commits: Any) -> None:
    client, counts = Client(), []
    for lines in (2, 6):
        with commits():
            order = paid_order(*[make_product(files=2) for _each in range(lines)])
        with commits():
            for line in list(order.lines.all())[1:]:
                request_refund(
                    order.payments.get(),
                    100,
                    lines={line: 100},
                    reason=Refund.Reason.OTHER,
                    source=Refund.Source.STAFF,
                )
            ask_for_refund(order)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/orders/{order.token}/").status_code == 200
        counts.append(len(asked))

    assert counts[0] == counts[1] <= 12
