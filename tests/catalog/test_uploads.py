"""Big uploads that find no room: the form says so, keeps what was typed, and nothing is left behind."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client

from catalog.models import Product, ProductFile
from tests.factories import make_product

pytestmark = pytest.mark.django_db
BIG = b"%PDF-1.7 " + b"words " * 500_000  # more than is kept in memory


@pytest.fixture
def product() -> Product:
    return make_product(files=0)


def upload(client: Client, product: Product) -> Any:
    parts = ("images", "faqs", "variants", "releases", "files")
    form = {f"{part}-{key}": "0" for part in parts for key in ("TOTAL_FORMS", "INITIAL_FORMS")}
    form |= {"files-TOTAL_FORMS": "1", "files-0-position": "0", "stamping": "off"}
    form |= {"title_en": "A title that stays", "kind": "ebook", "status": "draft", "slug": product.slug}
    file = {"files-0-upload": SimpleUploadedFile("book.pdf", BIG)}
    return client.post(f"/admin/catalog/product/{product.pk}/change/", form | file)


def is_refused(answer: Any) -> bool:
    page = answer.content.decode()
    return answer.status_code == 200 and "no room for this file" in page and "A title that stays" in page


def test_a_big_file_is_taken(admin_client: Client, product: Product) -> None:
    assert upload(admin_client, product).status_code == 302
    assert ProductFile.objects.get().size == len(BIG)


def test_a_disk_that_fills_up_on_the_way(
    admin_client: Client, product: Product, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    take = TemporaryFileUploadHandler.receive_data_chunk

    def take_a_million(self: TemporaryFileUploadHandler, data: bytes, start: int) -> None:
        if start > 1_000_000:
            raise OSError(28, "No space left on device")
        take(self, data, start)

    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", take_a_million)

    assert is_refused(upload(admin_client, product))
    assert not ProductFile.objects.exists()
    assert list(tmp_path.iterdir()) == []


def test_no_place_for_uploads_at_all(
    admin_client: Client, product: Product, settings: Any, tmp_path: Path
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "gone")

    assert is_refused(upload(admin_client, product))
    assert not ProductFile.objects.exists()
