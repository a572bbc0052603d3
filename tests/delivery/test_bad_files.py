"""Files that are huge, or stand where nobody should have put them."""

import zipfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import ProductFile
from delivery import zipping
from delivery.links import download_url, order_download_url
from delivery.models import Download, DownloadGrant
from delivery.sources import Source
from tests.factories import handle_events_of, paid_order

pytestmark = pytest.mark.django_db
FIVE_GB = 5 * 1024**3


@pytest.fixture
def grant() -> DownloadGrant:
    handle_events_of(paid_order())
    return DownloadGrant.objects.get()


def put(grant: DownloadGrant, name: str) -> Path:
    """Say that the file lies at this name; gives the path there."""
    ProductFile.objects.update(file=name)
    return Path(grant.file.file.storage.location, name)


def answers(grant: DownloadGrant, settings: Any) -> list[int]:
    """From the shop itself, and for nginx, of the file and of the whole order."""
    urls = [download_url(grant), order_download_url(grant.line.order)]
    by_itself = [Client().get(url).status_code for url in urls]
    settings.X_ACCEL_LOCATION = "/private/"
    return [*by_itself, Client().get(urls[0]).status_code]


# --- Huge ---


def test_a_file_of_five_gigabytes_is_sent_from_any_byte(grant: DownloadGrant) -> None:
    path = put(grant, "products/huge")
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as huge:  # a hole, with a mark at its end
        huge.truncate(FIVE_GB - 4)
        huge.seek(FIVE_GB - 4)
        huge.write(b"end.")
    ProductFile.objects.update(size=FIVE_GB)
    url = download_url(grant)

    try:
        assert Client().head(url)["Content-Length"] == str(FIVE_GB)
        ranges = [f"bytes={FIVE_GB - 4}-", "bytes=-4", "bytes=4294967295-4294967297"]
        parts: list[Any] = [Client().get(url, headers={"Range": range_}) for range_ in ranges]
        assert [b"".join(part.streaming_content) for part in parts] == [b"end.", b"end.", b"\0\0\0"]
        assert parts[2]["Content-Range"] == f"bytes 4294967295-4294967297/{FIVE_GB}"
    finally:
        path.unlink()


def test_a_zip_of_more_than_four_gigabytes_can_be_read(grant: DownloadGrant, tmp_path: Path) -> None:
    now = timezone.now()
    big, small = (
        zipping.Entry(name, Source(grant.file, str(grant.file.file.name), size, ""), now)
        for name, size in ((b"big.bin", FIVE_GB), (b"small.pdf", grant.file.size))
    )
    package = zipping.Package([big, small])
    chunks = {FIVE_GB: [], small.source.size: [b"%PDF-1.7 a book"]}
    path = tmp_path / "order.zip"

    with patch.object(zipping, "_chunks", lambda source: iter(chunks[source.size])), path.open("wb") as made:
        header, *rest = package._pieces(is_measured=False)
        made.write(header)
        made.seek(FIVE_GB, 1)  # where its bytes would be
        made.writelines(rest)

    assert path.stat().st_size == package.size
    with zipfile.ZipFile(path) as read:
        assert [info.file_size for info in read.infolist()] == [FIVE_GB, small.source.size]
        assert read.read("small.pdf") == b"%PDF-1.7 a book"


# --- Elsewhere ---


def test_a_link_in_a_files_place_is_not_followed(grant: DownloadGrant, settings: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"not for sale!!!")
    path = put(grant, "products/link")
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(secret)

    try:
        assert answers(grant, settings) == [403] * 3
    finally:
        path.unlink()
    assert not Download.objects.exists()


@pytest.mark.parametrize("name", ["../shop.sqlite3", "products/../../x", "/etc/passwd"])
def test_a_name_that_leads_out_of_the_folder_brings_nothing(
    grant: DownloadGrant, settings: Any, name: str
) -> None:
    put(grant, name)

    assert answers(grant, settings) == [400] * 3
    assert not Download.objects.exists()


@pytest.mark.parametrize(
    ("title", "filename", "path"),
    [
        ("../..", "../../etc/passwd", "etc passwd"),
        ("..", "..", "file"),
        ("C:\\", "\\\\host\\share\\a.pdf", "host share a.pdf"),
        ("A\0B", "a\r\nb.pdf", "a b.pdf"),
        ("", "", "file"),
    ],
)
def test_names_in_a_zip_stay_in_their_folder(
    grant: DownloadGrant, title: str, filename: str, path: str
) -> None:
    grant.file.filename, grant.line.product_title = filename, title
    source = Source(grant.file, str(grant.file.file.name), grant.file.size, "")

    (entry,) = zipping.pack([(grant, source)]).entries

    assert entry.path.decode() == path
