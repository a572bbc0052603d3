"""What a product page says to search engines, in the words of https://schema.org/Product."""

from typing import Any

from django.conf import settings
from django.utils.translation import get_language

from catalog.models import Product, Variant
from catalog.price_tag import PriceTag
from storefront.money import plain_amount


def product_data(product: Product, variants: list[Variant]) -> dict[str, Any]:
    url = f"{settings.SITE_URL}{product.get_absolute_url()}"
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": ["Product", "Book"] if product.kind == Product.Kind.EBOOK else "Product",
        "name": product.title,
        "url": url,
        "inLanguage": product.content_language or get_language(),
        "offers": [_offer(variant, variant.tag, url) for variant in variants if variant.tag],
    }
    if product.tagline:
        data["description"] = product.tagline
    if product.author:
        data["author"] = {"@type": "Person", "name": product.author}
    if product.cover:
        data["image"] = f"{settings.SITE_URL}{product.cover.social_url}"
    return data


def _offer(variant: Variant, tag: PriceTag, url: str) -> dict[str, Any]:
    offer: dict[str, Any] = {
        "@type": "Offer",
        "name": variant.title or variant.product.title,
        "price": plain_amount(tag.amount, tag.currency),
        "priceCurrency": tag.currency,
        "availability": "https://schema.org/InStock",
        "url": url,
    }
    if tag.sale_ends_at:
        offer["priceValidUntil"] = tag.sale_ends_at.isoformat()
    if tag.was is not None:
        # https://developers.google.com/search/docs/appearance/structured-data/merchant-listing
        offer["priceSpecification"] = {
            "@type": "UnitPriceSpecification",
            "priceType": "https://schema.org/StrikethroughPrice",
            "price": plain_amount(tag.was, tag.currency),
            "priceCurrency": tag.currency,
        }
    return offer
