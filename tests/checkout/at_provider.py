"""What is done at Stripe or PayPal, in the same words for both doubles; and a day that passes."""

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.utils import timezone

from checkout.models import Order, OrderEvent, Payment, Refund, WebhookEvent
from checkout.payments import start_payment, sync_payment
from storefront.celery import app
from storefront.models import OutgoingMail
from tests.checkout.money_world import SWEEPS


class AtProvider:
    """One of the two doubles, and what is done there."""

    def __init__(self, name: str, double: Any) -> None:
        self.name, self.double = name, double

    def agree(self, payment: Payment) -> None:
        deed = self.double.pay if self.name == "stripe" else self.double.approve
        deed(payment.reference)

    def pages(self) -> int:
        return len(self.double.sessions if self.name == "stripe" else self.double.orders)

    def webhook(self, kind: str) -> Callable[[], Any]:
        """A browserless request that brings the last message of that kind to the shop."""
        of_kind = [each for each in self.double.events if kind in (each.get("type"), each.get("event_type"))]
        body, headers = self.double.signed(of_kind[-1])
        path = f"/webhooks/{self.name}/"
        return lambda: Client().post(path, body, content_type="application/json", headers=headers)

    def refund_there(self, payment: Payment, amount: int) -> None:
        """Staff gives money back on the provider's own pages, in cents."""
        if self.name == "stripe":
            self.double.refund_in_dashboard(payment.reference, amount)
        else:
            self.double.refund_by_hand(payment.reference, f"{amount / 100:.2f}")

    def given_back(self) -> list[int]:
        """What each refund gave back, in cents."""
        made = self.double.refunds.values()
        if self.name == "stripe":
            return [each["amount"] for each in made]
        return [round(float(each["amount"]["value"]) * 100) for each in made]


def paid(provider: AtProvider, order: Order) -> Payment:
    payment = start_payment(order, provider.name)
    provider.agree(payment)
    return sync_payment(payment)


def time_passes() -> None:
    """The claims of the dead end, and the sweeps come."""
    for _turn in range(2):
        for rows in (OrderEvent, WebhookEvent):
            rows.objects.filter(handled_at=None).update(next_attempt_at=timezone.now())
        for waiting in (Refund, OutgoingMail):
            waiting.objects.filter(status="pending").update(next_attempt_at=timezone.now())
        Payment.objects.filter(status="pending").update(next_check_at=timezone.now(), checked_at=None)
        for name in SWEEPS:
            app.tasks[name]()
