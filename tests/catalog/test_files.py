import hashlib
import stat
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile, UploadedFile

from catalog.errors import FileRefused
from catalog.files import content_type, file_name, store_file
from catalog.models import ProductFile
from tests.factories import make_product

pytestmark = pytest.mark.django_db


def test_a_file_is_weighed_and_hashed_on_its_way_to_private_storage():
    content = b"%PDF-1.7 " + b"words " * 50_000

    row = store_file(make_product(files=0), SimpleUploadedFile("كتاب الطبخ.pdf", content))

    row.refresh_from_db()
    assert (row.size, row.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (row.filename, row.content_type, row.format) == ("كتاب الطبخ.pdf", "application/pdf", "PDF")
    assert row.file.open("rb").read() == content


def test_the_stored_name_says_nothing_and_only_we_may_read_it(settings):
    row = store_file(make_product(files=0), SimpleUploadedFile("secret plan.pdf", b"x"))
    path = Path(row.file.path)

    assert path.is_relative_to(settings.PRIVATE_ROOT)
    assert len(path.name) == 32
    assert path.suffix == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_an_upload_that_lies_on_disk_is_taken_too():
    upload = TemporaryUploadedFile("a.zip", "application/zip", 5, None)
    upload.write(b"12345")
    upload.seek(0)

    row = store_file(make_product(files=0), upload)

    assert (row.size, row.sha256) == (5, hashlib.sha256(b"12345").hexdigest())


class Endless(UploadedFile):
    """Two gigabytes of zeros, made as they are read."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        chunk = bytes(chunk_size or self.DEFAULT_CHUNK_SIZE)
        for _each in range((self.size or 0) // len(chunk)):
            yield chunk


def test_two_gigabytes_need_no_more_memory_than_a_few_chunks(monkeypatch):
    storage = storages["private"]
    kept = {}

    def weigh_only(name, content, max_length=None):
        kept[name] = sum(len(chunk) for chunk in content.chunks())
        return name

    monkeypatch.setattr(storage, "save", weigh_only)  # the disk is spared, not the way there
    product = make_product(files=0)
    tracemalloc.start()

    row = store_file(product, Endless(None, "course.zip", size=2**31))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert row.size == kept[row.file.name] == 2**31
    assert peak < 5_000_000


def test_an_empty_file_is_refused_and_leaves_nothing():
    product = make_product(files=0)

    with pytest.raises(FileRefused, match="empty"):
        store_file(product, ContentFile(b"", name="book.pdf"))

    assert not ProductFile.objects.exists()


def test_a_full_disk_leaves_no_half_file(settings, monkeypatch):
    product = make_product(files=0)

    class Failing(Endless):
        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
            yield b"half"
            raise OSError(28, "No space left on device")

    before = set(Path(settings.PRIVATE_ROOT).rglob("*"))
    with pytest.raises(FileRefused, match="No space"):
        store_file(product, Failing(None, "course.zip", size=9))

    assert {path for path in Path(settings.PRIVATE_ROOT).rglob("*") if path.is_file()} <= before
    assert not ProductFile.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "uploaded", "name"),
    [
        ("", "book.pdf", "book.pdf"),
        ("دليل المبتدئ.pdf", "x.pdf", "دليل المبتدئ.pdf"),
        ("راهنما‌ی من", "x.PDF", "راهنما‌ی من.PDF"),
        ("", "../../etc/passwd", "passwd"),
        ("", "C:\\temp\\book.epub", "book.epub"),
        ("", "inv\u202efdp.exe", "inv fdp.exe"),
        ("", "a\x00b\r\nSet-Cookie: x.zip", "a b Set-Cookie: x.zip"),
        ("", ".pdf", "pdf"),
        ("", "📚.pdf", "📚.pdf"),
        ("", "a" * 300 + ".pdf", "a" * 196 + ".pdf"),
        ("", "", "file"),
    ],
)
def test_the_buyer_gets_a_safe_name(wanted, uploaded, name):
    assert file_name(wanted, uploaded) == name


@pytest.mark.parametrize(
    ("filename", "kind"),
    [
        ("a.PDF", "application/pdf"),
        ("a.epub", "application/epub+zip"),
        ("a.html", "application/octet-stream"),
        ("a.svg", "application/octet-stream"),
        ("a.php", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_types_come_from_a_short_list(filename, kind):
    assert content_type(filename) == kind
