from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from catalog.models import Product
from checkout.models import Order
from delivery import news
from delivery.models import Digest, DownloadGrant, MailOptOut
from delivery.tasks import announce_releases
from storefront.models import OutgoingMail
from tests.delivery.test_shelves import make_release
from tests.factories import handle_events_of, make_product, make_variant, paid_order, pending_order
from tests.processes import in_processes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with at_hour(10):
        yield


def at_hour(hour: int, day: int = 0) -> Any:
    local = timezone.now().replace(hour=hour, tzinfo=UTC) + timedelta(days=day)
    return patch("delivery.news.timezone.localtime", return_value=local)


def bought(product: Product, email: str, **buyer: Any) -> Order:
    order = paid_order(product, email=email, **buyer)
    handle_events_of(order)
    Order.objects.filter(pk=order.pk).update(paid_at=timezone.now() - timedelta(days=9))
    return order


def written() -> list[str]:
    return sorted(OutgoingMail.objects.filter(cause__startswith="updates:").values_list("to", flat=True))


def test_owners_are_told_once_in_their_language_with_a_way_out(commits: Any) -> None:
    product = make_product(title_en="Cat care")
    order = bought(product, "mona@example.com", language="ar")
    bought(product, "mona@example.com", language="ar")
    bought(make_product(), "other@example.com")
    make_release(product, "2.0", age=1, changelog_en="Better *cats*")

    for _each in range(3):
        with commits():
            announce_releases()

    assert written() == ["mona@example.com"]
    row = OutgoingMail.objects.get(cause__startswith="updates:")
    assert row.language == "ar"
    assert "Cat care" in row.subject
    assert "Better <em>cats</em>" in row.html
    assert "/ar/orders/" in row.text
    assert row.text.count("/ar/orders/") == 1
    assert "/ar/updates/" in row.text
    assert Digest.objects.get().finished_at is not None
    assert mail.outbox[-1].to == [order.email]


def test_many_releases_are_one_mail_a_day_and_later_ones_wait() -> None:
    one, two = make_product(), make_product()
    bought(one, "mona@example.com")
    bought(two, "mona@example.com")
    make_release(one, "1.1", age=2)
    make_release(two, "5.0", age=1)
    announce_releases()
    make_release(one, "1.2", age=0.01)
    announce_releases()

    assert written() == ["mona@example.com"]
    text = OutgoingMail.objects.get(cause__startswith="updates:").text
    assert "1.1" in text
    assert "5.0" in text
    with at_hour(10, day=1):
        announce_releases()
    assert len(written()) == 2
    assert "1.2" in OutgoingMail.objects.filter(cause__startswith="updates:").latest("pk").text


@pytest.mark.parametrize(
    "change", ["hour", "bought after", "quiet", "draft", "optout", "refunded", "revoked", "held"]
)
def test_nobody_is_told_who_should_not_be(change: str) -> None:
    product = make_product()
    order = bought(product, "mona@example.com")
    release = make_release(product, "2.0", age=1)
    if change == "bought after":
        Order.objects.update(paid_at=timezone.now())
    if change == "quiet":
        product.releases.update(is_announced=False)
    if change == "draft":
        product.releases.update(published_at=None)
    if change == "optout":
        news.stop_mails("mona@example.com")
    if change == "refunded":
        Order.objects.update(status=Order.Status.REFUNDED)
    if change == "revoked":
        DownloadGrant.objects.update(revoked_at=timezone.now())
    if change == "held":
        Order.objects.update(held_at=timezone.now())

    with at_hour(8 if change == "hour" else 10):
        announce_releases()

    assert written() == []
    assert (order.email, release.version) == ("mona@example.com", "2.0")


def test_a_free_order_writes_to_nobody_who_did_not_prove_the_address() -> None:
    product = make_product(0)
    order = paid_order_for_nothing(product)
    make_release(product, "2.0", age=1)

    announce_releases()

    assert order.is_paid
    assert written() == []


def paid_order_for_nothing(product: Product) -> Order:
    order = pending_order(product)
    handle_events_of(order)
    Order.objects.filter(pk=order.pk).update(paid_at=timezone.now() - timedelta(days=9))
    order.refresh_from_db()
    return order


def test_an_edition_that_the_release_brings_nothing_is_not_told() -> None:
    product = make_product()
    team = make_variant(product, 5000)
    bought(product, "solo@example.com")
    release = make_release(product, "2.0", age=1)
    release.files.get().variants.add(team)

    announce_releases()

    assert written() == []


def test_many_owners_are_written_to_in_batches_and_a_death_between_doubles_nothing() -> None:
    product = make_product()
    emails = [f"owner{number}@example.com" for number in range(5)]
    for email in emails:
        bought(product, email)
    make_release(product, "2.0", age=1)

    with patch("delivery.news.BATCH", 2):
        announce_releases()
        assert written() == emails[:2]
        Digest.objects.update(last_email="")  # a worker that died before it noted how far it came
        for _each in range(4):
            announce_releases()

    assert written() == emails
    assert Digest.objects.get().finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_write_one_mail_an_owner() -> None:
    product = make_product()
    emails = [f"owner{number}@example.com" for number in range(4)]
    for email in emails:
        bought(product, email)
    make_release(product, "2.0", age=1)

    in_processes(lambda _number: announce_releases(), 5)
    announce_releases()

    assert written() == emails
    assert Digest.objects.count() == 1


@pytest.mark.parametrize("prefix", ["", "/ar", "/fa"])
def test_the_way_out_needs_no_sign_in_and_can_be_taken_back(page_client: Client, prefix: str) -> None:
    path = prefix + news.stop_path("Mona@Example.com")
    page = page_client.get(path)
    assert (page.status_code, MailOptOut.objects.exists()) == (200, False)
    token = {"csrfmiddlewaretoken": page.context["csrf_token"]}

    page_client.post(path, {"stop": "1"} | token)
    page_client.post(path, {"stop": "1"} | token)
    assert MailOptOut.objects.get().email_folded == "mona@example.com"
    assert page_client.get(path).context["is_stopped"]

    page_client.post(path, {"start": "1"} | token)
    assert not MailOptOut.objects.exists()


@pytest.mark.parametrize("token", ["x", "x:y", "IkB4Ig:zzz"])
def test_a_made_up_way_out_stops_nobody(client: Client, token: str) -> None:
    assert client.post(f"/updates/{token}/", {"stop": "1"}).status_code == 404
    assert not MailOptOut.objects.exists()
