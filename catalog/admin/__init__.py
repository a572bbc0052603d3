from catalog.admin.category import CategoryAdmin
from catalog.admin.price_change import PriceChangeAdmin
from catalog.admin.product import ProductAdmin
from catalog.admin.release import ReleaseAdmin
from catalog.admin.variant import VariantAdmin

__all__ = ["CategoryAdmin", "PriceChangeAdmin", "ProductAdmin", "ReleaseAdmin", "VariantAdmin"]
