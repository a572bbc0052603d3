"""What the demo shop sells, read from demo/products: every text in English, Arabic and Persian.

The builders and the loader read the same data, so that what is built is what is sold.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRODUCTS = Path(__file__).resolve().parent / "products"
BUILT = Path(__file__).resolve().parent / "built"

Words = dict[str, str]


@dataclass(frozen=True)
class ShopCategory:
    slug: str
    title: Words
    description: Words
    position: int


@dataclass(frozen=True)
class ShopFaq:
    question: Words
    answer: Words


@dataclass(frozen=True)
class ShopVariant:
    """`prices` are integer minor units by currency; `license` says for how many sites and days, if any.

    A licence without days is good for ever. Each sale of a variant with `codes` gives one of them. `sale` is
    that of each currency, with `hours` until it ends; with `suggested` buyers name the price; `tiers` is what
    each costs, in the order of their `from` quantities.
    """

    title: Words
    prices: dict[str, int]
    license: dict[str, int]
    codes: tuple[str, ...]
    sale: dict[str, int]
    suggested: dict[str, int]
    tiers: dict[str, list[int]]


@dataclass(frozen=True)
class ShopFile:
    """`path` lies below demo/built/files; without `variants` (by index) every variant brings it."""

    path: str
    filename: str
    title: Words
    variants: tuple[int, ...]
    release: str


@dataclass(frozen=True)
class ShopRelease:
    version: str
    days_ago: int
    requirements: str
    changelog: Words


@dataclass(frozen=True)
class ShopPicture:
    """`drawn_from` says what the builder shows; `path` lies below demo/built/pictures."""

    path: str
    alt: Words
    drawn_from: dict[str, Any]


@dataclass(frozen=True)
class ShopProduct:
    """`days_on_sale` before loading it was published; None is a draft. A bundle `brings` others, by name."""

    name: str
    slug: str
    kind: str
    content_language: str
    categories: tuple[str, ...]
    days_on_sale: int | None
    is_featured: bool
    cover_title: str
    cover_seed: str
    title: Words
    author: Words
    tagline: Words
    description: Words
    license_summary: Words
    requirements: Words
    faqs: tuple[ShopFaq, ...]
    variants: tuple[ShopVariant, ...]
    files: tuple[ShopFile, ...]
    releases: tuple[ShopRelease, ...]
    pictures: tuple[ShopPicture, ...]
    sample: str
    brings: tuple[str, ...]

    @property
    def cover_path(self) -> str:
        return f"{self.name}-cover.webp"


def shop_categories() -> list[ShopCategory]:
    return [ShopCategory(slug=slug, **data) for slug, data in _shared()["categories"].items()]


def shop_products() -> list[ShopProduct]:
    """All products, the newest first and drafts at the end."""
    shared = _shared()
    paths = [path for path in PRODUCTS.glob("*.toml") if path.stem != "_shared"]
    products = [_product(path.stem, tomllib.loads(path.read_text("utf-8")), shared) for path in sorted(paths)]
    return sorted(products, key=lambda product: (product.days_on_sale is None, product.days_on_sale))


def _shared() -> dict[str, Any]:
    return tomllib.loads((PRODUCTS / "_shared.toml").read_text("utf-8"))


def _product(name: str, data: dict[str, Any], shared: dict[str, Any]) -> ShopProduct:
    own = [ShopFaq(**faq) for faq in data.get("own_faq", [])]
    common = [ShopFaq(**shared["faq"][key]) for key in data["faq"]]
    has_one_variant = len(data["variants"]) == 1
    return ShopProduct(
        name=name,
        slug=data["slug"],
        kind=data["kind"],
        content_language=data.get("content_language", ""),
        categories=tuple(data["categories"]),
        days_on_sale=data.get("days_on_sale"),
        is_featured=data.get("is_featured", False),
        cover_title=data["cover"]["title"],
        cover_seed=data["cover"]["seed"],
        title=data["title"],
        author=data["author"],
        tagline=data["tagline"],
        description={language: text.strip() for language, text in data["description"].items()},
        license_summary=shared["license"][data["license"]],
        requirements=shared["requirements"][data["requirements"]],
        faqs=(*own, *common),
        variants=tuple(
            _variant(variant, {} if has_one_variant else shared["variant"][variant["title"]])
            for variant in data["variants"]
        ),
        files=tuple(_file(file) for file in data.get("files", [])),
        releases=tuple(ShopRelease(**release) for release in data.get("releases", [])),
        pictures=tuple(
            _picture(name, number, entry) for number, entry in enumerate(data["gallery"], start=1)
        ),
        sample=data.get("sample", ""),
        brings=tuple(data.get("brings", ())),
    )


def _variant(data: dict[str, Any], title: Words) -> ShopVariant:
    return ShopVariant(
        title,
        data["prices"],
        data.get("license", {}),
        tuple(data.get("codes", ())),
        data.get("sale", {}),
        data.get("suggested", {}),
        data.get("tiers", {}),
    )


def _file(data: dict[str, Any]) -> ShopFile:
    variants = tuple(data.get("variants", ()))
    return ShopFile(data["path"], data["filename"], data["title"], variants, data.get("release", ""))


def _picture(name: str, number: int, entry: dict[str, Any]) -> ShopPicture:
    drawn_from = {key: value for key, value in entry.items() if key != "alt"}
    return ShopPicture(f"{name}-{number}.webp", entry["alt"], drawn_from)
