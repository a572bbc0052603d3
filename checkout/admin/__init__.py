"""Orders and money for staff. Nothing is edited by hand: pages and actions call deeds."""

from checkout.admin.base import ReadOnly
from checkout.admin.events import OrderEventAdmin, WebhookEventAdmin
from checkout.admin.money import DisputeAdmin, MismatchAdmin, PaymentAdmin, RefundAdmin
from checkout.admin.orders import OrderAdmin

__all__ = [
    "DisputeAdmin",
    "MismatchAdmin",
    "OrderAdmin",
    "OrderEventAdmin",
    "PaymentAdmin",
    "ReadOnly",
    "RefundAdmin",
    "WebhookEventAdmin",
]
