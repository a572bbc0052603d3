"""A product with all its parts, for tests of what shows them."""

from typing import Any

from PIL import Image

from catalog.models import Category, Faq, Product, ProductImage
from catalog.pictures import store_picture
from tests.factories import make_product, make_variant


def make_full_product(**fields: Any) -> Product:
    """A product with some of everything that its page shows."""
    fields = {"title_en": "Bread book", "title_ar": "كتاب الخبز", "slug": "bread"} | fields
    product = make_product(files=2, description_en="## Inside\n\nMuch.", author_en="Layla", **fields)
    category, _new = Category.objects.get_or_create(slug="cooking", defaults={"title_en": "Cooking"})
    product.categories.add(category)
    make_variant(product, 4900, title_en="Team")
    product.cover = store_picture(Image.new("RGB", (600, 800), "teal"))
    product.save()
    for number in range(2):
        Faq.objects.create(product=product, question_en=f"Why {number}?", answer_en="So.", position=number)
        ProductImage.objects.create(product=product, picture=product.cover, alt_en=f"Page {number}")
    return product
