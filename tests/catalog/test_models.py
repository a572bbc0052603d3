import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import translation

from catalog.models import Category, OldSlug, Price, Product, Variant
from storefront.money import UnknownCurrency
from tests.factories import make_product, make_variant

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Bread & Butter", "bread-butter"),
        ("كِتابُ الطبخ", "كتاب-الطبخ"),
        ("کتاب‌های فارسی", "کتاب-های-فارسی"),
        ("كتـــاب", "كتاب"),
        ("🦆", "ebook"),
        ("../../etc", "etc"),
        ("a" * 300, "a" * 100),
    ],
)
def test_a_slug_is_made_of_the_title(title, slug):
    product = Product.objects.create(title_en=title[:200])

    assert product.slug == slug
    product.full_clean()


def test_a_slug_that_is_taken_gets_a_number():
    slugs = [Product.objects.create(title_en="Bread").slug for _each in range(3)]

    assert slugs == ["bread", "bread-2", "bread-3"]


def test_a_slug_stays_when_the_title_changes():
    product = make_product(slug="bread")
    product.title_en = "Butter"
    product.save()

    assert product.slug == "bread"
    assert not OldSlug.objects.exists()


def rename(product: Product, slug: str) -> None:
    product.slug = slug
    product.save()


def old_slugs() -> dict[str, str]:
    return dict(OldSlug.objects.values_list("slug", "product__slug"))


def test_every_former_address_leads_to_the_present_one():
    product = make_product(slug="a")
    for slug in "bcd":
        rename(product, slug)

    assert old_slugs() == {"a": "d", "b": "d", "c": "d"}


def test_going_back_leaves_no_loop():
    product = make_product(slug="a")
    rename(product, "b")
    rename(product, "a")

    assert old_slugs() == {"b": "a"}


def test_a_new_product_takes_a_former_address_over():
    rename(make_product(slug="a"), "b")
    make_product(slug="a")

    assert old_slugs() == {}


def test_an_address_left_twice_leads_to_whoever_left_it_last():
    rename(make_product(slug="a"), "b")
    rename(make_product(slug="a"), "c")

    assert old_slugs() == {"a": "c"}


def test_a_refused_change_leaves_no_redirect():
    product = make_product(slug="a")
    make_product(slug="b")

    with pytest.raises(IntegrityError), transaction.atomic():
        rename(product, "b")

    assert old_slugs() == {}


def test_saving_some_columns_keeps_what_depends_on_them():
    product = make_product(slug="a", title_en="Bread")
    product.title_en = "Butter"
    product.save(update_fields=["title_en"])

    product.refresh_from_db()
    assert product.search_title == " butter "


def test_texts_lose_controls_and_overrides():
    product = make_product(
        title_en=" a\x00b\u202ec\n", author_ar="\u2067ليلى\u2069", description_en="x\x00\r\ny\x1b[31m"
    )

    product.refresh_from_db()
    assert (product.title_en, product.author_ar, product.description_en) == ("a b c", "ليلى", "x\ny[31m")


def test_a_product_without_english_is_named_in_what_it_has():
    product = make_product(title_en="", title_fa="نان")

    with translation.override("ar"):
        assert str(product) == "نان"


def test_publishing_sets_the_time_once():
    product = make_product(status="draft", published_at=None)
    assert not product.is_on_sale

    product.publish()
    product.refresh_from_db()
    first = product.published_at
    assert product.is_on_sale
    product.unpublish()
    product.publish()

    product.refresh_from_db()
    assert product.published_at == first


@pytest.mark.parametrize("currency", ["XXX", "usd", "", "BTC"])
def test_a_price_in_an_unknown_currency_is_refused(currency):
    variant = make_variant(make_product(), None)

    with pytest.raises(UnknownCurrency):
        Price.objects.create(variant=variant, currency=currency, amount=1)
    with pytest.raises(ValidationError):
        Price(variant=variant, currency=currency, amount=1).full_clean()

    assert not variant.prices.exists()


def test_the_lowest_price_is_that_of_an_active_variant_in_the_shops_currency():
    product = make_product(1200)
    cheaper = make_variant(product, 500)
    Price.objects.create(variant=cheaper, currency="EUR", amount=1)
    make_variant(product, 100, is_active=False)

    lowest = Product.objects.for_shelf().get().lowest_price
    assert (lowest.amount, lowest.currency) == (500, "USD")

    cheaper.delete()
    assert Product.objects.for_shelf().get().lowest_price.amount == 1200
    assert Product.objects.get().sorting_amount == 1200


def test_what_has_no_price_has_none():
    make_product(None)

    assert Product.objects.for_shelf().get().lowest_price is None


def test_a_category_gets_an_address_too():
    categories = [Category.objects.create(title_ar="طبخ") for _each in range(2)]

    assert [category.slug for category in categories] == ["طبخ", "طبخ-2"]
    assert categories[0].get_absolute_url() == "/categories/%D8%B7%D8%A8%D8%AE/"


def test_deleting_a_product_takes_its_parts_along():
    product = make_product()

    product.delete()

    assert not Variant.objects.exists()
    assert not Price.objects.exists()
