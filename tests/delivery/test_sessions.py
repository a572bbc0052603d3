from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Product
from checkout.models import Dispute
from delivery.links import download_url
from delivery.models import Download, DownloadGrant
from tests.factories import handle_events_of, make_product, paid_order
from tests.processes import in_processes

pytestmark = pytest.mark.django_db
BOOK = b"%PDF-1.7 a book"


@pytest.fixture
def grant() -> DownloadGrant:
    return make_grant()


def make_grant(**product: Any) -> DownloadGrant:
    handle_events_of(paid_order(make_product(**product)))
    return DownloadGrant.objects.latest("pk")


def fetch(url: str, **headers: str) -> Any:
    """The answer, read to its end, as a server and its reader do."""
    response = Client().get(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    if response.streaming:
        vars(response)["body"] = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    return response


def break_off(url: str) -> None:
    """Read one chunk, then go away."""
    response: Any = Client().get(url)
    with patch("delivery.sending.CHUNK", 4):
        assert next(response.streaming_content) == BOOK[:4]
    response._iterator.close()


def used(grant: DownloadGrant) -> int:
    grant.refresh_from_db()
    assert grant.downloads.count() == grant.used_count
    return grant.used_count


def test_a_link_is_one_download_however_often_it_is_asked(grant: DownloadGrant) -> None:
    url = download_url(grant)

    for headers in ({}, {"Range": "bytes=3-"}, {"Range": "bytes=0-2"}, {}):
        assert fetch(url, **headers).status_code in (200, 206)

    assert used(grant) == 1
    assert grant.last_download_at is not None


def test_each_link_is_another_download_up_to_the_limit_and_begun_ones_go_on() -> None:
    grant = make_grant(download_limit=2)
    links = [download_url(grant) for _each in range(3)]

    assert [fetch(url).status_code for url in links] == [200, 200, 403]
    assert "as often as it can be" in fetch(links[2]).content.decode()
    assert fetch(links[0]).status_code == 200
    assert used(grant) == 2


def test_what_brings_no_bytes_counts_nothing(grant: DownloadGrant) -> None:
    url = download_url(grant)

    assert Client().head(url).status_code == 200
    assert fetch(url, Range="bytes=999-").status_code == 416
    assert fetch(url, If_None_Match=f'"{grant.file.sha256}"').status_code == 304
    assert fetch(url, If_Match='"other"').status_code == 412

    assert used(grant) == 0


def test_the_product_says_how_often_and_else_the_shop(settings: Any) -> None:
    settings.DOWNLOAD_LIMIT = 1
    own, shops, free = make_grant(download_limit=2), make_grant(), make_grant(download_limit=0)

    assert (own.limit, shops.limit, free.limit) == (2, 1, 0)
    for grant in (own, shops, free):
        for _each in range(3):
            fetch(download_url(grant))
    assert [used(grant) for grant in (own, shops, free)] == [2, 1, 3]
    for grant in (own, shops, free):
        grant.file.product.refresh_from_db()
    assert (own.remaining, shops.remaining, free.remaining) == (0, 0, None)


def test_a_right_lapses_after_its_days_and_staff_may_reset_it(admin_client: Client) -> None:
    grant = make_grant(download_days=3, download_limit=1)
    fetch(download_url(grant))
    order = grant.line.order
    type(order).objects.update(paid_at=timezone.now() - timedelta(days=3, seconds=1))

    assert "time for downloading this file is over" in fetch(download_url(grant)).content.decode()

    chosen = {"action": "reset", "_selected_action": [grant.pk]}
    page = admin_client.post("/admin/delivery/downloadgrant/", chosen, follow=True)
    assert "1 right begins anew." in page.content.decode()
    assert fetch(download_url(grant)).status_code == 200
    grant.refresh_from_db()
    assert grant.used_count == 1
    assert fetch(download_url(grant)).status_code == 403


def test_a_new_link_takes_a_broken_download_over_for_nothing() -> None:
    grant = make_grant(download_limit=1)
    break_off(download_url(grant))
    assert Download.objects.get().broken_at is not None

    assert fetch(download_url(grant)).status_code == 200
    assert used(grant) == 1
    assert Download.objects.get().broken_at is None
    assert fetch(download_url(grant)).status_code == 403


def test_what_broke_and_was_resumed_by_its_own_link_is_whole_again(grant: DownloadGrant) -> None:
    url = download_url(grant)
    break_off(url)

    assert fetch(url, Range="bytes=4-").body == BOOK[4:]

    assert Download.objects.get().broken_at is None
    assert used(grant) == 1


def test_a_begun_download_outlives_its_link_by_the_hours_of_a_link(settings: Any) -> None:
    grant = make_grant()
    url = download_url(grant)
    fetch(url)
    settings.DOWNLOAD_LINK_HOURS = -1
    Download.objects.update(started_at=timezone.now() + timedelta(hours=2))
    assert fetch(url).status_code == 200

    Download.objects.update(started_at=timezone.now())

    assert fetch(url).status_code == 410


def test_a_disputed_order_says_so(grant: DownloadGrant) -> None:
    payment = grant.line.order.payments.get()
    Dispute.objects.create(payment=payment, reference="d1", amount=1200)
    DownloadGrant.objects.update(revoked_at=timezone.now())

    answer = fetch(download_url(grant))

    assert answer.status_code == 403
    assert "disputed" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_parts_that_begin_at_once_in_many_processes_are_one_download() -> None:
    grant = make_grant(download_limit=1)
    url = download_url(grant)

    answers = in_processes(lambda part: fetch(url, Range=f"bytes={part}-{part}").body, 8)

    assert sorted(answers) == sorted(BOOK[part : part + 1] for part in range(8))
    assert used(grant) == 1


@pytest.mark.django_db(transaction=True)
def test_many_links_at_once_never_pass_the_limit() -> None:
    grant = make_grant(download_limit=3)
    links = [download_url(grant) for _each in range(10)]

    answers = in_processes(lambda number: fetch(links[number]).status_code, 10)

    assert sorted(answers) == [200] * 3 + [403] * 7
    assert used(grant) == 3


@pytest.mark.django_db(transaction=True)
def test_a_broken_download_is_taken_over_once_by_many_links_at_once() -> None:
    grant = make_grant(download_limit=2)
    break_off(download_url(grant))
    links = [download_url(grant) for _each in range(6)]

    answers = in_processes(lambda number: fetch(links[number]).status_code, 6)

    assert sorted(answers) == [200] * 2 + [403] * 4
    assert used(grant) == 2
    assert Product.objects.get().download_limit == 2
