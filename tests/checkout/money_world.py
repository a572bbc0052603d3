"""A shop whose processes can die at any point, a queue that loses, doubles and delays, and three providers.

All of it runs in one transaction that is undone at the end, so a story costs little. What the shop commits is
a savepoint here: an exception that nobody can catch, thrown right after one or before or after a call to a
provider, leaves behind what kill -9 would.
"""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.test import RequestFactory
from django.utils import timezone

from catalog.models import Product
from checkout import inbox, reconciling
from checkout.errors import BadWebhookSignature
from checkout.models import DemoCharge, Order, OrderEvent, Payment, Refund, WebhookEvent
from checkout.placing import place_order
from checkout.providers import demo, get_provider
from invoicing.checking import faults
from storefront.celery import app
from storefront.errors import StorefrontError
from storefront.models import OutgoingMail
from tests.checkout.money_model import assert_books_agree, assert_nothing_lies, charges
from tests.doubles.paypal import PayPalDouble
from tests.doubles.stripe import StripeDouble
from tests.factories import make_buyer, make_cart

LONG_AGO = timezone.now() - timedelta(days=3650)
SWEEPS = [
    "checkout.handle_due_webhooks",
    "checkout.sync_due_payments",
    "checkout.handle_due_events",
    "checkout.execute_due_refunds",
    "checkout.expire_due_orders",
    "storefront.send_due_mails",
]


class Killed(BaseException):
    """The process ends here, and nothing of it runs any more."""


class World:
    def __init__(self, stripe: StripeDouble, paypal: PayPalDouble, products: list[Product]) -> None:
        self.stripe, self.paypal, self.products = stripe, paypal, products
        self.queue: list[tuple[str, tuple[int, ...]]] = []
        self.dies_in = 0  # points from now; 0 is never
        self._is_running = False

    # --- a story begins and ends -----------------------------------------------------------------

    def begin(self) -> None:
        self.stripe.start_anew()
        self.paypal.start_anew()
        self.queue.clear()
        self.dies_in = 0
        self._story = transaction.atomic()
        self._story.__enter__()
        self._depth = len(connection.atomic_blocks)
        self._watch = connection.execute_wrapper(self._after_commits)
        self._watch.__enter__()
        self.order = place_order(make_cart(*self.products), make_buyer())
        self._take_messages()

    def end(self) -> None:
        """Everybody who was away is back, a day passes, the sweeps run: then the books must agree.

        A day, for so long Stripe gives a server error again to whoever comes with the same key.
        """
        try:
            self.stripe.recover()
            self.paypal.heal()
            self.forget_keys()
            self.dies_in = 0
            for _turn in range(3):
                self.sweep()
            self.run(reconciling.reconcile, lambda _what, _count: None)
            self.run(reconciling.compare_with_providers, LONG_AGO, lambda _what, _count: None)
            for _turn in range(2):
                self.sweep()
            self.check()
            assert_books_agree(charges(self.stripe, self.paypal))
            assert list(faults(lambda _what, _count: None)) == []  # of the invoices
            assert [*self.stripe.complaints, *self.paypal.complaints] == []
        finally:
            self._watch.__exit__(None, None, None)
            transaction.set_rollback(True)
            self._story.__exit__(None, None, None)
            connection.run_on_commit = []

    def forget_keys(self) -> None:
        self.stripe.forget_keys()
        self.paypal.forget_keys()

    def check(self) -> None:
        assert_nothing_lies(charges(self.stripe, self.paypal))

    # --- processes -------------------------------------------------------------------------------

    def point(self, _what: str) -> None:
        """A place where the process may die. Calls to providers stand outside of any transaction."""
        assert len(connection.atomic_blocks) == self._depth, "a call to a provider inside a transaction"
        self.dies_in -= self._is_running
        if self._is_running and self.dies_in == 0:
            raise Killed

    def _after_commits(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        done = execute(sql, *rest)
        is_write = not sql.startswith(("SELECT", "SAVEPOINT", "ROLLBACK"))
        if is_write and len(connection.atomic_blocks) == self._depth:
            self.point(sql)
        return done

    def run(self, deed: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """A deed in a process of its own: it may be refused or killed; its messages wait in the queue."""
        self._is_running = True
        try:
            deed(*args, **kwargs)
        except (Killed, StorefrontError):
            pass
        finally:
            self._is_running = False
            self._take_messages()

    def _take_messages(self) -> None:
        sent: list[Any] = connection.run_on_commit
        connection.run_on_commit = []
        self.queue += [send.args for _savepoints, send, _robust in sent]

    def work(self, pick: int) -> None:
        """A worker takes one of the messages."""
        name, ids = self.queue.pop(pick % len(self.queue))
        self.run(app.tasks[name], *ids)

    def sweep(self) -> None:
        """Time passes: claims of the dead end, and the sweeps take up what is due. Messages may wait on."""
        now = timezone.now()
        for rows in (OrderEvent.objects, WebhookEvent.objects):
            rows.filter(handled_at=None).update(next_attempt_at=now)
        OutgoingMail.objects.filter(status="pending").update(next_attempt_at=now)
        Refund.objects.filter(status="pending").update(next_attempt_at=now)
        Payment.objects.filter(status="pending").update(next_check_at=now, checked_at=None)
        for name in SWEEPS:
            self.run(app.tasks[name])

    # --- what providers tell ---------------------------------------------------------------------

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """All that ever happened at the providers: each may be told at any time, and more than once."""
        told = [("stripe", event) for event in self.stripe.events]
        told += [("paypal", event) for event in self.paypal.events]
        return told + [("demo", demo._told(charge)) for charge in DemoCharge.objects.exclude(status="open")]

    def tell(self, provider: str, event: dict[str, Any]) -> None:
        body, headers = self._signed(provider, event)
        request = RequestFactory().post(
            f"/webhooks/{provider}/", body, content_type="application/json", headers=headers
        )
        self.run(self._receive, provider, request)

    @staticmethod
    def _receive(provider: str, request: Any) -> None:
        try:
            inbox.receive(get_provider(provider), request)
        except BadWebhookSignature as error:
            raise AssertionError("a true message was not believed") from error

    def _signed(self, provider: str, event: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        if provider != "demo":
            return getattr(self, provider).signed(event)
        body, stamp = json.dumps(event).encode(), str(int(time.time()))
        return body, {"Demo-Signature": f"t={stamp},v1={demo._signature(stamp, body)}"}

    def fresh_order(self) -> Order:
        return Order.objects.get(pk=self.order.pk)
