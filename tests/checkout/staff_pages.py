"""What browsers send to the pages for staff, and what these answer."""

import re
from typing import Any

from django.test import Client

from checkout.models import Order


def page_of(order: Order, part: str = "change") -> str:
    return f"/admin/checkout/order/{order.pk}/{part}/"


def wish(order: Order, **fields: Any) -> dict[str, Any]:
    """What the refund form of the order's payment sends, as it was filled in when it was shown."""
    payment = order.payments.get()
    data = {"left": payment.refundable, "amount": "5", "reason": "requested", "source": "staff"} | fields
    return {"payment": payment.pk} | {f"payment-{payment.pk}-{name}": each for name, each in data.items()}


def refund(staff: Client, order: Order, commits: Any, **fields: Any) -> Any:
    with commits():
        return staff.post(page_of(order, "refunds"), wish(order, **fields), follow=True)


def errors(response: Any) -> list[str]:
    return re.findall(r'<ul class="errorlist[^"]*"[^>]*><li>(.*?)</li>', response.text)
