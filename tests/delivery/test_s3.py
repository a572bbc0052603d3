"""Downloads where S3 keeps the files: the shop signs and counts, S3 sends."""

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog.files import store_file
from catalog.models import Product, ProductFile
from delivery.links import download_url
from delivery.models import DownloadGrant
from storefront.doctor import storage as doctor
from tests.doubles.s3 import BUCKET, storage_at, use_s3
from tests.factories import handle_events_of, make_product, paid_order
from tests.processes import free_port

pytestmark = pytest.mark.django_db
BOOK = b"%PDF-1.7 " + b"words " * 3_000_000  # three parts


def make_grant(product: Product | None = None) -> DownloadGrant:
    product = product or make_product(files=0)
    store_file(product, SimpleUploadedFile("كتاب.pdf", BOOK))
    handle_events_of(paid_order(product))
    return DownloadGrant.objects.latest("pk")


def test_the_link_leads_to_an_address_of_minutes_and_counts_once(s3: str) -> None:
    grant = make_grant()
    url = download_url(grant)

    answers = [Client().get(url, headers={"Range": "bytes=5-"}) for _each in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert urlsplit(answers[0]["Location"]).path == f"/{BUCKET}/{grant.file.file.name}"
    assert "no-store" in answers[0]["Cache-Control"]
    got = requests.get(answers[0]["Location"], timeout=30)
    assert got.content == BOOK
    assert got.headers["Content-Disposition"].endswith("filename*=utf-8''%D9%83%D8%AA%D8%A7%D8%A8.pdf")
    grant.refresh_from_db()
    assert grant.used_count == 1


def test_head_is_answered_by_the_shop(s3: str) -> None:
    grant = make_grant()

    answer = Client().head(download_url(grant))

    assert (answer.status_code, answer["Content-Length"]) == (200, str(len(BOOK)))
    assert grant.used_count == 0


def test_s3_that_is_away_is_said_and_counts_nothing(s3: str, settings: Any) -> None:
    grant = make_grant()
    url = download_url(grant)
    use_s3(settings, f"http://127.0.0.1:{free_port()}")

    answer = Client().get(url)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Nothing was counted" in answer.content.decode()
    use_s3(settings, s3)
    grant.refresh_from_db()
    assert (grant.used_count, Client().get(url).status_code) == (0, 302)


def test_a_file_that_is_gone_from_s3_is_said_and_counts_nothing(s3: str) -> None:
    grant = make_grant()
    storage_at(s3).delete(grant.file.file.name)

    answer = Client().get(download_url(grant))

    assert (answer.status_code, "missing on our side" in answer.content.decode()) == (403, True)
    assert grant.downloads.count() == 0


def test_an_upload_while_s3_is_away_keeps_the_form(admin_client: Client, settings: Any) -> None:
    use_s3(settings, f"http://127.0.0.1:{free_port()}")
    product = make_product(files=0)
    form = {f"{part}-{key}": "0" for part in ("images", "faqs") for key in ("TOTAL_FORMS", "INITIAL_FORMS")}
    form |= {"variants-TOTAL_FORMS": "0", "variants-INITIAL_FORMS": "0"}
    form |= {"files-TOTAL_FORMS": "1", "files-INITIAL_FORMS": "0", "files-0-position": "0"}
    form |= {"releases-TOTAL_FORMS": "0", "releases-INITIAL_FORMS": "0"}
    form |= {"title_en": "A title that stays", "kind": "ebook", "status": "draft", "slug": product.slug}
    form |= {"stamping": "off"}
    upload = {"files-0-upload": SimpleUploadedFile("book.pdf", b"%PDF-1.7")}

    page = admin_client.post(f"/admin/catalog/product/{product.pk}/change/", form | upload)

    assert page.status_code == 200
    assert "could not be kept" in page.content.decode()
    assert "A title that stays" in page.content.decode()
    assert not ProductFile.objects.exists()


def test_the_doctor_writes_and_asks_like_a_stranger(s3: str, settings: Any) -> None:
    (finding,) = doctor.s3()
    assert finding.level == "ok"

    storage_at(s3).client.put_object(Bucket=BUCKET, Key="open", Body=b"x", ACL="public-read")
    assert doctor._opens_for_strangers(f"{s3}/{BUCKET}/open")

    use_s3(settings, f"http://127.0.0.1:{free_port()}")
    (finding,) = doctor.s3()
    assert finding.level == "problem"
    settings.S3_SECRET_ACCESS_KEY = ""
    (finding,) = doctor.s3()
    assert "by half" in finding.text
