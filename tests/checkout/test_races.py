"""Everything here happens at once, in real threads with connections of their own, on either database."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core import mail
from django.db import connections
from django.test import Client

from accounts.models import User
from checkout import inbox, tasks
from checkout.cart import Cart
from checkout.errors import RefundsChanged, RefundTooLarge
from checkout.evidence import ask_for_evidence
from checkout.models import (
    DemoCharge,
    Dispute,
    Evidence,
    Order,
    OrderEvent,
    Payment,
    Refund,
    RefundRequest,
    WebhookEvent,
)
from checkout.payments import start_payment, sync_payment
from checkout.placing import place_order
from checkout.providers import demo
from checkout.refunds import execute_refund, request_refund
from checkout.staff_refunds import refund_again, refund_as_shown
from delivery.models import DownloadGrant
from storefront.celery import app
from storefront.limits import within_limit
from storefront.mail import deliver, write_mail
from storefront.models import LimitCount, OutgoingMail
from tests.doubles.stripe import StripeDouble
from tests.factories import (
    make_buyer,
    make_cart,
    make_product,
    make_user,
    paid_order,
    pending_order,
    started_payment,
)

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """What each deed gives, all begun in the same moment; an error in any of them is the test's."""
    start = threading.Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return deed()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return [future.result() for future in [pool.submit(run, deed) for deed in deeds]]


def paid_at_the_provider(order: Order | None = None) -> Payment:
    payment = started_payment(order)
    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    return payment


def assert_delivered_once() -> None:
    assert Order.objects.get().status == Order.Status.PAID
    assert OrderEvent.objects.filter(name="order.paid").count() == 1
    assert DownloadGrant.objects.count() == 1
    assert OutgoingMail.objects.get().attempts == 1
    assert len(mail.outbox) == 1
    assert not Refund.objects.exists()


def test_100_copies_of_a_webhook_are_one_delivery(live_server: Any) -> None:
    payment = paid_at_the_provider()
    event = {"id": "event-1", "type": "charge.paid", "key": payment.key, "reference": payment.reference}
    body, stamp = json.dumps(event).encode(), str(int(time.time()))
    headers = {"Demo-Signature": f"t={stamp},v1={demo._signature(stamp, body)}"}

    def send() -> int:
        request = urllib.request.Request(f"{live_server}/webhooks/demo/", body, headers)
        for _each in range(20):
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                return error.code
            except OSError:  # more come than the test's server lets wait: providers try again then, too
                time.sleep(0.05)
        return 0

    answers = at_once(*[lambda: [send() for _copy in range(4)]] * 25)

    assert Counter(sum(answers, [])) == {200: 100}
    assert WebhookEvent.objects.get().attempts == 1
    assert_delivered_once()


def test_return_page_webhook_sweeps_and_staff_pay_an_order_once() -> None:
    payment = paid_at_the_provider()
    event = WebhookEvent.objects.create(
        provider="demo", external_id="1", type="charge.paid", payment_key=payment.key, body="{}"
    )

    def look() -> int:
        return Client().get(f"/orders/{payment.order.token}/").status_code

    results = at_once(
        look,
        look,
        lambda: inbox.handle(WebhookEvent.objects.get(pk=event.pk)),
        tasks.handle_due_webhooks,
        tasks.sync_due_payments,
        tasks.handle_due_events,
        lambda: sync_payment(Payment.objects.get()),
        lambda: sync_payment(Payment.objects.get()),
    )

    assert results[:2] == [200, 200]
    assert_delivered_once()


def test_one_cart_sent_many_times_at_once_is_one_order() -> None:
    session = make_cart(make_product(1250))._session
    carts = [Cart(SessionStore()) for _each in range(8)]
    for cart in carts:
        cart._session.update(dict(session.items()))

    orders = at_once(*[lambda cart=cart: place_order(cart, make_buyer()) for cart in carts])

    assert len(set(orders)) == Order.objects.count() == 1
    assert OrderEvent.objects.filter(name="order.placed").count() == 1


def test_one_cart_sent_for_two_addresses_at_once_is_two_orders() -> None:
    session = make_cart(make_product(1250))._session
    carts = [Cart(SessionStore()) for _each in range(4)]
    for cart in carts:
        cart._session.update(dict(session.items()))

    orders = at_once(
        *[
            lambda cart=cart, number=number: place_order(cart, make_buyer(f"buyer{number % 2}@example.com"))
            for number, cart in enumerate(carts)
        ]
    )

    assert {order.email for order in orders} == {"buyer0@example.com", "buyer1@example.com"}
    assert Order.objects.count() in (
        2,
        3,
    )  # each address has an order; a key that was taken becomes a new one


def test_a_double_click_on_pay_is_one_order_and_one_page() -> None:
    browsers = [Client(), Client()]
    browsers[0].post("/cart/lines/", {"variant": make_product(1250).variants.get().pk})
    browsers[1].cookies = browsers[0].cookies
    form = {"email": "mona@example.com", "country": "EG", "provider": "demo"}

    answers = at_once(*[lambda browser=browser: browser.post("/checkout/", form) for browser in browsers])

    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert (Order.objects.count(), Payment.objects.count(), DemoCharge.objects.count()) == (1, 1, 1)


def test_a_payment_started_many_times_at_once_is_one_page(stripe: StripeDouble) -> None:
    order = pending_order()

    payments = at_once(*[lambda: start_payment(Order.objects.get(pk=order.pk), "stripe")] * 6)

    assert len({payment.redirect_url for payment in payments}) == 1
    assert list(stripe.sessions) == [Payment.objects.get().reference]


def test_two_payments_that_settle_at_once_are_one_order_and_one_refund(stripe: StripeDouble) -> None:
    order = pending_order(make_product(1250))
    first, second = paid_at_the_provider(order), start_payment(order, "stripe")
    stripe.pay(second.reference)

    at_once(*[lambda pk=pk: sync_payment(Payment.objects.get(pk=pk)) for pk in (first.pk, second.pk) * 3])

    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.status) == (1250, Refund.Reason.DUPLICATE, "succeeded")
    assert len(stripe.refunds) + len(DemoCharge.objects.get().refund_references) == 1
    assert Order.objects.get().status == Order.Status.PAID
    assert (DownloadGrant.objects.count(), len(mail.outbox)) == (1, 1)


def test_a_refund_carried_out_many_times_at_once_gives_back_once(stripe: StripeDouble) -> None:
    payment = start_payment(pending_order(), "stripe")
    stripe.pay(payment.reference)
    payment = sync_payment(payment)
    Refund.objects.create(payment=payment, amount=500, reason=Refund.Reason.REQUESTED)

    at_once(*[lambda: execute_refund(Refund.objects.get())] * 5, tasks.execute_due_refunds)

    assert [refund["amount"] for refund in stripe.refunds.values()] == [500]
    assert OrderEvent.objects.filter(name="order.refunded").count() == 1
    assert Order.objects.get().status == Order.Status.PARTIALLY_REFUNDED


def test_refunds_asked_for_at_once_never_exceed_the_payment() -> None:
    payment = paid_order(make_product(1000)).payments.get()

    def ask() -> int:
        try:
            return request_refund(
                payment, 600, reason=Refund.Reason.REQUESTED, source=Refund.Source.STAFF
            ).amount
        except RefundTooLarge:
            return 0

    assert sorted(at_once(*[ask] * 4)) == [0, 0, 0, 600]
    assert DemoCharge.objects.get().refunded == 600


def test_limits_are_exact_among_50() -> None:
    def attempts() -> int:
        return sum(within_limit("a", "key", limit=20, per=timedelta(days=1)) for _each in range(2))

    assert sum(at_once(*[attempts] * 25)) == 20
    assert LimitCount.objects.get().count == 20


def test_free_orders_in_any_order_of_lines_do_not_block_one_another() -> None:
    books = make_product(0), make_product(0), make_product(0)
    carts = [make_cart(*books), make_cart(*books[::-1])] * 4

    orders = at_once(
        *[
            lambda cart=cart, number=number: place_order(
                cart, make_buyer(f"buyer{number}@example.com", client_address=f"10.0.0.{number}")
            )
            for number, cart in enumerate([Cart(_copy(cart)) for cart in carts])
        ]
    )

    assert {order.status for order in orders} == {Order.Status.PAID}
    assert Order.objects.count() == 8


def _copy(cart: Cart) -> SessionStore:
    session = SessionStore()
    session.update({"cart": cart._session["cart"], "cart_key": f"key-{time.monotonic_ns()}"})
    return session


def test_a_mail_taken_by_many_workers_is_sent_once() -> None:
    row = OutgoingMail.objects.create(cause="x", to="mona@example.com", language="en", subject="s", text="t")

    at_once(*[lambda: deliver(OutgoingMail.objects.get(pk=row.pk))] * 6)

    assert (len(mail.outbox), OutgoingMail.objects.get().attempts) == (1, 1)


def test_a_mail_promised_many_times_at_once_is_one_mail() -> None:
    def promise() -> OutgoingMail:
        return write_mail(cause="order.paid:1", to="mona@example.com", language="en", subject="s", text="t")

    rows = at_once(*[promise] * 6)

    assert len(set(rows)) == OutgoingMail.objects.count() == len(mail.outbox) == 1


def test_an_order_expires_or_is_paid_and_never_both() -> None:
    payment = paid_at_the_provider()
    Order.objects.update(expires_at=payment.created_at)

    at_once(
        tasks.expire_due_orders,
        tasks.expire_due_orders,
        lambda: sync_payment(Payment.objects.get()),
        lambda: Order.objects.get().expire(),
    )

    order = Order.objects.get()
    assert order.status == Order.Status.PAID
    assert DownloadGrant.objects.count() == 1


def test_staff_who_click_at_once_give_back_once() -> None:
    payment = paid_order(make_product(1000)).payments.get()
    people = [make_user() for _each in range(5)]

    def refund(by: User) -> bool:
        try:
            refund_as_shown(
                payment, 100, left=1000, reason=Refund.Reason.OTHER, source=Refund.Source.STAFF, by=by
            )
        except RefundsChanged:
            return False
        return True

    assert Counter(at_once(*(partial(refund, by) for by in people))) == {True: 1, False: 4}
    assert Refund.objects.get().amount == 100


def test_a_failed_refund_that_all_run_again_is_one_new_refund() -> None:
    payment = paid_order(make_product(1000)).payments.get()
    failed = request_refund(payment, 100, reason=Refund.Reason.OTHER, source=Refund.Source.SHOP)
    Refund.objects.update(status=Refund.Status.FAILED)
    people = [make_user() for _each in range(5)]

    tries = at_once(*(partial(refund_again, Refund.objects.get(pk=failed.pk), by=by) for by in people))

    assert len({each.pk for each in tries}) == 1
    assert Refund.objects.count() == 2


def test_evidence_that_all_ask_for_is_printed_once() -> None:
    dispute = Dispute.objects.create(payment=paid_order().payments.get(), reference="dp_1", amount=1200)
    people = [make_user() for _each in range(5)]
    app.conf.task_always_eager = False

    at_once(*(partial(ask_for_evidence, dispute, language="en", by=by) for by in people))

    assert Evidence.objects.count() == 1


@pytest.mark.parametrize("round_", range(5))
def test_a_refund_asked_for_by_many_clicks_is_given_once(settings: Any, round_: int) -> None:
    settings.REFUNDS_AUTO_APPROVE = True
    order = paid_order()

    def click() -> int:
        return Client().post(f"/orders/{order.token}/refund-request/", {"words": f"{round_}"}).status_code

    assert at_once(*[click] * 6) == [302] * 6

    tasks.execute_due_refunds()
    assert RefundRequest.objects.get().status == RefundRequest.Status.APPROVED
    assert (Refund.objects.get().amount, DemoCharge.objects.get().refunded) == (1200, 1200)
    assert Order.objects.get().status == Order.Status.REFUNDED
