from storefront.models.limits import LimitCount
from storefront.models.mail import LEASE, MAX_ATTEMPTS, OutgoingMail, retry_delay
from storefront.models.shop import Shop

__all__ = ["LEASE", "MAX_ATTEMPTS", "LimitCount", "OutgoingMail", "Shop", "retry_delay"]
