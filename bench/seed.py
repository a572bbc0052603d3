"""Fills our shop with many products in seconds: `python -m bench.seed COUNT`, with the shop's own settings.

A database that has as many is left as it is. Nothing here is a real file or picture; pages look the same.
"""

import hashlib
import os
import sys
from datetime import UTC, datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
django.setup()

from django.db import transaction  # noqa: E402

from bench.words import WORDS, paragraphs, sentence, title  # noqa: E402
from catalog.models import (  # noqa: E402
    Category,
    Faq,
    Picture,
    Price,
    Product,
    ProductFile,
    ProductImage,
    Variant,
)
from storefront.text import fold_for_search  # noqa: E402

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
BATCH = 1000
KINDS = ["ebook", "ebook", "ebook", "plugin", "theme", "template"]


def product(number: int, cover: Picture) -> Product:
    texts = {
        f"{name}_{code}": text
        for code in WORDS
        for name, text in {
            "title": title(number, code),
            "tagline": sentence(number, code),
            "author": " ".join(title(number % 97, code).split()[:2]),
            "description": "## A chapter\n\n" + "\n\n".join(paragraphs(number, code)),
            "license_summary": sentence(number % 7, code),
            "requirements": sentence(number % 11, code),
        }.items()
    }
    titles = " ".join(texts[f"title_{code}"] for code in WORDS)
    return Product(
        **texts,
        slug=f"product-{number}",
        kind=KINDS[number % len(KINDS)],
        content_language=list(WORDS)[number % 3],
        cover=cover,
        status=Product.Status.PUBLISHED,
        published_at=EPOCH + timedelta(minutes=number),
        search_title=f" {fold_for_search(titles)} ",
        search_text=f" {fold_for_search(' '.join(texts.values()))} ",
    )


def add(numbers: range, shelves: list[Category]) -> None:
    """Products with a cover, two gallery pictures, one variant, two files and two questions each."""
    covers = Picture.objects.bulk_create(
        Picture(digest=hashlib.sha256(b"%d" % number).hexdigest(), width=960, height=1350)
        for number in numbers
    )
    products = Product.objects.bulk_create(
        product(number, cover) for number, cover in zip(numbers, covers, strict=True)
    )
    Product.categories.through.objects.bulk_create(
        Product.categories.through(product=each, category=shelves[each.pk % len(shelves)])
        for each in products
    )
    variants = Variant.objects.bulk_create(Variant(product=each) for each in products)
    Price.objects.bulk_create(
        Price(variant=variant, currency="USD", amount=900 + variant.pk % 40 * 100) for variant in variants
    )
    twice = [(each, position) for each in products for position in (0, 1)]
    ProductFile.objects.bulk_create(_file(each, position) for each, position in twice)
    Faq.objects.bulk_create(_faq(each, position) for each, position in twice)
    ProductImage.objects.bulk_create(
        ProductImage(product=each, picture=covers[position], alt_en=each.title_en, position=position)
        for each, position in twice
    )


def _file(owner: Product, position: int) -> ProductFile:
    ending = ["pdf", "epub"][position]
    return ProductFile(
        product=owner,
        file=f"products/{owner.slug}.{ending}",
        filename=f"{owner.slug}.{ending}",
        size=2_400_000 + owner.pk,
        sha256=hashlib.sha256(owner.slug.encode()).hexdigest(),
        content_type=["application/pdf", "application/epub+zip"][position],
        position=position,
    )


def _faq(owner: Product, position: int) -> Faq:
    texts = {
        f"{name}_{code}": sentence(owner.pk + shift + position, code)
        for code in WORDS
        for name, shift in (("question", 0), ("answer", 5))
    }
    return Faq(product=owner, position=position, **texts)


@transaction.atomic
def seed(count: int) -> None:
    shelves = [
        Category.objects.create(**{f"title_{code}": title(1000 + number, code) for code in WORDS})
        for number in range(8)
    ]
    for start in range(0, count, BATCH):
        add(range(start, min(start + BATCH, count)), shelves)
    Product.objects.order_by().note_amounts()


if __name__ == "__main__":
    wanted = int(sys.argv[1])
    there = Product.objects.filter(slug__startswith="product-").count()
    if there and there != wanted:
        sys.exit(f"The database has {there} products already. Remove it, or give another folder with --work.")
    if not there:
        seed(wanted)
