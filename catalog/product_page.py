"""What a product's page shows, once it is loaded."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.markdown import render_markdown
from catalog.models import Category, Faq, Product, ProductFile, ProductImage, Release, Variant
from catalog.price_tag import PriceTag
from catalog.releases import newest_release
from catalog.structured import product_data


@dataclass(frozen=True)
class Member:
    """What a bundle brings of one product; without a price or a page where it is not sold by itself."""

    product: Product
    variant: Variant
    is_published: bool

    @property
    def price(self) -> PriceTag | None:
        return self.variant.tag if self.is_published and self.variant.is_active else None


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
    members: list[Member]
    bundles: list[Product]
    changes_at: datetime

    @property
    def formats(self) -> list[str]:
        return list(dict.fromkeys(file.format for file in self.files))

    @property
    def tags(self) -> list[PriceTag]:
        return [variant.tag for variant in self.variants if variant.tag]

    @property
    def apart(self) -> PriceTag | None:
        """What all that the bundle brings costs one by one; None where that can't be said."""
        prices = [member.price for member in self.members]
        asked = [price for price in prices if price and not price.is_minimum]
        if not asked or len(asked) < len(prices):
            return None
        amount = sum(price.amount for price in asked)
        return PriceTag(amount, asked[0].currency, amount)

    @property
    def saved(self) -> PriceTag | None:
        """How much less the bundle costs."""
        apart = self.apart
        less = apart.amount - self.tags[0].amount if apart and self.tags else 0
        return PriceTag(less, apart.currency, less) if apart and less > 0 else None

    @property
    def open_variants(self) -> list[Variant]:
        """Those of which buyers name the price."""
        return [variant for variant in self.variants if variant.tag and variant.tag.is_minimum]

    @property
    def has_tiers(self) -> bool:
        return any(tag.tiers for tag in self.tags)

    @property
    def fan(self) -> list[Product]:
        """Whose covers stand fanned for a bundle that has none of its seller's: three at most."""
        if self.product.cover and not self.product.is_cover_drawn:
            return []
        covered = list({member.product.slug: member.product for member in self.members}.values())
        return covered[:3] if len(covered) > 1 else []

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
