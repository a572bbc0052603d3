"""The demo's offers, read from demo/offers.toml."""

import tomllib
from pathlib import Path
from typing import Any

from catalog.models import Product, Variant
from checkout.models import Offer, OfferPrice

OFFERS = Path(__file__).resolve().parent / "offers.toml"


def shop_offers() -> list[dict[str, Any]]:
    """Each offer as it stands in the file: prices are integer minor units by currency."""
    return list(tomllib.loads(OFFERS.read_text("utf-8"))["offers"])


def load_offers() -> None:
    """Make the offers, in a shop that has just been filled with the products that they name."""
    for data in shop_offers():
        titles = {f"title_{language}": text for language, text in data["title"].items()}
        offer = Offer.objects.create(
            kind=data["kind"],
            variant=_variant(data["product"], data.get("variant", 0)),
            former=_variant(*data["former"]) if "former" in data else None,
            **titles,
        )
        offer.products.set(Product.objects.filter(slug__in=data.get("because_of", ())))
        OfferPrice.objects.bulk_create(
            OfferPrice(offer=offer, currency=currency, amount=amount)
            for currency, amount in data.get("prices", {}).items()
        )


def _variant(slug: str, place: int) -> Variant:
    return Variant.objects.filter(product__slug=slug).order_by("position")[place]
