import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone

from checkout import reconciling
from checkout.errors import ProviderNotOffered
from checkout.models import DemoCharge, Mismatch, Payment, Refund, WebhookEvent
from checkout.payments import sync_payment
from checkout.providers import demo, get_provider, providers
from checkout.providers.base import PaymentState, RefundResult, RefundState
from checkout.refunds import request_refund
from tests.checkout.provider_contract import ProviderContract, Signed
from tests.factories import make_product, paid_order


class TestDemo(ProviderContract):
    name = "demo"
    signature_header = "Demo-Signature"

    def pay(self, payment: Payment) -> None:
        demo.decide(DemoCharge.objects.get(key=payment.key), "pay")

    def fail(self, payment: Payment) -> None:
        demo.decide(DemoCharge.objects.get(key=payment.key), "decline")

    def expire(self, payment: Payment) -> None:
        payment.expires_at = timezone.now() - timedelta(seconds=1)
        payment.save()

    def count_pages(self) -> int:
        return DemoCharge.objects.count()

    def given_back(self) -> list[int]:
        charge = DemoCharge.objects.get()
        if len(charge.refund_references) == 2:
            return [500, charge.refunded - 500]
        return [charge.refunded] if charge.refund_references else []

    def webhook(self, payment: Payment, kind: str = "", *, sent_at: int | None = None) -> Signed:
        event = {
            "id": f"event-{payment.key}",
            "type": kind or "charge.paid",
            "key": payment.key,
            "reference": payment.reference,
        }
        body, stamp = json.dumps(event).encode(), str(sent_at or int(time.time()))
        return body, {"Demo-Signature": f"t={stamp},v1={demo._signature(stamp, body)}"}

    def test_a_message_from_far_ahead_is_refused(self) -> None:
        payment = self.started()

        response = self.post(self.webhook(payment, sent_at=int(time.time()) + 302))

        assert response.status_code == 400
        assert not WebhookEvent.objects.exists()

    def test_a_delayed_payment_is_paid_when_its_time_has_come(self) -> None:
        payment = self.started()
        demo.decide(DemoCharge.objects.get(), "delay")
        assert get_provider("demo").fetch(payment).state == PaymentState.PENDING

        DemoCharge.objects.update(pays_at=timezone.now())

        assert sync_payment(payment).status == Payment.Status.SUCCEEDED

    def test_the_first_click_counts(self) -> None:
        self.started()
        charge = DemoCharge.objects.get()

        clicks = [demo.decide(charge, outcome) for outcome in ("decline", "pay", "delay")]

        assert clicks == [True, False, False]
        charge.refresh_from_db()
        assert charge.status == DemoCharge.Status.DECLINED

    def test_does_not_exist_where_demo_is_off(self, settings: pytest.FixtureRequest) -> None:
        payment = self.started()
        signed = self.webhook(payment)
        settings.DEMO = False  # type: ignore[attr-defined]

        assert "demo" not in providers()
        with pytest.raises(ProviderNotOffered):
            get_provider("demo")
        with pytest.raises(ImproperlyConfigured):
            demo.DemoProvider()
        assert self.post(signed).status_code == 404
        assert Client().get(f"/checkout/demo/{payment.reference}/").status_code == 404
        assert not WebhookEvent.objects.exists()


@pytest.mark.django_db
def test_refunds_are_told_when_it_is_asked(commits: Any) -> None:
    payment = paid_order(make_product(1200)).payments.get()
    with commits():
        refund = request_refund(payment, 500, reason=Refund.Reason.OTHER, source=Refund.Source.STAFF)

    reconciling.compare_with_providers(payment.created_at, lambda _what, _count: None)

    told = RefundResult(RefundState.SUCCEEDED, f"demo_{refund.key}", 500, refund.key)
    assert get_provider("demo").fetch(payment).refunds == (told,)
    assert not Mismatch.objects.exists()
