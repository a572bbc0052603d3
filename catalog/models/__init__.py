from catalog.models.category import Category
from catalog.models.file import ProductFile
from catalog.models.picture import Picture, ProductImage
from catalog.models.product import Faq, OldSlug, Product
from catalog.models.release import Release
from catalog.models.variant import Price, Variant

__all__ = [
    "Category",
    "Faq",
    "OldSlug",
    "Picture",
    "Price",
    "Product",
    "ProductFile",
    "ProductImage",
    "Release",
    "Variant",
]
