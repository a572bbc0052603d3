import re
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from catalog.models import ProductFile
from checkout.models import DemoCharge, Order
from checkout.providers import demo
from delivery.links import download_url
from delivery.models import Download, DownloadGrant
from storefront.models import OutgoingMail
from tests.factories import (
    handle_events_of,
    make_file,
    make_product,
    make_user,
    paid_order,
    pending_order,
    started_payment,
)

pytestmark = pytest.mark.django_db
BOOK = b"%PDF-1.7 a book"


@pytest.fixture
def grant() -> DownloadGrant:
    handle_events_of(paid_order())
    return DownloadGrant.objects.get()


def page(order: Order, client: Client | None = None) -> str:
    response = (client or Client()).get(f"/orders/{order.token}/")
    assert response.status_code == 200
    return response.content.decode()


def state(order: Order) -> str:
    return str(Client().get(f"/orders/{order.token}/status/").json()["state"])


# --- download -------------------------------------------------------------------------------------


def test_a_buyer_who_looks_waits_for_no_worker_and_no_mail(client):
    order = paid_order()
    assert order.events.get(name="order.paid").claim()  # by a worker that then hangs

    page = client.get(order.get_absolute_url())

    assert len(page.context["downloads"]) == 1
    assert DownloadGrant.objects.count() == 1
    assert not OutgoingMail.objects.exists()


def test_sends_the_file_with_its_name_type_length_and_tag(grant: DownloadGrant) -> None:
    response = Client(headers={"User-Agent": "curl/8 " + "x" * 400}).get(download_url(grant))

    assert b"".join(response.streaming_content) == BOOK  # type: ignore[attr-defined]
    headers = {
        "Content-Type": "application/pdf",
        "Content-Length": str(len(BOOK)),
        "Content-Disposition": 'attachment; filename="book.pdf"',
        "ETag": f'"{"0" * 64}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    assert {name: response[name] for name in headers} == headers
    assert "sandbox" in response["Content-Security-Policy"]
    fetch = Download.objects.get()
    assert (fetch.grant, fetch.client_address, len(fetch.user_agent)) == (grant, "127.0.0.1", 300)


def test_head_tells_the_same_and_is_no_fetch(grant: DownloadGrant) -> None:
    response = Client().head(download_url(grant))

    assert (response.status_code, response["Content-Length"]) == (200, str(len(BOOK)))
    assert not Download.objects.exists()


@pytest.mark.parametrize(
    ("filename", "header"),
    [
        (
            "كتاب.pdf",
            "attachment; filename*=utf-8''%D9%83%D8%AA%D8%A7%D8%A8.pdf",
        ),
        ('a "quoted" book.pdf', 'attachment; filename="a \\"quoted\\" book.pdf"'),
        ("two\r\nX-Evil: 1.pdf", "attachment; filename*=utf-8''two%0D%0AX-Evil%3A%201.pdf"),
        ("fdp.\u202eexe", "attachment; filename*=utf-8''fdp.%E2%80%AEexe"),
        ("", "attachment"),
    ],
)
def test_any_name_is_a_safe_header(grant: DownloadGrant, filename: str, header: str) -> None:
    ProductFile.objects.update(filename=filename)

    response = Client().get(download_url(grant))

    assert response.status_code == 200
    assert response["Content-Disposition"] == header


def test_an_empty_file_is_a_file(settings: Any) -> None:
    product = make_product(files=0)
    make_file(product, b"", "empty.txt")
    handle_events_of(paid_order(product))

    response = Client().get(download_url(DownloadGrant.objects.get()))

    assert (response["Content-Length"], b"".join(response.streaming_content)) == ("0", b"")  # type: ignore[attr-defined]


def test_the_server_in_front_sends_the_file_where_it_can(grant: DownloadGrant, settings: Any) -> None:
    settings.X_ACCEL_LOCATION = "/private/"
    grant.file.file.storage.save("products/كتاب 1.pdf", ContentFile(BOOK))
    ProductFile.objects.update(file="products/كتاب 1.pdf")

    response = Client().get(download_url(grant))

    grant.file.file.storage.delete("products/كتاب 1.pdf")
    assert response["X-Accel-Redirect"] == "/private/products/%D9%83%D8%AA%D8%A7%D8%A8%201.pdf"
    assert response["Content-Disposition"] == 'attachment; filename="book.pdf"'
    assert Download.objects.count() == 1


def test_a_file_that_is_gone_is_said_and_is_no_fetch(grant: DownloadGrant) -> None:
    grant.file.file.storage.delete(grant.file.file.name)

    response = Client().get(download_url(grant))

    assert response.status_code == 403
    assert "missing on our side" in response.content.decode()
    assert not Download.objects.exists()


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        (lambda url: url[:-2] + "x/", 404),
        (lambda url: url[:40] + "/", 404),
        (lambda url: "/downloads/x/", 404),
        (lambda url: url.replace(":", ".", 1), 404),
    ],
)
@pytest.mark.parametrize("prefix", ["", "/ar", "/fa"])
def test_a_spoiled_link_is_said_in_the_readers_language(
    grant: DownloadGrant, spoil: Any, status: int, prefix: str
) -> None:
    response = Client().get(prefix + spoil(download_url(grant)))

    assert response.status_code == status
    assert f'lang="{prefix[1:] or "en"}"' in response.content.decode()
    assert not Download.objects.exists()


def test_an_expired_link_says_where_a_fresh_one_is(grant: DownloadGrant, settings: Any) -> None:
    url = download_url(grant)
    settings.DOWNLOAD_LINK_HOURS = -1

    response = Client().get(url)

    assert response.status_code == 410
    assert "fresh" in response.content.decode()


def test_a_refunded_order_serves_nothing(grant: DownloadGrant) -> None:
    url = download_url(grant)
    Order.objects.update(status=Order.Status.REFUNDED)

    response = Client().get(url)

    assert response.status_code == 403
    assert not Download.objects.exists()


def test_private_files_have_no_address_of_their_own(grant: DownloadGrant) -> None:
    name = grant.file.file.name

    for path in (f"/media/{name}", f"/private/{name}", f"/static/{name}", f"/media/../private/{name}"):
        assert Client().get(path).status_code in (400, 404), path
    assert not str(django_settings.PRIVATE_ROOT).startswith(str(django_settings.MEDIA_ROOT))


# --- order page -----------------------------------------------------------------------------------


def test_confirms_until_the_provider_does_and_then_shows_the_files() -> None:
    payment = started_payment()
    assert "We are confirming" in page(payment.order)
    assert state(payment.order) == "confirming"

    demo.decide(DemoCharge.objects.get(), "pay")
    payment.order.payments.update(checked_at=None)

    assert "/downloads/" in page(payment.order)
    assert state(payment.order) == "paid"
    assert mail.outbox == []  # no mail was waited for


def test_the_return_address_proves_nothing() -> None:
    order = started_payment().order

    for query in ("?paid=1", "?returned=1&status=succeeded", "?outcome=pay"):
        Client().get(f"/orders/{order.token}/{query}")

    order.refresh_from_db()
    assert order.is_pending


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "failed"),
        ({"status": "expired"}, "expired"),
        ({"status": "refunded", "paid_at": timezone.now()}, "refunded"),
        ({"status": "partially_refunded", "paid_at": timezone.now()}, "paid"),
        ({"held_at": timezone.now()}, "held"),
        ({"status": "paid", "paid_at": timezone.now(), "held_at": timezone.now()}, "held"),
    ],
)
def test_says_how_the_order_stands(change: dict[str, Any], expected: str) -> None:
    order = pending_order()
    Order.objects.update(**change)

    assert state(order) == expected
    assert ("/downloads/" in page(order)) == (expected == "paid" and order.lines.get().grants.exists())


def test_a_page_of_a_held_order_gives_nothing() -> None:
    order = paid_order()
    handle_events_of(order)
    Order.objects.update(held_at=timezone.now())

    assert "/downloads/" not in page(order)


def test_what_was_bought_leaves_the_cart_and_what_came_since_stays() -> None:
    client, product = Client(), make_product()
    client.post("/cart/lines/", {"variant": product.variants.get().pk})
    order = paid_order(product)
    Order.objects.update(cart_key=client.session["cart_key"])

    other = make_product()
    client.post("/cart/lines/", {"variant": other.variants.get().pk})
    page(order, client)
    assert len(client.session["cart"]) == 2

    Order.objects.update(cart_key=client.session["cart_key"])
    page(order, client)
    assert client.session["cart"] == {}


def test_tells_search_engines_and_other_sites_nothing() -> None:
    response = Client().get(f"/orders/{pending_order().token}/")

    assert response["X-Robots-Tag"] == "noindex"
    assert response["Referrer-Policy"] == "same-origin"


# --- library --------------------------------------------------------------------------------------


def test_the_library_is_the_readers_own(client: Client) -> None:
    user = make_user()
    mine, others, guests = paid_order(user=user), paid_order(user=make_user()), paid_order()
    for order in (mine, others, guests):
        handle_events_of(order)
    client.force_login(user)

    shown = client.get("/library/").content.decode()

    assert mine.lines.get().product_title in shown
    assert others.lines.get().product_title not in shown
    assert guests.lines.get().product_title not in shown
    links = re.findall(r'href="([^"]*/downloads/[^"]+)"', shown)
    assert len(links) == 1
    assert client.get(links[0]).status_code == 200


@pytest.mark.parametrize(
    "change", [{"status": "refunded"}, {"status": "pending"}, {"held_at": timezone.now()}]
)
def test_the_library_offers_only_what_may_be_fetched(client: Client, change: dict[str, Any]) -> None:
    user = make_user()
    handle_events_of(paid_order(user=user))
    Order.objects.update(**change)
    client.force_login(user)

    assert "/downloads/" not in client.get("/library/").content.decode()


def test_the_library_asks_strangers_to_sign_in() -> None:
    response = Client().get("/library/")

    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/code/?next=/library/"
