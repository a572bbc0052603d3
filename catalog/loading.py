"""Loads what a page shows in as few queries as can be."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from django.db import connection
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast, JSONObject, Least
from django.utils import timezone

from catalog.models import (
    BundleItem,
    Category,
    Faq,
    Picture,
    Price,
    Product,
    ProductFile,
    ProductImage,
    Release,
    Variant,
)
from catalog.models.price import NEVER, next_change, tier_rows
from catalog.models.product import LANGUAGES
from catalog.price_tag import read_tag
from catalog.product_page import Member, ProductPage
from catalog.ready import NOW, put_in
from catalog.releases import newest_release
from catalog.rows import JSONRows, Row
from catalog.rows import bare as _bare
from storefront.shop import shop

SHELF_LENGTH = 6
NEWEST = 200
_TRANSLATED = ("title", "tagline", "description", "author", "requirements", "license_summary")
_PLAIN = (
    *("id", "slug", "kind", "content_language", "status", "published_at"),
    *("refund_days", "sample", "is_cover_drawn"),
)
_COLUMNS = [*_PLAIN, *(f"{name}_{code}" for name in _TRANSLATED for code in LANGUAGES)]
_PARTS = (
    *("variants", "files", "releases", "faqs", "images", "categories", "cover", "related"),
    *("members", "bundles", "changes_at"),
)
_RELEASES = 5  # with their changelogs
_RELATED, _BUNDLES = 4, 3
_CARD = ("slug", "kind", "content_language", "cover_id", "is_cover_drawn")
# What stands in the ready query for the slug of each request.
_SLUG = "the slug"


@dataclass
class Home:
    featured: Product | None
    offers: list[Product]
    newest: list[Product]
    by_category: list[tuple[Category, list[Product]]]
    changes_at: datetime | None


def load_home() -> Home:
    """The featured product, else the newest; offers; and what is new, in all and by category. Six queries."""
    published = Product.objects.published()
    featured = published.filter(is_featured=True).values_list("pk", flat=True).first()
    newest = list(published.values_list("pk", flat=True)[:NEWEST])
    offers = _on_offer()
    shelves = _by_category(newest)
    wanted = {featured, *offers, *newest[: SHELF_LENGTH + 1], *(pk for pks in shelves.values() for pk in pks)}
    products = {product.pk: product for product in published.for_shelf().filter(pk__in=wanted)}
    first = products.get(featured) or next(iter(products.values()), None)
    return Home(
        featured=first,
        offers=[product for pk in offers if (product := products.get(pk)) and _is_offer(product)][
            :SHELF_LENGTH
        ],
        changes_at=changes_at(products.values()),
        newest=[product for pk in newest if (product := products.get(pk)) and product != first][
            :SHELF_LENGTH
        ],
        by_category=[
            (category, [products[pk] for pk in shelves[category.pk] if pk in products])
            for category in Category.objects.filter(pk__in=shelves)
        ],
    )


def changes_at(products: Iterable[Product]) -> datetime | None:
    """When a price of the shop next changes by itself, of products loaded by for_shelf()."""
    return next((vars(product)["changes_at"] for product in products), None)


def _on_offer() -> list[int]:
    """Products with an edition on sale, the soonest to end first: some more than the shelf holds."""
    prices = Price.objects.current().on_sale(timezone.now())
    on_sale = prices.filter(
        variant__product__status=Product.Status.PUBLISHED, variant__product__published_at__lte=timezone.now()
    )
    ending_first = on_sale.order_by(F("sale_ends_at").asc(nulls_last=True), "-pk")
    return list(dict.fromkeys(ending_first.values_list("variant__product", flat=True)[: 2 * SHELF_LENGTH]))


def _is_offer(product: Product) -> bool:
    """Whether the price on its card is that of the sale, and not another edition's."""
    return bool(product.lowest_price and product.lowest_price.is_sale)


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


def load_product(slug: str) -> ProductPage | None:
    """A product, published or not, with all that its page shows, and products that go with it: one query."""
    currency = shop().currency
    sql, params = _statement(currency)
    given = [slug if param == _SLUG else param for param in put_in(params, {NOW: timezone.now()})]
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        found = cursor.fetchone()
    return _page(found[0], currency) if found else None


@cache
def _statement(currency: str) -> tuple[str, tuple[Any, ...]]:
    """Kept ready: for Django, wording this query is ten times the work of running it."""
    whole = Cast(JSONObject(**{name: F(name) for name in _COLUMNS}, **_parts(currency)), TextField())
    products = Product.objects.filter(slug=_SLUG).order_by().values_list(whole)
    return products.query.sql_with_params()


def _parts(currency: str) -> dict[str, JSONRows | Least]:
    here = {"product": OuterRef("pk")}
    prices = Price.objects.filter(variant=OuterRef("pk"), currency=currency).asked(NOW)
    tags = {"tag": prices.tag_rows(tiers=tier_rows()), "is_pay_what_you_want": F("is_pay_what_you_want")}
    return {
        "variants": JSONRows(Variant.objects.active().filter(**here), **_columns("title"), **tags),
        "files": JSONRows(
            ProductFile.objects.filter(**here),
            **_columns("title"),
            **{name: F(name) for name in ("filename", "size", "created_at", "changed_at", "release_id")},
        ),
        "releases": JSONRows(
            Release.objects.filter(**here, published_at__lte=NOW)[:_RELEASES],
            **_columns("changelog"),
            **{name: F(name) for name in ("version", "channel", "published_at", "requirements")},
        ),
        "faqs": JSONRows(Faq.objects.filter(**here), **_columns("question", "answer")),
        "images": JSONRows(ProductImage.objects.filter(**here), **_columns("alt"), **_picture("picture")),
        "categories": JSONRows(
            Category.objects.filter(products=OuterRef("pk")), **_columns("title"), slug=F("slug")
        ),
        "cover": JSONRows(Picture.objects.filter(pk=OuterRef("cover")), **_picture()),
        "related": _cards(_related(), currency),
        "members": _members(currency),
        "bundles": _cards(_bundles(), currency),
        "changes_at": next_change(NOW, currency),
    }


def _cards(products: QuerySet[Product], currency: str) -> JSONRows:
    lowest = Price.objects.sold_in(currency).filter(variant__product=OuterRef("pk"))
    return JSONRows(
        products,
        **_columns("title", "author"),
        **_picture("cover"),
        **{name: F(name) for name in _CARD},
        lowest=lowest.asked(NOW).order_by("asked", "pk")[:1].tag_rows(),
    )


def _published() -> QuerySet[Product]:
    return Product.objects.filter(status=Product.Status.PUBLISHED, published_at__lte=NOW)


def _related() -> QuerySet[Product]:
    """The newest of the same category."""
    category = Product.categories.through.objects.filter(product=OuterRef(OuterRef("pk"))).order_by("pk")
    return (
        _published()
        .filter(categories=Subquery(category.values("category")[:1]))
        .exclude(pk=OuterRef("pk"))[:_RELATED]
    )


def _bundles() -> QuerySet[Product]:
    """The newest that this is in."""
    items = BundleItem.objects.filter(member__product=OuterRef(OuterRef("pk"))).order_by()
    return _published().filter(kind=Product.Kind.BUNDLE, pk__in=items.values("bundle"))[:_BUNDLES]


def _members(currency: str) -> JSONRows:
    titles = [f"{name}_{code}" for name in ("title", "author") for code in LANGUAGES]
    prices = Price.objects.filter(variant=OuterRef("member"), currency=currency).asked(NOW)
    is_published = Q(member__product__status=Product.Status.PUBLISHED, member__product__published_at__lte=NOW)
    items = BundleItem.objects.filter(bundle=OuterRef("pk"), bundle__kind=Product.Kind.BUNDLE)
    return JSONRows(
        items.annotate(is_published=Case(When(is_published, then=Value(1)), default=Value(0))),
        **{name: F(f"member__product__{name}") for name in ("id", *titles, *_CARD)},
        **_picture("member__product__cover"),
        **{f"edition_{code}": F(f"member__title_{code}") for code in LANGUAGES},
        is_published=F("is_published"),
        is_active=F("member__is_active"),
        tag=prices.tag_rows(),
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
        members=[_member(currency, **row) for row in parts["members"]],
        bundles=[_card(**row) for row in parts["bundles"]],
        changes_at=_time(parts["changes_at"]) or NEVER,
    )


def _time(text: str | None) -> datetime | None:
    time = datetime.fromisoformat(text) if text else None
    return time.replace(tzinfo=UTC) if time and not time.tzinfo else time


def _variant(product: Product, currency: str, tag: list[dict[str, Any]], **row: Any) -> Variant:
    """Its price bears the list price only; whatever the clock decides is on the tag."""
    variant = _bare(Variant, **row)
    variant._state.fields_cache["product"] = product
    read = vars(variant)["tag"] = read_tag(tag, currency)
    prices = [_bare(Price, currency=currency, amount=read.list_amount)] if read else []
    vars(variant)["_prefetched_objects_cache"] = {"prices": prices}
    return variant


def _member(
    currency: str, tag: list[dict[str, Any]], is_published: Any, is_active: Any, **row: Any
) -> Member:
    edition = {f"title_{code}": row.pop(f"edition_{code}") for code in LANGUAGES}
    product = _card(lowest=[], **row)
    return Member(
        product, _variant(product, currency, tag, is_active=bool(is_active), **edition), bool(is_published)
    )


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


def _card(digest: str | None, width: int, height: int, lowest: list[dict[str, Any]], **row: Any) -> Product:
    product = _bare(Product, lowest=lowest, **row)
    cover = _bare(Picture, id=product.cover_id, digest=digest, width=width, height=height) if digest else None
    product._state.fields_cache["cover"] = cover
    return product
