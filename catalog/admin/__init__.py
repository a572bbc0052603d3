from catalog.admin.category import CategoryAdmin
from catalog.admin.product import ProductAdmin
from catalog.admin.release import ReleaseAdmin

__all__ = ["CategoryAdmin", "ProductAdmin", "ReleaseAdmin"]
