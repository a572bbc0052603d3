"""Loads what a page shows in as few queries as can be."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from django.db import connection
from django.db.models import F, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, JSONObject
from django.utils import timezone

from catalog.markdown import render_markdown
from catalog.models import Category, Faq, Picture, Price, Product, ProductFile, ProductImage, Release, Variant
from catalog.models.product import LANGUAGES
from catalog.releases import newest_release
from catalog.rows import JSONRows, Row
from catalog.rows import bare as _bare
from catalog.structured import product_data
from storefront.shop import shop

SHELF_LENGTH = 6
NEWEST = 200
_TRANSLATED = ("title", "tagline", "description", "author", "requirements", "license_summary")
_PLAIN = (
    *("id", "slug", "kind", "content_language", "status", "published_at"),
    *("refund_days", "sample", "is_cover_drawn"),
)
_COLUMNS = [*_PLAIN, *(f"{name}_{code}" for name in _TRANSLATED for code in LANGUAGES)]
_PARTS = ("variants", "files", "releases", "faqs", "images", "categories", "cover", "related")
_RELEASES = 5  # with their changelogs
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


@dataclass(frozen=True, eq=False)
class ProductPage:
    """All that a product's page shows. What is loaded alike is one object, so that it is rendered once."""

    product: Product
    variants: list[Variant]
    files: list[ProductFile]
    releases: list[Release]
    faqs: list[Faq]
    images: list[ProductImage]
    categories: list[Category]
    related: list[Product]

    @property
    def formats(self) -> list[str]:
        return list(dict.fromkeys(file.format for file in self.files))

    @property
    def description_html(self) -> str:
        return render_markdown(self.product.description)

    @property
    def release(self) -> Release | None:
        return newest_release(self.releases)

    @property
    def changelog(self) -> list[tuple[Release, str]]:
        """What the newest releases changed, as HTML, the newest first."""
        return [(release, render_markdown(text)) for release in self.releases if (text := release.changelog)]

    @property
    def structured_data(self) -> dict[str, Any]:
        return product_data(self.product, self.variants)


def load_product(slug: str) -> ProductPage | None:
    """A product, published or not, with all that its page shows, and products that go with it: one query."""
    sql, params = _statement(shop().currency)
    adapt = connection.ops.adapt_datetimefield_value
    given: dict[Any, Any] = {_SLUG: slug, adapt(_NOW): adapt(timezone.now())}
    with connection.cursor() as cursor:
        cursor.execute(sql, [given.get(param, param) for param in params])
        found = cursor.fetchone()
    return _page(found[0], shop().currency) if found else None


@cache
def _statement(currency: str) -> tuple[str, tuple[Any, ...]]:
    """Kept ready: for Django, wording this query is ten times the work of running it."""
    whole = Cast(JSONObject(**{name: F(name) for name in _COLUMNS}, **_parts(currency)), TextField())
    products = Product.objects.filter(slug=_SLUG).order_by().values_list(whole)
    return products.query.sql_with_params()


def _parts(currency: str) -> dict[str, JSONRows]:
    here = {"product": OuterRef("pk")}
    amounts = Price.objects.filter(variant=OuterRef("pk"), currency=currency).values("amount")
    variants = Variant.objects.active().filter(**here).annotate(shop_amount=Subquery(amounts))
    return {
        "variants": JSONRows(variants, **_columns("title"), amount=F("shop_amount")),
        "files": JSONRows(
            ProductFile.objects.filter(**here),
            **_columns("title"),
            **{name: F(name) for name in ("filename", "size", "created_at", "changed_at", "release_id")},
        ),
        "releases": JSONRows(
            Release.objects.filter(**here, published_at__lte=_NOW)[:_RELEASES],
            **_columns("changelog"),
            **{name: F(name) for name in ("version", "channel", "published_at", "requirements")},
        ),
        "faqs": JSONRows(Faq.objects.filter(**here), **_columns("question", "answer")),
        "images": JSONRows(ProductImage.objects.filter(**here), **_columns("alt"), **_picture("picture")),
        "categories": JSONRows(
            Category.objects.filter(products=OuterRef("pk")), **_columns("title"), slug=F("slug")
        ),
        "cover": JSONRows(Picture.objects.filter(pk=OuterRef("cover")), **_picture()),
        "related": JSONRows(
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


@lru_cache(maxsize=256)
def _page(text: str, currency: str) -> ProductPage:
    row = json.loads(text)
    parts = {name: row.pop(name) for name in _PARTS}
    product = _bare(Product, **row | {"published_at": _time(row["published_at"])})
    product._state.fields_cache["cover"] = _bare(Picture, **parts["cover"][0]) if parts["cover"] else None
    releases = [_timed(Release, "published_at", **row) for row in parts["releases"]]
    return ProductPage(
        product,
        variants=[_variant(product, currency, **row) for row in parts["variants"]],
        files=_newest_files(parts["files"], releases),
        releases=releases,
        faqs=[_bare(Faq, **row) for row in parts["faqs"]],
        images=[_image(**row) for row in parts["images"]],
        categories=[_bare(Category, **row) for row in parts["categories"]],
        related=[_card(**row) for row in parts["related"]],
    )


def _time(text: str | None) -> datetime | None:
    time = datetime.fromisoformat(text) if text else None
    return time.replace(tzinfo=UTC) if time and not time.tzinfo else time


def _variant(product: Product, currency: str, amount: int | None, **row: Any) -> Variant:
    variant = _bare(Variant, **row)
    variant._state.fields_cache["product"] = product
    prices = [] if amount is None else [_bare(Price, currency=currency, amount=amount)]
    vars(variant)["_prefetched_objects_cache"] = {"prices": prices}
    return variant


def _newest_files(rows: list[dict[str, Any]], releases: list[Release]) -> list[ProductFile]:
    """What whoever buys now gets: files of no release, and those of the newest."""
    bringing = {row["release_id"] for row in rows}
    newest = newest_release(release for release in releases if release.pk in bringing)
    wanted = {None, newest.pk if newest else None}
    return [
        _timed(ProductFile, "created_at", "changed_at", **row) for row in rows if row["release_id"] in wanted
    ]


def _timed(model: type[Row], *times: str, **row: Any) -> Row:
    return _bare(model, **row | {name: _time(row[name]) for name in times})


def _image(digest: str, width: int, height: int, **row: Any) -> ProductImage:
    image = _bare(ProductImage, **row)
    image._state.fields_cache["picture"] = _bare(Picture, digest=digest, width=width, height=height)
    return image


def _card(digest: str | None, width: int, height: int, lowest: int | None, **row: Any) -> Product:
    product = _bare(Product, lowest_amount=lowest, **row)
    cover = _bare(Picture, id=product.cover_id, digest=digest, width=width, height=height) if digest else None
    product._state.fields_cache["cover"] = cover
    return product
