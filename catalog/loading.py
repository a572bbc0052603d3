"""Loads what a page shows in as few queries as can be."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection
from django.db.models import F, Model, OuterRef, QuerySet, Subquery
from django.db.models.base import ModelState
from django.utils import timezone

from catalog.models import Category, Faq, Picture, Price, Product, ProductFile, ProductImage, Variant
from catalog.models.product import LANGUAGES
from catalog.rows import JSONRows

Row = TypeVar("Row", bound=Model)
SHELF_LENGTH = 6
NEWEST = 200
# modeltranslation keeps a copy of the default language in the untranslated column, which nobody reads.
_UNREAD = {"search_title", "search_text", "title", "tagline", "description", "author", "license_summary"}
_COLUMNS = [field.name for field in Product._meta.concrete_fields if field.name not in _UNREAD]
_PARTS = ("variants_", "files_", "faqs_", "images_", "categories_", "cover_", "related_")
# What stands in the ready query for the slug and the time of each request.
_SLUG = "the slug"
_NOW = datetime(1, 1, 1, tzinfo=UTC)


@dataclass
class Home:
    featured: Product | None
    newest: list[Product]
    by_category: list[tuple[Category, list[Product]]]


def load_home() -> Home:
    """The featured product, else the newest; and what is new, in all and by category. Five queries."""
    published = Product.objects.published()
    featured = published.filter(is_featured=True).values_list("pk", flat=True).first()
    newest = list(published.values_list("pk", flat=True)[:NEWEST])
    shelves = _by_category(newest)
    wanted = {featured, *newest[: SHELF_LENGTH + 1], *(pk for pks in shelves.values() for pk in pks)}
    products = {product.pk: product for product in published.for_shelf().filter(pk__in=wanted)}
    first = products.get(featured) or next(iter(products.values()), None)
    return Home(
        featured=first,
        newest=[product for pk in newest if (product := products.get(pk)) and product != first][
            :SHELF_LENGTH
        ],
        by_category=[
            (category, [products[pk] for pk in shelves[category.pk] if pk in products])
            for category in Category.objects.filter(pk__in=shelves)
        ],
    )


def _by_category(newest: list[int]) -> dict[int, list[int]]:
    """The newest few of each category that has any among these products."""
    shelves: dict[int, list[int]] = {}
    place = {pk: number for number, pk in enumerate(newest)}
    pairs = Product.categories.through.objects.filter(product__in=newest)
    for category, product in sorted(
        pairs.values_list("category", "product"), key=lambda pair: place[pair[1]]
    ):
        shelves.setdefault(category, []).append(product)
    return {category: products[:SHELF_LENGTH] for category, products in shelves.items()}


def load_product(slug: str) -> tuple[Product, list[Product]] | None:
    """A product, published or not, with all that its page shows, and products that go with it: one query."""
    sql, params = _statement(settings.CURRENCY)
    adapt = connection.ops.adapt_datetimefield_value
    given = {_SLUG: slug, adapt(_NOW): adapt(timezone.now())}
    for product in Product.objects.raw(sql, [given.get(param, param) for param in params]):
        return product, _unpack(product)
    return None


@cache
def _statement(currency: str) -> tuple[str, tuple[Any, ...]]:
    """Kept ready: for Django, wording this query is ten times the work of running it."""
    products = Product.objects.only(*_COLUMNS).annotate(**_parts(currency)).filter(slug=_SLUG).order_by()
    return products.query.sql_with_params()


def _parts(currency: str) -> dict[str, JSONRows]:
    here = {"product": OuterRef("pk")}
    amounts = Price.objects.filter(variant=OuterRef("pk"), currency=currency).values("amount")
    variants = Variant.objects.active().filter(**here).annotate(shop_amount=Subquery(amounts))
    return {
        "variants_": JSONRows(variants, **_columns("title"), amount=F("shop_amount")),
        "files_": JSONRows(
            ProductFile.objects.filter(**here),
            **_columns("title"),
            **{name: F(name) for name in ("filename", "size", "created_at")},
        ),
        "faqs_": JSONRows(Faq.objects.filter(**here), **_columns("question", "answer")),
        "images_": JSONRows(ProductImage.objects.filter(**here), **_columns("alt"), **_picture("picture")),
        "categories_": JSONRows(
            Category.objects.filter(products=OuterRef("pk")), **_columns("title"), slug=F("slug")
        ),
        "cover_": JSONRows(Picture.objects.filter(pk=OuterRef("cover")), **_picture()),
        "related_": JSONRows(
            _related(currency),
            **_columns("title", "author"),
            **_picture("cover"),
            **{
                name: F(name)
                for name in ("slug", "kind", "content_language", "cover_id", "is_cover_drawn", "lowest")
            },
        ),
    }


def _related(currency: str) -> QuerySet[Product]:
    """The newest of the same category."""
    lowest = Price.objects.filter(variant__product=OuterRef("pk"), variant__is_active=True, currency=currency)
    category = Product.categories.through.objects.filter(product=OuterRef(OuterRef("pk"))).order_by("pk")
    others = Product.objects.filter(status=Product.Status.PUBLISHED, published_at__lte=_NOW)
    return (
        others.filter(categories=Subquery(category.values("category")[:1]))
        .exclude(pk=OuterRef("pk"))
        .annotate(lowest=Subquery(lowest.order_by("amount").values("amount")[:1]))[:4]
    )


def _columns(*translated: str) -> dict[str, F]:
    names = ["id", *(f"{name}_{code}" for name in translated for code in LANGUAGES)]
    return {name: F(name) for name in names}


def _picture(path: str = "") -> dict[str, F]:
    return {name: F(f"{path}__{name}" if path else name) for name in ("digest", "width", "height")}


def _unpack(product: Product) -> list[Product]:
    """Turn the lists of the row into what prefetch_related() would have left; gives the related products."""
    rows = {name: json.loads(vars(product).pop(name)) for name in _PARTS}
    covers = [_bare(Picture, **row) for row in rows["cover_"]]
    product._state.fields_cache["cover"] = covers[0] if covers else None
    vars(product)["_prefetched_objects_cache"] = {
        "variants": [_variant(product, **row) for row in rows["variants_"]],
        "files": [_file(**row) for row in rows["files_"]],
        "faqs": [_bare(Faq, **row) for row in rows["faqs_"]],
        "images": [_image(**row) for row in rows["images_"]],
        "categories": [_bare(Category, **row) for row in rows["categories_"]],
    }
    return [_card(**row) for row in rows["related_"]]


def _bare(model: type[Row], **values: Any) -> Row:
    """A row to look at, with these columns only. Without __init__, which takes longer than the database."""
    row = model.__new__(model)
    vars(row).update(values, _state=ModelState())
    row._state.adding = False
    return row


def _variant(product: Product, amount: int | None, **row: Any) -> Variant:
    variant = _bare(Variant, **row)
    variant._state.fields_cache["product"] = product
    prices = [] if amount is None else [_bare(Price, currency=settings.CURRENCY, amount=amount)]
    vars(variant)["_prefetched_objects_cache"] = {"prices": prices}
    return variant


def _file(created_at: str, **row: Any) -> ProductFile:
    time = datetime.fromisoformat(created_at)
    return _bare(ProductFile, created_at=time if time.tzinfo else time.replace(tzinfo=UTC), **row)


def _image(digest: str, width: int, height: int, **row: Any) -> ProductImage:
    image = _bare(ProductImage, **row)
    image._state.fields_cache["picture"] = _bare(Picture, digest=digest, width=width, height=height)
    return image


def _card(digest: str | None, width: int, height: int, lowest: int | None, **row: Any) -> Product:
    product = _bare(Product, lowest_amount=lowest, **row)
    cover = _bare(Picture, id=product.cover_id, digest=digest, width=width, height=height) if digest else None
    product._state.fields_cache["cover"] = cover
    return product
