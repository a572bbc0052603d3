import re

import pytest
from django.core.files.base import ContentFile
from PIL import Image

from catalog.pictures import store_picture
from tests.catalog.full import make_full_product

pytestmark = pytest.mark.django_db

PREFIXES = ["", "/ar", "/fa"]
PAGES = ["/", "/products/", "/products/?q=book", "/categories/cooking/", "/products/bread/"]


@pytest.mark.parametrize(
    ("name", "kind", "disposition"),
    [
        ("a.pdf", "application/pdf", "inline"),
        ("a.epub", "application/epub+zip", "attachment"),
        ("a.html", "application/octet-stream", "attachment"),
        ("a.svg", "application/octet-stream", "attachment"),
    ],
)
def test_a_sample_is_harmless(client, name, kind, disposition):
    product = make_full_product()
    product.sample.save(name, ContentFile(b"<script>alert(1)</script>"))

    sample = client.get("/products/bread/sample/")

    assert b"".join(sample.streaming_content) == b"<script>alert(1)</script>"
    assert sample["Content-Type"] == kind
    assert sample["Content-Disposition"] == f'{disposition}; filename="bread-sample.{name[2:]}"'
    assert sample["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in sample["Content-Security-Policy"]
    assert not sample.cookies


def test_an_arabic_sample_keeps_its_name(client):
    product = make_full_product(slug="كتاب")
    product.sample.save("a.pdf", ContentFile(b"%PDF"))

    assert (
        "filename*=utf-8''%D9%83%D8%AA%D8%A7%D8%A8-sample.pdf"
        in client.get("/products/كتاب/sample/")["Content-Disposition"]
    )


def test_a_sample_that_is_not_there_is_not_found(client):
    product = make_full_product()
    assert client.get("/products/bread/sample/").status_code == 404

    product.sample.save("a.pdf", ContentFile(b"%PDF"))
    product.sample.storage.delete(product.sample.name)
    assert client.get("/products/bread/sample/").status_code == 404


# --- Without a language ---


def test_a_picture_is_served_for_ever(client):
    picture = store_picture(Image.new("RGB", (600, 800), "teal"))
    address = picture.url(320, "webp")

    response = client.get(address)

    assert b"".join(response.streaming_content)[8:12] == b"WEBP"
    assert (response["Content-Type"], response["Cache-Control"]) == (
        "image/webp",
        "public, max-age=31536000, immutable",
    )
    assert client.get(address, headers={"If-None-Match": response["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    "path",
    ["pictures/../x", "samples/a.pdf", "pictures/ab/" + "a" * 32 + "-320.webp", "%2e%2e/shop.sqlite3", ""],
)
def test_nothing_else_is_served_from_the_media_folder(client, settings, tmp_path, path):
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "a.pdf").write_text("x")

    assert client.get(f"/media/{path}").status_code == 404


def test_robots_are_kept_from_what_is_private(client):
    lines = client.get("/robots.txt").content.decode().splitlines()

    assert "Disallow: /checkout/" in lines
    assert "Disallow: /fa/library/" in lines
    assert lines[-1] == "Sitemap: http://localhost:8000/sitemap.xml"


def test_the_sitemap_names_each_page_in_each_language(client):
    make_full_product(slug="كتاب")

    index = client.get("/sitemap.xml")
    section = client.get("/sitemap-products.xml").content.decode()

    assert b"/sitemap-products.xml" in index.content
    assert index["Cache-Control"] == "public, max-age=3600"
    address = "products/%D9%83%D8%AA%D8%A7%D8%A8/"
    assert re.findall("<loc>(.*?)</loc>", section) == [
        f"http://localhost:8000/{address}",
        f"http://localhost:8000/ar/{address}",
        f"http://localhost:8000/fa/{address}",
    ]
    assert section.count(f'hreflang="ar" href="http://localhost:8000/ar/{address}"') == 3
    assert section.count('hreflang="x-default"') == 3
    assert client.get("/sitemap-none.xml").status_code == 404
    assert client.get("/sitemap-products.xml?p=x").status_code == 404
