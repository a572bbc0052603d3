import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from catalog.search import MOST_HITS, find_products, search_products, suggest
from tests.factories import make_product

pytestmark = pytest.mark.django_db

FOUND = [
    ("كتاب العربية", "کتاب العربیه"),
    ("کتاب‌های فارسی", "كتابهای فارسي".replace("كتابهای", "كتاب هاي")),
    ("مدرسة الحياة", "مدرسه"),
    ("أسرار الآداب", "اسرار اداب"),
    ("إدارة", "ادارة"),
    ("دليل ٢٠٢٧", "2027"),
    ("راهنمای ۱۴۰۳", "1403"),
    ("Guide 1403", "۱۴۰۳"),
    ("كتـــاب", "كتاب"),
    ("كِتَابُ الطَّبخ", "كتاب الطبخ"),
    ("كتاب الطبخ", "الكتاب"),
    ("الكتاب", "كتاب"),
    ("والمكتبات", "مكتبات"),
    ("می‌روم", "مي روم"),
    ("مسؤولية", "مسوولیه"),
    ("Café Crème", "cafe creme"),
    ("Straßenmusik", "STRASSE"),
    ("اردو ہندی", "هندي"),
]


@pytest.mark.parametrize(("title", "query"), FOUND)
def test_either_spelling_finds_either(title, query):
    product = make_product(title_ar=title, title_en="")
    make_product(title_en="Something else", title_ar="شيء آخر")

    assert find_products(Product.objects.all(), query) == [product.pk]


def test_all_words_must_match_in_any_order_and_field():
    both = make_product(title_en="Bread at home", author_en="Layla Haddad", description_en="Sourdough.")
    make_product(title_en="Bread in the city", author_en="Someone")

    assert find_products(Product.objects.all(), "haddad sour bread") == [both.pk]
    assert find_products(Product.objects.all(), "haddad city") == []


def test_hits_in_the_title_come_first():
    title = make_product(title_en="Bread")
    text = make_product(title_en="Home", description_en="All about bread.")

    assert find_products(Product.objects.all(), "bread") == [title.pk, text.pk]
    assert list(search_products(Product.objects.all(), "bread")) == [title, text]


@pytest.mark.parametrize(
    ("query", "found"), [("go", True), ("c", True), ("oo", False), ("o", False), ("ر", True), ("را", True)]
)
def test_short_words_are_sought_where_words_begin_or_alone(query, found):
    make_product(title_en="Good C, in Go", title_fa="را ر")

    assert bool(find_products(Product.objects.all(), query)) == found


SIGNS = (
    *("%", "_", "%%%", "*", "bre*", '"', 'a" OR "b', "NEAR(x y)", "-x", "x:y", "\x00", "'", "\\", "()", "^a"),
    *("{title}: a", "AND OR NOT", "🦆", "' OR 1=1 --", "x" * 5000, "\ud83e"),
)


@pytest.mark.parametrize("query", SIGNS)
def test_signs_mean_nothing(query):
    make_product(title_en="Quiet")

    assert find_products(Product.objects.all(), query) == []
    assert suggest(Product.objects.all(), query) == []


def test_an_underscore_is_no_wildcard():
    make_product(title_en="abcd")

    assert find_products(Product.objects.all(), "ab_d") == []


def test_only_among_the_products_that_are_given():
    draft = make_product(title_en="Bread", status="draft", published_at=None)

    assert find_products(Product.objects.published(), "bread") == []
    assert find_products(Product.objects.all(), "bread") == [draft.pk]


def test_the_index_follows_the_rows():
    product = make_product(title_en="Bread")
    product.title_en = "Butter"
    product.save()

    assert find_products(Product.objects.all(), "bread") == []
    assert find_products(Product.objects.all(), "butter") == [product.pk]

    product.delete()
    assert find_products(Product.objects.all(), "butter") == []


def test_a_word_that_stands_everywhere_brings_a_bounded_number():
    template = Product(title_en="Bread", status="draft")
    Product.objects.bulk_create(
        Product(title_en=f"Bread {n}", slug=f"b{n}", search_title=f" bread {n} ", search_text=f" bread {n} ")
        for n in range(MOST_HITS + 5)
    )

    assert template.pk is None
    assert len(find_products(Product.objects.all(), "bread")) == MOST_HITS


def test_two_queries_however_many_words():
    make_product(title_en="Home", description_en="bread and butter and jam")

    with CaptureQueriesContext(connection) as queries:
        find_products(Product.objects.published(), "bread and butter and jam")

    assert len(queries) == 2


@pytest.mark.parametrize(
    ("query", "near"),
    [
        ("sourdoh", ["Sourdough"]),
        ("sorudough bread", ["Sourdough Bread"]),
        ("خبرز", ["خبز"]),
        ("zzzzzz", []),
        ("ab", []),
    ],
)
def test_near_spellings_are_offered(query, near):
    make_product(title_en="Sourdough Bread")
    make_product(title_en="خبز")

    assert suggest(Product.objects.published(), query) == near
