from storefront.admin.mails import OutgoingMailAdmin
from storefront.admin.shop import ShopAdmin

__all__ = ["OutgoingMailAdmin", "ShopAdmin"]
