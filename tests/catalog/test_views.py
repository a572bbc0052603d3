import re
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from catalog.loading import SHELF_LENGTH
from catalog.models import Category, Faq, Product, ProductImage
from catalog.pictures import store_picture
from tests.factories import make_product, make_user, make_variant

pytestmark = pytest.mark.django_db

PREFIXES = ["", "/ar", "/fa"]
PAGES = ["/", "/products/", "/products/?q=book", "/categories/cooking/", "/products/bread/"]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def make_full_product(**fields) -> Product:
    """A product with some of everything that its page shows."""
    fields = {"title_en": "Bread book", "title_ar": "كتاب الخبز", "slug": "bread"} | fields
    product = make_product(files=2, description_en="## Inside\n\nMuch.", author_en="Layla", **fields)
    category, _new = Category.objects.get_or_create(slug="cooking", defaults={"title_en": "Cooking"})
    product.categories.add(category)
    make_variant(product, 4900, title_en="Team")
    product.cover = store_picture(Image.new("RGB", (600, 800), "teal"))
    product.save()
    for number in range(2):
        Faq.objects.create(product=product, question_en=f"Why {number}?", answer_en="So.", position=number)
        ProductImage.objects.create(product=product, picture=product.cover, alt_en=f"Page {number}")
    return product


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


# --- Pages that are the same for every reader ---


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_page_is_the_same_for_every_reader_and_caches_may_keep_it(prefix, page):
    make_full_product()
    first = Client().get(prefix + page)
    second = Client(
        headers={"Accept-Language": "fa", "User-Agent": "Other", "Cookie": "theme=dark"},
        REMOTE_ADDR="10.9.8.7",
    ).get(prefix + page)

    assert first.content == second.content
    assert b"csrfmiddlewaretoken" not in first.content
    assert not first.cookies
    assert "Set-Cookie" not in first.headers
    assert first["Cache-Control"] == "public, max-age=0, s-maxage=60, must-revalidate"
    assert first["Vary"] == "Cookie"
    assert first["Content-Language"] == (prefix.strip("/") or "en")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_page_that_did_not_change_is_not_sent_again(client, prefix):
    product = make_full_product()
    tag = client.get(f"{prefix}/products/bread/")["ETag"]

    same = client.get(f"{prefix}/products/bread/", headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")

    product.tagline_en = "New words"
    product.save()
    assert client.get(f"{prefix}/products/bread/", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_a_page_for_somebody_is_kept_by_nobody(client, page):
    make_full_product()
    client.force_login(make_user())

    response = client.get(page)

    assert "private" in response["Cache-Control"]
    assert "no-store" in response["Cache-Control"]
    assert "s-maxage" not in response["Cache-Control"]


def test_pages_are_only_read(client):
    make_full_product()

    assert [client.post(page).status_code for page in PAGES] == [405] * 5


# --- Queries ---


@pytest.mark.parametrize(
    ("page", "ceiling"),
    [
        ("/products/bread/", 1),
        ("/ar/products/bread/", 1),
        ("/products/", 3),
        ("/products/?sort=price&kind=ebook", 3),
        ("/categories/cooking/", 3),
        ("/products/?q=book", 4),
        ("/products/?q=nothinglikeit", 4),
        ("/", 5),
    ],
)
def test_pages_ask_few_queries_however_many_rows(client, page, ceiling):
    make_full_product()
    few = queries_of(client, page)
    for number in range(30):
        make_full_product(slug=f"bread-{number}")

    assert few <= ceiling
    assert queries_of(client, page) <= ceiling


# --- The product page ---


def test_a_product_page_shows_all_of_it(client):
    make_full_product(tagline_en="Crisp & warm")
    make_full_product(slug="other", title_en="Other book")

    page = client.get("/products/bread/")
    text = page.content.decode()

    assert [variant.price.amount for variant in page.context["variants"]] == [1200, 4900]
    assert [file.filename for file in page.context["files"]] == ["book.pdf", "book.pdf"]
    assert [faq.question for faq in page.context["faqs"]] == ["Why 0?", "Why 1?"]
    assert [image.alt for image in page.context["images"]] == ["Page 0", "Page 1"]
    assert [(other.title, other.lowest_price.amount) for other in page.context["related"]] == [
        ("Other book", 1200)
    ]
    assert page.context["description_html"] == '<h3 dir="auto">Inside</h3>\n<p dir="auto">Much.</p>\n'
    assert "Crisp &amp; warm" in text
    assert 'content="' in text


@pytest.mark.parametrize(
    ("prefix", "title"), [("", "Bread book"), ("/ar", "كتاب الخبز"), ("/fa", "Bread book")]
)
def test_a_product_speaks_the_readers_language_or_english(client, prefix, title):
    make_full_product()

    assert f"<bdi>{title}</bdi>" in client.get(f"{prefix}/products/bread/").content.decode()


def test_a_variant_off_sale_is_not_offered(client):
    product = make_full_product()
    product.variants.filter(title_en="Team").update(is_active=False)

    assert len(client.get("/products/bread/").context["variants"]) == 1


def test_search_engines_read_what_it_costs(client):
    make_full_product(kind="ebook")

    data = client.get("/products/bread/").context["structured_data"]

    assert data["@type"] == ["Product", "Book"]
    assert [(offer["price"], offer["priceCurrency"]) for offer in data["offers"]] == [
        ("12.00", "USD"),
        ("49.00", "USD"),
    ]
    assert data["image"].startswith("http://localhost:8000/media/pictures/")


@pytest.mark.parametrize(
    "title", ["</script><script>alert(1)</script>", "a\u202eb\x00c", "🦆" * 100, "\u2028\u2029"]
)
def test_odd_titles_are_just_text(client, title):
    make_full_product(title_en=title)

    page = client.get("/products/bread/")

    assert page.status_code == 200
    assert b"<script>alert" not in page.content
    assert client.get("/products/").status_code == 200
    assert client.get("/").status_code == 200


# --- What is not on sale ---


def make_hidden(kind: str) -> Product:
    tomorrow = timezone.now() + timedelta(days=1)
    return make_full_product(
        **{"draft": {"status": "draft", "published_at": None}, "scheduled": {"published_at": tomorrow}}[kind]
    )


@pytest.mark.parametrize("kind", ["draft", "scheduled"])
def test_buyers_see_nothing_of_it(client, kind):
    make_hidden(kind)

    assert client.get("/products/bread/").status_code == 404
    assert client.get("/products/bread/?preview").status_code == 404
    assert client.get("/products/bread/sample/").status_code == 404
    for page in ["/", "/products/", "/products/?q=bread", "/sitemap-products.xml"]:
        assert b"Bread book" not in client.get(page).content
    client.force_login(make_user())
    assert client.get("/products/bread/?preview").status_code == 404


@pytest.mark.parametrize("kind", ["draft", "scheduled"])
def test_staff_may_look_at_it_as_a_buyer_would(client, kind):
    make_hidden(kind)
    client.force_login(make_user(is_staff=True, is_superuser=True))

    page = client.get("/products/bread/?preview")

    assert page.status_code == 200
    assert page.context["is_preview"]
    assert "no-store" in page["Cache-Control"]


def test_staff_without_the_right_to_see_products_does_not(client):
    make_hidden("draft")
    client.force_login(make_user(is_staff=True))

    assert client.get("/products/bread/?preview").status_code == 404


def test_a_scheduled_product_appears_when_its_time_comes(client):
    product = make_hidden("scheduled")
    Product.objects.filter(pk=product.pk).update(published_at=timezone.now())

    assert client.get("/products/bread/").status_code == 200


# --- Old addresses ---


def test_an_old_address_leads_to_the_new_one_with_its_question(client):
    product = make_full_product()
    product.slug = "good-bread"
    product.save()

    for prefix in PREFIXES:
        moved = client.get(f"{prefix}/products/bread/?ref=abc")
        assert (moved.status_code, moved["Location"]) == (301, f"{prefix}/products/good-bread/?ref=abc")
    assert client.get("/products/bread/sample/")["Location"] == "/products/good-bread/sample/"


def test_the_old_address_of_a_hidden_product_tells_nothing(client):
    product = make_full_product(status="draft", published_at=None)
    product.slug = "good-bread"
    product.save()

    assert client.get("/products/bread/").status_code == 404


def test_an_arabic_address_works(client):
    make_full_product(slug="كتاب-الخبز")

    assert client.get("/products/كتاب-الخبز/").status_code == 200
    assert (
        client.get("/ar/products/%D9%83%D8%AA%D8%A7%D8%A8-%D8%A7%D9%84%D8%AE%D8%A8%D8%B2/").status_code == 200
    )


# --- The list ---


def titles(page) -> list[str]:
    return [product.title_en for product in page.context["page"]]


def test_the_list_is_sorted_filtered_and_paged(client):
    now = timezone.now()
    for number in range(30):
        make_product(
            100 * (number % 7) if number else None,
            title_en=f"Book {number:02}",
            kind="plugin" if number % 2 else "ebook",
            published_at=now - timedelta(hours=number),
        )

    assert titles(client.get("/products/")) == [f"Book {number:02}" for number in range(24)]
    assert titles(client.get("/products/?page=2")) == [f"Book {number:02}" for number in range(24, 30)]
    assert titles(client.get("/products/?kind=plugin"))[:2] == ["Book 01", "Book 03"]
    cheap = [product.lowest_price.amount for product in client.get("/products/?sort=price").context["page"]]
    dear = [product.lowest_price.amount for product in client.get("/products/?sort=-price").context["page"]]
    assert cheap == sorted(cheap)
    assert dear == sorted(dear, reverse=True)
    assert dear[0] == 600
    assert cheap[0] == 0


def test_a_changed_price_changes_the_order(client):
    cheap, dear = make_product(100), make_product(900)
    price = dear.variants.get().prices.get()
    price.amount = 50
    price.save()

    assert [p.pk for p in client.get("/products/?sort=price").context["page"]] == [dear.pk, cheap.pk]

    variant = dear.variants.get()
    variant.is_active = False
    variant.save()
    assert [p.pk for p in client.get("/products/?sort=price").context["page"]] == [cheap.pk]


@pytest.mark.parametrize(
    "question",
    [
        "page=0", "page=-1", "page=999", "page=x", "page=%00", "page=۲", "page=1e400", "page=" + "9" * 5000,
        "sort=x", "sort=%00", "sort=-published_at;drop", "kind=x", "kind=%00", "q=%00", "q=%FF%FE",
        "q=" + "a+" * 900, "q=" + "%D9%83" * 500, "q=%25", "q[]=x", "q=a&q=b", "q=%F0%9F%A6%86", "sort=best",
        "page=2&q=book",
    ],
)  # fmt: skip
def test_odd_questions_get_a_sensible_page(client, question):
    make_full_product()

    assert client.get(f"/products/?{question}").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/products/?category=none", "/products/?category=%00", "/categories/none/", "/products/none/",
        "/products/a%00b/", "/products/%FF/", "/products/a%2Fb/", "/products/..%2F..%2Fetc/",
        "/products/none/sample/", "/categories/%00/", "/products/" + "a" * 3000 + "/", "/products/🦆/",
    ],
)  # fmt: skip
def test_addresses_of_nothing_are_not_found(client, address):
    make_full_product()

    assert client.get(address).status_code == 404


def test_the_last_page_of_a_long_list_is_counted_in_full(client, monkeypatch):
    monkeypatch.setattr("catalog.listing.MOST_COUNTED", 48)
    for number in range(60):
        make_product(files=0, title_en=f"Book {number}")

    first = client.get("/products/").context["page"]
    assert (first.paginator.count, first.paginator.is_capped) == (48, True)
    assert client.get(f"/products/?page={'9' * 50}").context["page"].number == 3
    last = client.get("/products/?page=3").context["page"]
    assert (last.number, last.paginator.count, last.paginator.is_capped) == (3, 60, False)


def test_an_empty_search_offers_a_near_spelling(client):
    make_full_product()

    assert client.get("/products/?q=braed").context["suggestions"] == ["Bread"]


# --- Home ---


def test_home_has_the_featured_product_and_shelves(client):
    make_product(title_en="Shown large", is_featured=True, published_at=timezone.now() - timedelta(days=9))
    for number in range(SHELF_LENGTH + 2):
        make_full_product(slug=f"bread-{number}", title_en=f"Bread {number}")

    context = client.get("/").context

    assert context["featured"].title == "Shown large"
    assert [shelf["title"] for shelf in context["shelves"]] == ["New on the shelves", "Cooking"]
    assert [len(shelf["products"]) for shelf in context["shelves"]] == [SHELF_LENGTH, SHELF_LENGTH]
    assert context["shelves"][0]["products"][0].title == f"Bread {SHELF_LENGTH + 1}"


def test_home_of_an_empty_shop(client):
    page = client.get("/")

    assert (page.status_code, page.context["featured"], page.context["shelves"]) == (200, None, [])


# --- Samples ---


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
