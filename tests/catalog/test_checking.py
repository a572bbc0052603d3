from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from catalog.checking import check_bytes, check_sizes
from catalog.files import store_file
from catalog.models import ProductFile
from storefront.models import OutgoingMail
from tests.factories import make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(settings: Any) -> list[ProductFile]:
    settings.ADMINS = [("Staff", "staff@example.com")]
    product = make_product(files=0, title_en="Cat care")
    return [
        store_file(product, SimpleUploadedFile(f"{name}.pdf", b"%PDF " + name.encode()))
        for name in ("whole", "changed", "shorter", "gone")
    ]


def spoil(files: list[ProductFile]) -> None:
    Path(files[1].file.path).write_bytes(b"%PDF CHANGED")
    Path(files[2].file.path).write_bytes(b"%PDF")
    Path(files[3].file.path).unlink()


def test_all_is_well_as_long_as_the_bytes_are_those_of_the_upload(files: list[ProductFile]) -> None:
    said = StringIO()

    call_command("check_files", stdout=said)

    assert said.getvalue() == "4 files are as they were uploaded.\n"
    assert check_sizes() == check_bytes() == []
    assert not OutgoingMail.objects.exists()


def test_missing_and_changed_files_are_named_and_staff_is_told_once(files: list[ProductFile]) -> None:
    spoil(files)
    said = StringIO()

    for _each in range(2):
        with pytest.raises(CommandError, match=r"Files in trouble: 3\."):
            call_command("check_files", stderr=said)

    assert said.getvalue().splitlines()[:3] == [
        "changed.pdf of Cat care is not what was uploaded",
        "shorter.pdf of Cat care is not what was uploaded",
        "gone.pdf of Cat care is missing",
    ]
    note = OutgoingMail.objects.get()
    assert note.to == "staff@example.com"
    assert "gone.pdf of Cat care is missing" in note.text


def test_a_quick_look_sees_sizes(files: list[ProductFile]) -> None:
    spoil(files)

    assert [(trouble.file, trouble.is_missing) for trouble in check_sizes()] == [
        (files[2], False),
        (files[3], True),
    ]


def test_files_in_s3_are_looked_at_alike(s3: str) -> None:
    row = store_file(make_product(files=0), SimpleUploadedFile("book.pdf", b"%PDF"))

    assert check_bytes() == []
    ProductFile.objects.filter(pk=row.pk).update(sha256="0" * 64)
    assert [trouble.file for trouble in check_bytes()] == [row]
