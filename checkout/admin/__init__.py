"""Orders and money for staff. Nothing is edited by hand: pages and actions call deeds."""

from checkout.admin.base import ReadOnly, ReadOnlyInline, RowActions
from checkout.admin.coupons import CouponAdmin, RedemptionAdmin
from checkout.admin.disputes import DisputeAdmin
from checkout.admin.events import OrderEventAdmin, WebhookEventAdmin
from checkout.admin.gifts import GiftAdmin
from checkout.admin.mismatches import MismatchAdmin
from checkout.admin.money import PaymentAdmin, RefundAdmin
from checkout.admin.offers import OfferAdmin
from checkout.admin.orders import OrderAdmin
from checkout.admin.requests import RefundRequestAdmin
from checkout.admin.taxes import TaxRateAdmin

__all__ = [
    "CouponAdmin",
    "DisputeAdmin",
    "GiftAdmin",
    "MismatchAdmin",
    "OfferAdmin",
    "OrderAdmin",
    "OrderEventAdmin",
    "PaymentAdmin",
    "ReadOnly",
    "ReadOnlyInline",
    "RedemptionAdmin",
    "RefundAdmin",
    "RefundRequestAdmin",
    "RowActions",
    "TaxRateAdmin",
    "WebhookEventAdmin",
]
