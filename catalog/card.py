from dataclasses import dataclass

from catalog.models.picture import Picture
from catalog.price_tag import PriceTag


@dataclass(frozen=True)
class Card:
    """All that a shelf shows of a product. Equal cards look alike, so that each is rendered only once."""

    slug: str
    title: str
    author: str
    kind: str
    content_language: str
    cover: Picture | None
    is_cover_drawn: bool
    price: PriceTag | None  # none where it can't be bought
