import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.loading import SHELF_LENGTH
from catalog.models import Product
from tests.catalog.full import make_full_product
from tests.factories import make_file, make_product, make_user

pytestmark = pytest.mark.django_db

PREFIXES = ["", "/ar", "/fa"]
PAGES = ["/", "/products/", "/products/?q=book", "/categories/cooking/", "/products/bread/"]


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
        ("/", 6),
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

    answer = client.get("/products/bread/")
    page, text = answer.context["page"], answer.content.decode()

    assert [variant.price.amount for variant in page.variants] == [1200, 4900]
    assert [file.filename for file in page.files] == ["book.pdf", "book.pdf"]
    assert [faq.question for faq in page.faqs] == ["Why 0?", "Why 1?"]
    assert [image.alt for image in page.images] == ["Page 0", "Page 1"]
    assert [(other.title, other.lowest_price.amount) for other in page.related] == [("Other book", 1200)]
    assert '<h3 dir="auto">Inside</h3>\n<p dir="auto">Much.</p>\n' in text
    assert "Crisp &amp; warm" in text
    assert 'content="' in text


@pytest.mark.parametrize(
    ("prefix", "title"), [("", "Bread book"), ("/ar", "كتاب الخبز"), ("/fa", "Bread book")]
)
def test_a_product_speaks_the_readers_language_or_english(client, prefix, title):
    make_full_product()

    assert f"<bdi>{title}</bdi>" in client.get(f"{prefix}/products/bread/").content.decode()


def test_a_change_shows_at_once(client):
    product = make_full_product()
    client.get("/products/bread/")
    product.faqs.filter(question_en="Why 0?").update(question_en="Why bread?")

    text = client.get("/products/bread/").content.decode()

    assert "Why bread?" in text
    assert "Why 0?" not in text


def test_the_sample_can_be_opened_from_the_page_and_from_home(client):
    make_full_product(sample="samples/bread.pdf", is_featured=True)

    assert 'href="/products/bread/sample/"' in client.get("/products/bread/").content.decode()
    assert 'href="/products/bread/sample/"' in client.get("/").content.decode()


def test_a_variant_off_sale_is_not_offered(client):
    product = make_full_product()
    product.variants.filter(title_en="Team").update(is_active=False)

    assert len(client.get("/products/bread/").context["page"].variants) == 1


def test_search_engines_read_what_it_costs(client):
    make_full_product(kind="ebook")

    text = client.get("/products/bread/").content.decode()

    data = json.loads(text.split('<script type="application/ld+json">')[1].split("</script>")[0])
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
    if kind == "draft":
        return make_full_product(status="draft", published_at=None)
    return make_full_product(published_at=tomorrow)


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


@pytest.mark.parametrize(
    ("own", "said"), [(None, "Money back within 30 days"), (1, "Money back within 1 day"), (0, None)]
)
def test_the_page_promises_the_refund_of_this_product(client, own, said):
    product = make_product(refund_days=own)

    words = client.get(product.get_absolute_url()).content.decode()

    assert said in words if said else "Money back within" not in words


def test_a_shop_without_refunds_promises_none(client, settings):
    settings.REFUND_WINDOW_DAYS = 0
    product = make_product(title_en="No promise")

    for address in ("/", product.get_absolute_url()):
        words = client.get(address).content.decode()
        assert "Money back" not in words.replace("Money back within 30", "")


def test_each_format_has_one_badge(client):
    product = make_product(files=0)
    for name in ("a.pdf", "b.epub", "c.pdf"):
        make_file(product, filename=name)

    words = client.get(product.get_absolute_url()).content.decode().partition("</header>")[2]

    badges = re.findall(r'badge plain"><bdi dir="ltr">(\w+)<', words)
    assert badges == ["PDF", "EPUB"]
