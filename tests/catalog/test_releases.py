from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from catalog.duplicating import duplicate
from catalog.models import ProductFile, Release
from tests.factories import make_file, make_product

pytestmark = pytest.mark.django_db


def make_release(version: str, **fields: Any) -> Release:
    fields = {"published_at": timezone.now() - timedelta(hours=1)} | fields
    release = Release.objects.create(version=version, **fields)
    file = make_file(release.product, filename=f"{version}.zip")
    ProductFile.objects.filter(pk=file.pk).update(release=release)
    return release


def page_of(product: Any, prefix: str = "") -> str:
    return Client().get(f"{prefix}/products/{product.slug}/").content.decode()


def test_the_products_page_shows_version_and_changelog_of_what_is_published() -> None:
    product = make_product()
    make_release(
        "1.0", product=product, published_at=timezone.now() - timedelta(days=9), changelog_en="First *words*"
    )
    make_release(
        "1.1", product=product, changelog_en="Second words", changelog_ar="كلام ثانٍ", requirements="PHP 8.1"
    )
    make_release("2.0b1", product=product, channel="beta", changelog_en="Beta words")
    make_release("9.0", product=product, published_at=None, changelog_en="Draft words")
    make_release(
        "9.1", product=product, published_at=timezone.now() + timedelta(days=1), changelog_en="Later"
    )

    page = page_of(product)

    assert 'version <bdi dir="ltr">1.1</bdi>' in page
    assert "First <em>words</em>" in page
    assert page.index("Beta words") < page.index("Second words") < page.index("First <em>")
    assert "PHP 8.1" in page
    for hidden in ("Draft words", "Later", "9.0.zip", "9.1.zip", "1.0.zip", "2.0b1.zip"):
        assert hidden not in page
    assert "1.1.zip" in page
    assert "book.pdf" in page
    assert "كلام ثانٍ" in page_of(product, "/ar")


def test_a_release_published_by_its_time_is_on_the_page_at_once() -> None:
    product = make_product()
    release = make_release("1.0", product=product, published_at=timezone.now() + timedelta(days=1))
    assert "1.0" not in page_of(product)

    Release.objects.filter(pk=release.pk).update(published_at=timezone.now())

    assert "1.0.zip" in page_of(product)


def test_one_page_still_asks_one_query_for_all_of_it(django_assert_num_queries: Any) -> None:
    product = make_product()
    for number in range(8):
        make_release(f"1.{number}", product=product)

    with django_assert_num_queries(1):
        page_of(product)


def test_staff_makes_a_release_with_its_files_on_one_page(admin_client: Client) -> None:
    product = make_product(files=0)
    form = {
        "product": product.pk,
        "version": "1.0",
        "channel": "stable",
        "changelog_en": "New",
        "is_announced": "on",
    }
    form |= {"published_at_0": "2026-11-01", "published_at_1": "09:00", "files-0-position": "0"}
    form |= {"files-TOTAL_FORMS": "1", "files-INITIAL_FORMS": "0"}
    upload = SimpleUploadedFile("plugin.zip", b"PK")

    answer = admin_client.post("/admin/catalog/release/add/", form | {"files-0-upload": upload})

    assert answer.status_code == 302, answer.content.decode()
    file = ProductFile.objects.get()
    assert (file.product, file.release, file.filename) == (product, Release.objects.get(), "plugin.zip")
    assert admin_client.get(f"/admin/catalog/release/{file.release_id}/change/").status_code == 200
    assert admin_client.get("/admin/catalog/release/?q=plugin").status_code == 200
    assert admin_client.get(f"/admin/catalog/product/{product.pk}/change/").status_code == 200


@pytest.mark.parametrize("version", ["1 0", "", "-1", "1.0\n", "v" * 41, "<b>"])
def test_a_version_is_a_word_that_programs_understand(admin_client: Client, version: str) -> None:
    form = {"product": make_product().pk, "version": version, "channel": "stable"}
    form |= {"files-TOTAL_FORMS": "0", "files-INITIAL_FORMS": "0"}

    answer = admin_client.post("/admin/catalog/release/add/", form)

    assert (answer.status_code, Release.objects.count()) == ((302, 1) if version == "1.0\n" else (200, 0))


def test_a_copy_has_releases_of_its_own() -> None:
    product = make_product()
    make_release("1.0", product=product)

    copy = duplicate(product)

    release = copy.releases.get()
    assert {file.release for file in copy.files.all()} == {None, release}
    assert release.product == copy
    assert not release.is_announced
