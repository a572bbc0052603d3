import re
from itertools import chain

import pytest

from demo.shop import BUILT, ShopProduct, Words, shop_categories, shop_products

PRODUCTS = {product.name: product for product in shop_products()}
LANGUAGES = ("en", "ar", "fa")
each_product = pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)


def texts_of(product: ShopProduct) -> list[Words]:
    faqs = chain.from_iterable((faq.question, faq.answer) for faq in product.faqs)
    return [
        product.title,
        product.author,
        product.tagline,
        product.description,
        product.license_summary,
        product.requirements,
        *faqs,
        *(variant.title for variant in product.variants if variant.title),
        *(file.title for file in product.files),
        *(picture.alt for picture in product.pictures),
    ]


def test_enough_of_everything() -> None:
    on_sale = [product for product in PRODUCTS.values() if product.days_on_sale is not None]

    assert len(on_sale) == 13
    assert {product.kind for product in on_sale} == {
        "ebook",
        "plugin",
        "theme",
        "template",
        "codes",
        "bundle",
        "other",
    }
    assert [product.name for product in PRODUCTS.values() if product.days_on_sale is None] == [
        "quiet-plugins"
    ]
    assert [product.name for product in on_sale if product.is_featured] == ["letters-that-flow"]
    assert [product.name for product in on_sale if product.variants[0].prices["USD"] == 0] == [
        "launch-checklist"
    ]


def test_slugs_are_unique_and_some_are_not_latin() -> None:
    slugs = [product.slug for product in PRODUCTS.values()]

    assert len(set(slugs)) == len(slugs)
    assert "دليل-النشر-الرقمي" in slugs
    assert all(re.fullmatch(r"[-\w]+", slug) for slug in slugs)


@each_product
def test_every_text_stands_in_three_languages(product: ShopProduct) -> None:
    for words in texts_of(product):
        assert set(words) == set(LANGUAGES)
        assert all(words.values())
        assert len({words["en"], words["ar"], words["fa"]}) == 3, words["en"]
        assert re.search("[\u0621-\u064a]", words["ar"])
        assert not re.search("[\u067e\u0686\u0698\u06a9\u06af\u06cc]", without_names(words["ar"])), words[
            "ar"
        ]
        assert not re.search("[\u0643\u064a\u0649]", without_names(words["fa"])), words["fa"]


def without_names(text: str) -> str:
    """Titles quoted in their own language and dishes written the Persian way are no misspellings."""
    return re.sub(r"\*\*[^*]+\*\*|«[^»]+»|الچلو|وگ", "", text)


@each_product
def test_descriptions_are_of_a_real_length(product: ShopProduct) -> None:
    assert all(len(text.split()) >= 45 for text in product.description.values())
    assert 2 <= len(product.faqs) <= 4
    assert len(product.pictures) >= 2


@each_product
def test_what_is_named_is_built(product: ShopProduct) -> None:
    named = [f"files/{file.path}" for file in product.files]
    named += [f"pictures/{picture.path}" for picture in product.pictures] + [f"pictures/{product.cover_path}"]
    named += [f"files/{product.sample}"] if product.sample else []

    assert [name for name in named if not (BUILT / name).is_file()] == []


@each_product
def test_prices_are_whole_minor_units_in_three_currencies(product: ShopProduct) -> None:
    for variant in product.variants:
        assert set(variant.prices) == {"USD", "EUR", "SAR"}
        assert all(isinstance(amount, int) and 0 <= amount <= 30000 for amount in variant.prices.values())


@each_product
def test_names_for_the_buyer_keep_their_ending(product: ShopProduct) -> None:
    assert all(file.filename.rpartition(".")[2] == file.path.rpartition(".")[2] for file in product.files)


def test_categories_are_used_and_known() -> None:
    known = {category.slug for category in shop_categories()}

    assert known == set(chain.from_iterable(product.categories for product in PRODUCTS.values()))


def test_built_files_are_small_enough_to_keep() -> None:
    assert sum(path.stat().st_size for path in BUILT.rglob("*") if path.is_file()) < 4_000_000
