from catalog.models.bundle import BundleItem
from catalog.models.category import Category
from catalog.models.file import ProductFile
from catalog.models.picture import Picture, ProductImage
from catalog.models.price import Price, PriceTier
from catalog.models.price_change import PriceChange
from catalog.models.product import Faq, OldSlug, Product
from catalog.models.release import Release
from catalog.models.variant import Variant

__all__ = [
    "BundleItem",
    "Category",
    "Faq",
    "OldSlug",
    "Picture",
    "Price",
    "PriceChange",
    "PriceTier",
    "Product",
    "ProductFile",
    "ProductImage",
    "Release",
    "Variant",
]
