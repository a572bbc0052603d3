from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from catalog.models import ProductFile
from checkout.models import Order
from delivery import sending
from delivery.links import download_url
from delivery.models import Download, DownloadGrant
from tests.factories import handle_events_of, paid_order

pytestmark = pytest.mark.django_db
BOOK = b"%PDF-1.7 a book"
TAG = f'"{"0" * 64}"'


@pytest.fixture
def grant() -> DownloadGrant:
    handle_events_of(paid_order())
    return DownloadGrant.objects.get()


def get(grant: DownloadGrant, **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client().get(download_url(grant), headers=sent)


def bytes_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_a_range_is_partial_content(grant: DownloadGrant) -> None:
    response = get(grant, Range="bytes=5-7")

    assert (response.status_code, bytes_of(response)) == (206, BOOK[5:8])
    shown = {name: response[name] for name in ("Content-Range", "Content-Length", "ETag", "Accept-Ranges")}
    assert shown == {
        "Content-Range": f"bytes 5-7/{len(BOOK)}",
        "Content-Length": "3",
        "ETag": TAG,
        "Accept-Ranges": "bytes",
    }


def test_the_tag_of_these_bytes_resumes_and_another_begins_again(grant: DownloadGrant) -> None:
    resumed, begun_again = (
        get(grant, Range="bytes=5-", If_Range=TAG),
        get(grant, Range="bytes=5-", If_Range='"x"'),
    )

    assert (resumed.status_code, bytes_of(resumed)) == (206, BOOK[5:])
    assert (begun_again.status_code, bytes_of(begun_again)) == (200, BOOK)
    assert "Content-Range" not in begun_again


def test_bytes_behind_the_end_are_refused_with_the_size(grant: DownloadGrant) -> None:
    response = get(grant, Range="bytes=15-")

    assert (response.status_code, response.content) == (416, b"")
    assert response["Content-Range"] == "bytes */15"


@pytest.mark.parametrize(
    "change",
    [
        lambda grant: Order.objects.update(status=Order.Status.REFUNDED),
        lambda grant: Order.objects.update(held_at=timezone.now()),
        lambda grant: DownloadGrant.objects.update(revoked_at=timezone.now() - timedelta(seconds=1)),
    ],
)
def test_a_running_transfer_ends_when_the_right_does(grant: DownloadGrant, change: Any) -> None:
    times = iter([0.0, 1.0, 3.5, 4.0, 4.5])
    with patch("delivery.sending.CHUNK", 2), patch("delivery.sending.time.monotonic", lambda: next(times)):
        chunks = get(grant).streaming_content
        assert next(chunks) == BOOK[:2]
        change(grant)

        with pytest.raises(ConnectionAbortedError):
            next(chunks)

    assert Download.objects.get().broken_at is not None
    assert get(grant).status_code == 403


def test_a_running_transfer_looks_again_and_goes_on(grant: DownloadGrant) -> None:
    times = iter(float(3 * number) for number in range(100))
    with patch("delivery.sending.CHUNK", 2), patch("delivery.sending.time.monotonic", lambda: next(times)):
        assert bytes_of(get(grant)) == BOOK


def test_more_transfers_than_there_is_room_for_are_asked_to_come_back(
    grant: DownloadGrant, settings: Any
) -> None:
    settings.DOWNLOADS_AT_ONCE = 1
    running = get(grant)

    refused = get(grant)

    assert (refused.status_code, refused["Retry-After"]) == (503, "10")
    assert "Try again in some seconds" in refused.content.decode()
    assert grant.downloads.count() == 1
    assert bytes_of(running) == BOOK
    assert bytes_of(get(grant)) == BOOK


def test_room_is_given_back_whatever_happens(grant: DownloadGrant, settings: Any) -> None:
    settings.DOWNLOADS_AT_ONCE = 1
    grant.file.product.download_limit = 1
    grant.file.product.save()
    bytes_of(get(grant))

    assert [get(grant).status_code for _each in range(3)] == [403] * 3
    assert sending.slots._taken == 0


def test_a_file_that_shrank_never_passes_for_whole(grant: DownloadGrant) -> None:
    ProductFile.objects.update(size=100)

    with pytest.raises(ConnectionAbortedError):
        bytes_of(get(grant))

    assert Download.objects.get().broken_at is not None


def test_a_missing_file_is_no_download_behind_nginx_either(grant: DownloadGrant, settings: Any) -> None:
    settings.X_ACCEL_LOCATION = "/private/"
    grant.file.file.storage.delete(grant.file.file.name)

    assert get(grant).status_code == 403
    assert not Download.objects.exists()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("page.html", "application/octet-stream"), ("drawing.svg", "application/octet-stream")],
)
def test_what_a_browser_would_run_is_only_saved(grant: DownloadGrant, name: str, kind: str) -> None:
    row = grant.file
    row.file.save("x", ContentFile(b"<script>alert(1)</script>"), save=False)
    row.filename, row.size, row.content_type = name, 25, kind
    row.save()

    response = get(grant)

    bytes_of(response)
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["Content-Type"] == kind
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
