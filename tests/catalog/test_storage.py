import hashlib
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.files.base import ContentFile

from catalog.errors import StorageAway
from catalog.storage import PART, S3Storage
from tests.doubles.s3 import BUCKET, s3_server, storage_at
from tests.processes import free_port


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture
def storage(url: str) -> S3Storage:
    return storage_at(url)


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART + 5])
def test_keeps_and_gives_back_the_same_bytes(storage: S3Storage, size: int) -> None:
    content = hashlib.sha256(str(size).encode()).digest() * (size // 32 + 1)

    name = storage.save(f"products/{size}", ContentFile(content[:size]))

    assert storage.size(name) == size
    assert storage.open(name).read() == content[:size]
    assert b"".join(storage.open(name).chunks()) == content[:size]
    storage.delete(name)
    assert not storage.exists(name)


def test_what_is_not_there_is_a_missing_file(storage: S3Storage) -> None:
    with pytest.raises(FileNotFoundError):
        storage.open("products/none")
    with pytest.raises(FileNotFoundError):
        storage.size("products/none")
    storage.delete("products/none")


def test_an_upload_that_fails_on_its_way_leaves_nothing(storage: S3Storage) -> None:
    class Failing(ContentFile):
        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
            yield bytes(PART + 1)
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk is gone"):
        storage.save("products/half", Failing(b"x"))

    assert not storage.exists("products/half")
    assert storage.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []


def test_a_signed_address_brings_the_buyers_name_for_minutes(storage: S3Storage) -> None:
    storage.save("products/a", ContentFile(b"0123456789"))

    address = storage.signed_url("products/a", filename="كتاب.pdf", content_type="application/pdf")

    assert urlsplit(address).path == f"/{BUCKET}/products/a"
    assert parse_qs(urlsplit(address).query)["X-Amz-Expires"] == ["180"]
    answer = requests.get(address, headers={"Range": "bytes=3-5"}, timeout=10)
    assert (answer.status_code, answer.content) == (206, b"345")
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''%D9%83%D8%AA%D8%A7%D8%A8.pdf"
    )
    assert answer.headers["Content-Type"] == "application/pdf"


def test_a_server_that_is_away_or_refuses_us_is_said_so(storage: S3Storage) -> None:
    away = storage_at(f"http://127.0.0.1:{free_port()}")
    for call in (away.size, away.open, away.exists):
        with pytest.raises(StorageAway):
            call("products/a")
    with pytest.raises(StorageAway):
        away.save("products/a", ContentFile(b"x"))

    storage.bucket = "another"
    with pytest.raises(StorageAway):
        storage.save("products/a", ContentFile(b"x"))
