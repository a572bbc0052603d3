"""Each task loads a row and calls one deed. The due_ ones are sweeps, for what a lost message left behind."""

from celery import shared_task

from checkout import evidence, gifts, inbox, payments, reactions, reconciling, refunds, resyncing
from checkout.errors import ProviderUnavailable
from checkout.models import DemoCharge, Evidence, Gift, Order, OrderEvent, Payment, Refund, WebhookEvent
from checkout.providers import demo

BATCH = 200


@shared_task(name="checkout.handle_event")
def handle_event(event_id: int) -> None:
    reactions.handle_event(OrderEvent.objects.select_related("order").get(pk=event_id))


@shared_task(name="checkout.handle_due_events")
def handle_due_events() -> None:
    for event_id in OrderEvent.objects.due().values_list("pk", flat=True)[:BATCH]:
        handle_event(event_id)


@shared_task(name="checkout.handle_webhook")
def handle_webhook(event_id: int) -> None:
    inbox.handle(WebhookEvent.objects.get(pk=event_id))


@shared_task(name="checkout.handle_due_webhooks")
def handle_due_webhooks() -> None:
    for event in WebhookEvent.objects.due()[:BATCH]:
        inbox.handle(event)


@shared_task(name="checkout.execute_refund")
def execute_refund(refund_id: int) -> None:
    refunds.execute_refund(Refund.objects.get(pk=refund_id))


@shared_task(name="checkout.execute_due_refunds")
def execute_due_refunds() -> None:
    for refund in Refund.objects.due()[:BATCH]:
        refunds.execute_refund(refund)


@shared_task(name="checkout.sync_due_payments")
def sync_due_payments() -> None:
    for payment in Payment.objects.to_sync()[:BATCH]:
        payments.sync_if_stale(payment)


@shared_task(name="checkout.resync_payment")
def resync_payment(payment_id: int) -> None:
    resyncing.resync([Payment.objects.select_related("order").get(pk=payment_id)])


@shared_task(name="checkout.print_evidence")
def print_evidence(evidence_id: int) -> None:
    evidence.print_evidence(Evidence.objects.get(pk=evidence_id))


@shared_task(name="checkout.print_due_evidence")
def print_due_evidence() -> None:
    for row in Evidence.objects.due()[:BATCH]:
        evidence.print_evidence(row)


@shared_task(name="checkout.reconcile")
def reconcile() -> None:
    reconciling.reconcile(lambda _what, _count: None)


@shared_task(name="checkout.send_gift")
def send_gift(gift_id: int) -> None:
    gifts.send_gift(Gift.objects.get(pk=gift_id))


@shared_task(name="checkout.send_due_gifts")
def send_due_gifts() -> None:
    for gift in Gift.objects.due()[:BATCH]:
        gifts.send_gift(gift)


@shared_task(name="checkout.expire_due_orders")
def expire_due_orders() -> None:
    for order in Order.objects.overdue()[:BATCH]:
        try:
            payments.expire_order(order)
        except ProviderUnavailable:
            continue  # asked again at the next sweep


@shared_task(name="checkout.send_demo_webhook", autoretry_for=(OSError,), retry_backoff=2, max_retries=3)
def send_demo_webhook(charge_id: int) -> None:
    demo.send_webhook(DemoCharge.objects.get(pk=charge_id))
