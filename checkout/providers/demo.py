"""A provider that pays, declines or delays at a click. It loads only where DEMO is on.

It keeps its own book in DemoCharge and speaks to the shop as a real one does: a page of its own, signed
webhooks over HTTP, and answers when it is asked.
"""

import hashlib
import hmac
import json
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from checkout.errors import BadWebhookSignature, PaymentRefused
from checkout.models import DemoCharge, Payment, Refund
from checkout.providers.base import (
    PaymentResult,
    PaymentState,
    Provider,
    ProviderEvent,
    RefundResult,
    RefundState,
    Started,
)

DELAY = timedelta(seconds=20)
TOLERANCE_SECONDS = 300
_STATES = {
    DemoCharge.Status.OPEN: PaymentState.PENDING,
    DemoCharge.Status.DELAYED: PaymentState.PENDING,
    DemoCharge.Status.DECLINED: PaymentState.FAILED,
    DemoCharge.Status.PAID: PaymentState.SUCCEEDED,
}
_OUTCOMES = {
    "pay": DemoCharge.Status.PAID,
    "decline": DemoCharge.Status.DECLINED,
    "delay": DemoCharge.Status.DELAYED,
}


class DemoProvider(Provider):
    name = "demo"
    label = _("Demo payment")
    is_live = False

    def __init__(self) -> None:
        if not settings.DEMO:
            raise ImproperlyConfigured("The demo provider gives things away; it only loads where DEMO is on.")

    def why_not(self, amount: int, currency: str) -> str:
        return ""

    def start(self, payment: Payment, return_url: str, cancel_url: str) -> Started:
        charge, _created = DemoCharge.objects.get_or_create(
            key=payment.key,
            defaults={
                "amount": payment.amount,
                "currency": payment.currency,
                "return_url": return_url,
                "cancel_url": cancel_url,
            },
        )
        page = reverse("demo_payment", args=[charge.reference])
        return Started(charge.reference, settings.SITE_URL + page)

    def fetch(self, payment: Payment) -> PaymentResult:
        charge = DemoCharge.objects.get(reference=payment.reference)
        state = PaymentState.SUCCEEDED if charge.is_paid else _STATES[DemoCharge.Status(charge.status)]
        if charge.status == DemoCharge.Status.OPEN and payment.expires_at <= timezone.now():
            state = PaymentState.CANCELED
        return PaymentResult(
            state=state,
            key=charge.key,
            amount=charge.amount,
            currency=charge.currency,
            is_live=False,
            capture_reference=charge.reference,
            refunds=tuple(_made(charge)),
        )

    def refund(self, refund: Refund) -> RefundResult:
        reference = f"demo_{refund.key}"
        with transaction.atomic():
            charge = DemoCharge.objects.select_for_update().get(reference=refund.payment.reference)
            if reference in charge.refund_references:
                return RefundResult(RefundState.SUCCEEDED, reference, refund.amount, refund.key)
            if charge.refunded + refund.amount > charge.amount:
                raise PaymentRefused("More than was paid.")
            charge.refund_references = [*charge.refund_references, reference]
            charge.refunded = F("refunded") + refund.amount
            charge.save(update_fields=["refunded", "refund_references"])
        return RefundResult(RefundState.SUCCEEDED, reference, refund.amount, refund.key)

    def parse_webhook(self, request: HttpRequest) -> ProviderEvent:
        """Header `Demo-Signature: t=UNIX,v1=HEX`, an HMAC-SHA256 over "t.body", at most five minutes old."""
        fields = dict(
            part.partition("=")[::2] for part in request.headers.get("Demo-Signature", "").split(",")
        )
        sent_at = fields.get("t", "")
        is_time = sent_at.isdecimal() and len(sent_at) <= 12
        if not is_time or abs(time.time() - int(sent_at)) > TOLERANCE_SECONDS:
            raise BadWebhookSignature("The demo webhook is unsigned or stale.")
        if not constant_time_compare(fields.get("v1", ""), _signature(sent_at, request.body)):
            raise BadWebhookSignature("The demo webhook's signature is wrong.")
        return _event(json.loads(request.body))

    def recent_events(self, since: datetime) -> Iterator[ProviderEvent]:
        decided = DemoCharge.objects.exclude(status=DemoCharge.Status.OPEN).filter(created_at__gte=since)
        for charge in decided.iterator():
            yield _event(_told(charge))


def _made(charge: DemoCharge) -> Iterator[RefundResult]:
    """The refunds of a charge. They have their keys in their references, and so their sums in our rows."""
    if keys := [reference.removeprefix("demo_") for reference in charge.refund_references]:
        for refund in Refund.objects.filter(key__in=keys).order_by("pk"):
            yield RefundResult(RefundState.SUCCEEDED, f"demo_{refund.key}", refund.amount, refund.key)


def decide(charge: DemoCharge, outcome: str) -> bool:
    """What the buyer clicked on the demo's page: pay, decline or delay. The first click counts."""
    decided = DemoCharge.objects.filter(pk=charge.pk, status=DemoCharge.Status.OPEN).update(
        status=_OUTCOMES[outcome], pays_at=timezone.now() + DELAY if outcome == "delay" else None
    )
    return bool(decided)


def send_webhook(charge: DemoCharge) -> None:
    """Tell the shop that something happened to the charge, over HTTP, as a real provider would."""
    body, sent_at = json.dumps(_told(charge)).encode(), str(int(time.time()))
    request = urllib.request.Request(  # noqa: S310  always the shop's own address
        f"http://127.0.0.1:{settings.PORT}{reverse('webhook', args=['demo'])}",
        data=body,
        headers={
            "Content-Type": "application/json",
            "Demo-Signature": f"t={sent_at},v1={_signature(sent_at, body)}",
        },
    )
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


def _told(charge: DemoCharge) -> dict[str, str]:
    return {
        "id": f"{charge.reference}-{charge.status}",
        "type": f"charge.{charge.status}",
        "key": charge.key,
        "reference": charge.reference,
    }


def _event(told: dict[str, str]) -> ProviderEvent:
    return ProviderEvent(
        external_id=told["id"],
        type=told["type"],
        payment_key=told["key"],
        payment_reference=told["reference"],
        is_money=told["type"] == "charge.paid",
        body=json.dumps(told),
    )


def _signature(sent_at: str, body: bytes) -> str:
    key = salted_hmac("checkout.providers.demo", "webhook", algorithm="sha256").digest()
    return hmac.new(key, sent_at.encode() + b"." + body, hashlib.sha256).hexdigest()
