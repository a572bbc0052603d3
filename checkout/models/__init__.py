from checkout.models.bundled import BundledVariant
from checkout.models.coupon import Coupon, Redemption
from checkout.models.demo import DemoCharge
from checkout.models.dispute import Dispute
from checkout.models.event import OrderEvent
from checkout.models.evidence import Evidence
from checkout.models.gift import Gift
from checkout.models.mismatch import Mismatch, ReconcileMark
from checkout.models.offer import Offer, OfferPrice, Upsell
from checkout.models.order import Order, OrderLine
from checkout.models.payment import Payment
from checkout.models.refund import Refund, RefundLine, RefundRequest
from checkout.models.tax import TaxEvidence, TaxRate, TaxTreatment
from checkout.models.upgrade import Upgrade
from checkout.models.webhook import WebhookEvent

__all__ = [
    "BundledVariant",
    "Coupon",
    "DemoCharge",
    "Dispute",
    "Evidence",
    "Gift",
    "Mismatch",
    "Offer",
    "OfferPrice",
    "Order",
    "OrderEvent",
    "OrderLine",
    "Payment",
    "ReconcileMark",
    "Redemption",
    "Refund",
    "RefundLine",
    "RefundRequest",
    "TaxEvidence",
    "TaxRate",
    "TaxTreatment",
    "Upgrade",
    "Upsell",
    "WebhookEvent",
]
