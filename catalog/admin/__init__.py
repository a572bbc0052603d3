from catalog.admin.category import CategoryAdmin
from catalog.admin.product import ProductAdmin

__all__ = ["CategoryAdmin", "ProductAdmin"]
