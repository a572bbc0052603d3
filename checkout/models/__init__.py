from checkout.models.demo import DemoCharge
from checkout.models.event import OrderEvent
from checkout.models.order import Order, OrderLine
from checkout.models.payment import Payment, Refund
from checkout.models.webhook import WebhookEvent

__all__ = ["DemoCharge", "Order", "OrderEvent", "OrderLine", "Payment", "Refund", "WebhookEvent"]
