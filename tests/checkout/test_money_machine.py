"""Any story of money, in any order, with loss and death at any point: nothing lies, and all ends alike.

MONEY_STORIES is how many are told. They are the same each time; HYPOTHESIS_PROFILE=random tells others.
"""

import logging
import os
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as tell_stories
from stripe import RequestsClient

from checkout import refund_requests, tasks
from checkout.models import DemoCharge, Order, OrderLine, Payment, Refund
from checkout.payments import start_payment
from checkout.providers import demo
from checkout.refunds import request_refund
from tests.checkout.money_world import World
from tests.doubles import paypal_wire, stripe_wire
from tests.doubles.direct import direct_wire
from tests.doubles.paypal import PayPalDouble
from tests.doubles.stripe import StripeDouble
from tests.factories import make_product

STORIES = int(os.environ.get("MONEY_STORIES", "40"))
STEPS = 20
PRICES = (700, 500)
PROVIDERS = ["stripe", "paypal", "demo"]
pick = st.integers(0, 20)
FAULTS = ["ERROR", "TOO_MANY", "DROP_BEFORE", "DROP_AFTER"]


class MoneyMachine(RuleBasedStateMachine):
    world: World  # both given by the test
    shop_settings: Any

    @initialize(
        provider=st.sampled_from(PROVIDERS), begins=st.sampled_from(["pay", "tell", "tell", "delay", ""])
    )
    def begin(self, provider: str, begins: str) -> None:
        """Most stories begin with money, and with a shop that knows of it."""
        self.world.begin()
        self.start(provider)
        if begins:
            self.act_on_the_page(0, "delay" if begins == "delay" else "pay")
        if begins == "tell":
            self.world.sweep()

    def teardown(self) -> None:
        self.world.end()

    @invariant()
    def nothing_lies(self) -> None:
        self.world.check()

    # --- the buyer -------------------------------------------------------------------------------

    @precondition(lambda self: self.world.fresh_order().is_pending)
    @rule(provider=st.sampled_from(PROVIDERS))
    def start(self, provider: str) -> None:
        self.world.run(start_payment, self.world.fresh_order(), provider)

    def opened(self) -> list[Payment]:
        """The pages at which nobody has agreed or paid yet."""
        stripe, paypal = self.world.stripe, self.world.paypal
        open_there = {key for key, each in stripe.sessions.items() if each["status"] == "open"}
        open_there |= {key for key, each in paypal.orders.items() if each["status"] != "COMPLETED"}
        open_there |= set(DemoCharge.objects.filter(status="open").values_list("reference", flat=True))
        return list(Payment.objects.filter(reference__in=open_there).exclude(redirect_url="").order_by("pk"))

    @precondition(lambda self: self.opened())
    @rule(which=pick, outcome=st.sampled_from(["pay", "pay", "delay", "decline"]))
    def act_on_the_page(self, which: int, outcome: str) -> None:
        payment = self.opened()[which % len(self.opened())]
        if payment.provider == "demo":
            demo.decide(DemoCharge.objects.get(reference=payment.reference), outcome)
        elif payment.provider == "stripe":
            deeds = {"pay": "pay", "delay": "pay_later", "decline": "decline"}
            getattr(self.world.stripe, deeds[outcome])(payment.reference)
        else:
            plans = {"pay": "approve", "delay": "hold", "decline": "decline"}
            self.world.paypal.approve(payment.reference, plans[outcome])

    def delayed(self) -> list[tuple[str, str]]:
        stripe, paypal = self.world.stripe, self.world.paypal
        waits = {key for key, intent in stripe.book.intents.items() if intent["status"] == "processing"}
        sessions = [key for key, each in stripe.sessions.items() if each["payment_intent"] in waits]
        held = [key for key in paypal.orders if _capture(paypal, key).get("status") == "PENDING"]
        demos = DemoCharge.objects.filter(status="delayed", pays_at__gt=timezone.now())
        references = demos.values_list("reference", flat=True)
        return [
            *[("stripe", key) for key in sessions],
            *[("paypal", key) for key in held],
            *[("demo", key) for key in references],
        ]

    @precondition(lambda self: self.delayed())
    @rule(which=pick, is_paid=st.booleans())
    def end_delay(self, which: int, is_paid: bool) -> None:
        provider, reference = self.delayed()[which % len(self.delayed())]
        if provider == "stripe":
            self.world.stripe.settle(reference, is_paid=is_paid)
        elif provider == "paypal":
            self.world.paypal.settle(reference, "COMPLETED" if is_paid else "DECLINED")
        else:
            DemoCharge.objects.filter(reference=reference).update(pays_at=timezone.now())

    @precondition(lambda self: self.world.fresh_order().status == "paid")
    @rule(auto=st.booleans())
    def ask_for_refund(self, auto: bool) -> None:
        self.shop_settings.REFUNDS_AUTO_APPROVE = auto
        self.world.run(refund_requests.ask_for_refund, self.world.fresh_order(), "It is not for me.")

    # --- staff -----------------------------------------------------------------------------------

    def taken(self) -> list[Payment]:
        return list(Payment.objects.filter(status="succeeded").order_by("pk"))

    @precondition(lambda self: self.taken())
    @rule(
        which=pick,
        amount=st.sampled_from([1, 500, 700, 1200]),
        revokes=st.booleans(),
        named=st.booleans(),
        is_slow=st.booleans(),
    )
    def refund(self, which: int, amount: int, revokes: bool, named: bool, is_slow: bool) -> None:
        self.world.stripe.refund_status = "pending" if is_slow else "succeeded"
        self.world.paypal.refund_status = "PENDING" if is_slow else "COMPLETED"
        payment = self.taken()[which % len(self.taken())]
        lines = dict.fromkeys(OrderLine.objects.filter(amount=amount), amount) if named else {}
        self.world.run(
            request_refund,
            payment,
            amount,
            reason=Refund.Reason.REQUESTED,
            source=Refund.Source.STAFF,
            lines=lines,
            revokes_access=revokes,
        )

    @precondition(lambda self: Order.objects.filter(status="pending").exists())
    @rule()
    def let_a_day_pass(self) -> None:
        past = timezone.now() - timedelta(minutes=1)
        Order.objects.filter(status="pending").update(expires_at=past)
        Payment.objects.filter(status="pending").update(expires_at=past)
        for session in list(self.world.stripe.sessions.values()):
            if session["status"] == "open":
                self.world.stripe.expire(session["id"])
        self.world.forget_keys()
        self.world.run(tasks.expire_due_orders)

    # --- at the provider -------------------------------------------------------------------------

    def at_stripe_or_paypal(self) -> list[tuple[str, str]]:
        """Whatever took money there, whether the shop knows of it or not."""
        stripe, paypal = self.world.stripe, self.world.paypal
        paid = [("stripe", key) for key, each in stripe.sessions.items() if each["payment_status"] == "paid"]
        states = {"COMPLETED", "PARTIALLY_REFUNDED"}
        return paid + [
            ("paypal", key) for key in paypal.orders if _capture(paypal, key).get("status") in states
        ]

    @precondition(lambda self: self.at_stripe_or_paypal())
    @rule(which=pick, amount=st.sampled_from([1, 500, 1200]))
    def refund_there(self, which: int, amount: int) -> None:
        provider, reference = self.at_stripe_or_paypal()[which % len(self.at_stripe_or_paypal())]
        if provider == "stripe":
            self.world.stripe.refund_in_dashboard(reference, amount, self.world.stripe.refund_status)
        elif amount <= self._rest(provider, reference) and not self._is_disputed(provider, reference):
            self.world.paypal.refund_by_hand(reference, f"{amount / 100:.2f}")

    def _rest(self, provider: str, reference: str) -> int:
        if provider == "stripe":
            intent = self.world.stripe.sessions[reference]["payment_intent"]
            return 1200 - self.world.stripe.book.given_back(intent)
        given = self.world.paypal.book._given_back(_capture(self.world.paypal, reference)["id"])
        return 1200 - int(given * 100)

    @precondition(lambda self: self.world.stripe.refunds or self.world.paypal.refunds)
    @rule(which=pick, succeeds=st.booleans())
    def end_refund(self, which: int, succeeds: bool) -> None:
        """A refund that was under way ends; one that had succeeded fails days later."""
        stripe, paypal = self.world.stripe, self.world.paypal
        made = [(stripe, key) for key in stripe.refunds] + [(paypal, key) for key in paypal.refunds]
        double, reference = made[which % len(made)]
        status, words = double.refunds[reference]["status"], {True: "succeeded", False: "failed"}
        if double is paypal:
            words = {True: "COMPLETED", False: "FAILED"}
        if status.lower() == "pending" or (status == words[True] and not succeeds):
            double.settle_refund(reference, words[succeeds])

    @precondition(lambda self: self.at_stripe_or_paypal())
    @rule(which=pick, is_warning=st.booleans())
    def dispute(self, which: int, is_warning: bool) -> None:
        provider, reference = self.at_stripe_or_paypal()[which % len(self.at_stripe_or_paypal())]
        rest = self._rest(provider, reference)
        if not rest or self._is_disputed(provider, reference):
            return
        if provider == "stripe":
            self.world.stripe.dispute(reference, "warning_needs_response" if is_warning else "needs_response")
        else:
            self.world.paypal.dispute(reference, "INQUIRY" if is_warning else "CHARGEBACK")
            told = list(self.world.paypal.book.disputes.values())[-1]
            told["dispute_amount"] = {**told["dispute_amount"], "value": f"{rest / 100:.2f}"}

    def _is_disputed(self, provider: str, reference: str) -> bool:
        if provider == "stripe":
            intent = self.world.stripe.sessions[reference]["payment_intent"]
            return any(each["payment_intent"] == intent for each in self.world.stripe.book.disputes.values())
        book, capture = self.world.paypal.book, _capture(self.world.paypal, reference)
        return any(book._is_about(each, capture["id"]) for each in book.disputes.values())

    @precondition(lambda self: self.world.stripe.book.disputes or self.world.paypal.book.disputes)
    @rule(which=pick, end=st.sampled_from(["escalate", "won", "lost"]), is_in_part=st.booleans())
    def move_dispute(self, which: int, end: str, is_in_part: bool) -> None:
        stripe, paypal = self.world.stripe, self.world.paypal
        disputes = [(stripe, key) for key in stripe.book.disputes] + [
            (paypal, key) for key in paypal.book.disputes
        ]
        double, reference = disputes[which % len(disputes)]
        told = double.book.disputes[reference]
        if double is stripe and told["status"] in ("lost", "appeal_under_review"):
            stripe.move_dispute(reference, {"escalate": "appeal_under_review"}.get(end, end))
        elif double is stripe and told["status"] not in ("won", "warning_closed"):
            is_warning = told["status"].startswith("warning")
            words = {"escalate": "needs_response", "won": "warning_closed" if is_warning else "won"}
            if is_warning and end != "won":  # the bank takes what is left
                told["amount"] = 1200 - stripe.book.given_back(told["payment_intent"])
            stripe.move_dispute(reference, words.get(end, "needs_response" if is_warning else "lost"))
        if double is paypal and told["status"] != "RESOLVED":
            if end == "escalate" or (end == "lost" and told["dispute_life_cycle_stage"] == "INQUIRY"):
                told["dispute_life_cycle_stage"] = "CHARGEBACK"
            else:
                buyers = "RESOLVED_BUYER_FAVOUR" if end == "lost" else "RESOLVED_SELLER_FAVOUR"
                paypal.resolve(reference, buyers)
                if is_in_part and end == "lost":
                    told["dispute_outcome"]["amount_refunded"] = {**told["dispute_amount"], "value": "0.50"}

    @precondition(lambda self: self.at_stripe_or_paypal())
    @rule(which=pick)
    def warn(self, which: int) -> None:
        provider, reference = self.at_stripe_or_paypal()[which % len(self.at_stripe_or_paypal())]
        if provider == "stripe" and not self.world.stripe.book.warnings:
            self.world.stripe.warn(reference)

    # --- messages, loss and death ----------------------------------------------------------------

    @precondition(lambda self: self.world.events())
    @rule(which=pick, times=st.sampled_from([1, 1, 3]))
    def tell(self, which: int, times: int) -> None:
        """A webhook comes: on time, days late, again, before or after any other."""
        events = self.world.events()
        for _copy in range(times):
            self.world.tell(*events[-1 - which % len(events)])

    @precondition(lambda self: self.world.queue)
    @rule(which=pick, deed=st.sampled_from(["work", "work", "lose", "double"]))
    def take_a_message(self, which: int, deed: str) -> None:
        queue = self.world.queue
        if deed == "double":
            queue.append(queue[which % len(queue)])
        if deed == "lose":
            queue.pop(which % len(queue))
        else:
            self.world.work(which)

    @rule()
    def sweep(self) -> None:
        self.world.sweep()

    @rule(kind=st.sampled_from(["kill", "kill", *FAULTS, "forget"]), number=st.integers(1, 25))
    def make_trouble(self, kind: str, number: int) -> None:
        """A process dies at this of the next commits and calls; or calls fail; or providers forget keys."""
        stripe, paypal = self.world.stripe, self.world.paypal
        if kind == "kill":
            self.world.dies_in = number
        elif kind == "forget":
            self.world.forget_keys()
        else:
            stripe.fail(stripe_wire.Fault[kind], times=number % 2 + 1)
            paypal.fail(paypal_wire.Fault[kind], times=number % 2 + 1)


def _capture(paypal: PayPalDouble, order_id: str) -> dict[str, Any]:
    (unit,) = paypal.orders[order_id]["purchase_units"]
    return next(iter(unit.get("payments", {}).get("captures", ())), {})


@pytest.mark.django_db
def test_no_story_makes_the_books_lie(
    settings: Any, stripe: StripeDouble, paypal: PayPalDouble, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    settings.ADMINS = [("Staff", "staff@example.com")]
    monkeypatch.setattr(RequestsClient, "INITIAL_DELAY", 0.0)
    monkeypatch.setattr(RequestsClient, "MAX_DELAY", 0.0)
    world = World(stripe, paypal, [make_product(price) for price in PRICES])
    MoneyMachine.world, MoneyMachine.shop_settings = world, settings

    caplog.set_level(logging.CRITICAL)

    with direct_wire(stripe, paypal, hook=world.point):
        tell_stories(
            MoneyMachine,
            settings=hypothesis_settings(
                max_examples=STORIES, stateful_step_count=STEPS, phases=[Phase.generate]
            ),  # a story is short enough to be read as it is, and shrinking it takes minutes
        )
