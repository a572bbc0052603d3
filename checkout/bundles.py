"""Bundles: what they bring, and what is left to pay for whoever has a part of it already."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import (
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)

from accounts.models import User
from catalog.models import BundleItem, Price, Product, Variant
from checkout.owning import owned_lines
from storefront.money import STEPS, allocate
from storefront.shop import shop


@dataclass(frozen=True)
class Content:
    """A variant that a bundle brings. `amount` is its list price alone, 0 where it has none."""

    variant_id: int
    amount: int
    is_owned: bool = False


def load_contents(products: Iterable[Product], currency: str) -> None:
    """Have what bundles among them bring at hand. One query, none where none is a bundle."""
    bundles = [product for product in products if product.kind == Product.Kind.BUNDLE]
    items = _with_amounts(BundleItem.objects.select_related("member"), currency)
    prefetch_related_objects(bundles, Prefetch("bundle_items", items))


def contents_of(product: Product) -> list[Content]:
    """What one whose contents are loaded brings besides itself."""
    is_bundle = product.kind == Product.Kind.BUNDLE
    return [_content(item) for item in product.bundle_items.all()] if is_bundle else []


def _with_amounts(items: QuerySet[BundleItem], currency: str) -> QuerySet[BundleItem]:
    prices = Price.objects.filter(variant=OuterRef("member"), currency=currency)
    return items.annotate(list_amount=Subquery(prices.values("amount")))


def _content(item: BundleItem) -> Content:
    found = vars(item)
    return Content(item.member_id, found["list_amount"] or 0, found.get("is_owned", False))


def owned_part(unit_amount: int, contents: Sequence[Content], step: int = 1) -> int:
    """What of a bundle's price falls on the parts that its buyer has already, in minor units.

    The price is shared out by what the parts cost alone. Nothing, where the buyer has none of it or all: who
    buys all of it again does so for somebody else.
    """
    owned = [content.is_owned for content in contents]
    if not any(owned) or all(owned):
        return 0
    parts = allocate(unit_amount // step, [content.amount for content in contents])
    return step * sum(part for part, is_owned in zip(parts, owned, strict=True) if is_owned)


@dataclass(frozen=True)
class Completion:
    """A bundle of which an account has a part: what the rest costs, in minor units of the shop's currency."""

    variant: Variant
    owned: int
    of: int
    amount: int
    currency: str


def completions_for(user: User) -> list[Completion]:
    """Bundles on sale that the account could complete. One query, three where there are any."""
    lines = owned_lines(user)
    out_of_bundle = Q(bundled__variant=OuterRef("member"), bundled__quantity__gt=0)
    owned = Exists(lines.filter(Q(variant=OuterRef("member")) | out_of_bundle))
    started = BundleItem.objects.annotate(is_owned=owned).filter(is_owned=True).values("bundle")
    whole = Exists(lines.filter(variant__product=OuterRef("bundle")))
    on_sale = Product.objects.published().filter(kind=Product.Kind.BUNDLE)
    items = BundleItem.objects.filter(bundle__in=on_sale.filter(pk__in=started)).exclude(whole)
    contents: dict[int, list[Content]] = defaultdict(list)
    for item in _with_amounts(items.annotate(is_owned=owned), shop().currency):
        contents[item.bundle_id].append(_content(item))
    unfinished = {pk: own for pk, own in contents.items() if not all(content.is_owned for content in own)}
    return [_completion(variant, unfinished[variant.product_id]) for variant in _first_variants(unfinished)]


def _first_variants(products: Collection[int]) -> list[Variant]:
    """The first edition of each product that has a price, with that."""
    if not products:
        return []
    variants = Variant.objects.active().filter(product__in=products).select_related("product__cover")
    first: dict[int, Variant] = {}
    for variant in variants.prefetch_related("prices"):
        if variant.price:
            first.setdefault(variant.product_id, variant)
    return list(first.values())


def _completion(variant: Variant, contents: list[Content]) -> Completion:
    currency = shop().currency
    asked = variant.tag.amount if variant.tag else 0
    rest = asked - owned_part(asked, contents, STEPS.get(currency, 1))
    owned = sum(content.is_owned for content in contents)
    return Completion(variant, owned, len(contents), rest, currency)
