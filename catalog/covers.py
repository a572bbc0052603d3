"""Covers for products whose seller has none."""

from django.conf import settings
from django.db.models import Q
from django.utils import translation

from catalog.drawing import draw_cover
from catalog.models import Picture, Product
from catalog.pictures import store_picture
from storefront.jobs import enqueue

# What stands on a drawn cover, so that a change of any calls for a new one.
DRAWN_FROM = ("kind", "title", "author", "content_language")


def set_cover(product: Product, picture: Picture) -> None:
    """Put the seller's own picture on the product, which is left to be saved."""
    product.cover, product.is_cover_drawn = picture, False


def ask_for_cover(product: Product) -> None:
    """Have a cover drawn after commit, unless the product has one of its seller's. Safe to repeat."""
    if product.cover_id is None or product.is_cover_drawn:
        enqueue("catalog.draw_cover", product.pk)


def draw_cover_of(product: Product) -> None:
    """Draw the product's cover in its own language. The same words give the same picture."""
    with translation.override(product.content_language or settings.LANGUAGE_CODE):
        title, author = product.title, product.author
    image = draw_cover(product.kind, title, author, product.content_language, str(product.pk))
    picture = store_picture(image)
    # The seller may have sent a cover in the meantime; theirs stays.
    Product.objects.filter(Q(cover=None) | Q(is_cover_drawn=True), pk=product.pk).update(
        cover=picture, is_cover_drawn=True
    )
