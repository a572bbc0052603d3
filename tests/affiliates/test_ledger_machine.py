"""Any story of clicks, sales, refunds, disputes and payouts, in any order: a dictionary knows what is owed.

LEDGER_STORIES is how many are told. They are the same each time; HYPOTHESIS_PROFILE=random tells others.
"""

import contextlib
import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as tell_stories

from affiliates import ledger
from affiliates.ledger import adjust, balances, close_periods
from affiliates.models import Affiliate, Payout
from affiliates.payouts import due, make_batches, mark_paid, take_back
from affiliates.proving import breaches
from affiliates.visits import Visit, sign
from checkout import reactions
from checkout.disputes import book_disputes
from checkout.models import Dispute, Order, OrderEvent, Refund
from checkout.placing import place_order
from checkout.providers.base import DisputeResult, DisputeState, RefundResult, RefundState
from checkout.refunds import request_refund, settle_refund
from storefront.errors import StorefrontError
from storefront.money import allocate
from tests.factories import make_affiliate, make_buyer, make_cart, make_product, make_user, pay

STORIES = int(os.environ.get("LEDGER_STORIES", "30"))
STEPS = 25
HOLD = 30  # days
PRICES = (799, 501)
REAL_NOW = timezone.now
pick = st.integers(0, 20)


class Model:
    """What an affiliate is owed, in plain numbers: rows of (amount, when it is free, whether it was paid)."""

    def __init__(self) -> None:
        self.rows: dict[int, list[tuple[int, datetime, bool]]] = {}
        self.orders: dict[int, dict[str, Any]] = {}

    def add(self, affiliate: int, amount: int, free_at: datetime, *, is_payout: bool = False) -> None:
        self.rows.setdefault(affiliate, []).append((amount, free_at, is_payout))

    def standing(self, affiliate: int, now: datetime) -> tuple[int, int, int]:
        rows = self.rows.get(affiliate, [])
        return (
            sum(amount for amount, free_at, _paid in rows if free_at > now),
            sum(amount for amount, free_at, _paid in rows if free_at <= now),
            -sum(amount for amount, _free_at, is_payout in rows if is_payout),
        )

    def follow(self, order: int, now: datetime) -> None:
        """What is left of each commission, by all that goes back or is in question."""
        known = self.orders[order]
        amounts = known["amounts"]
        named = [0] * len(amounts)
        pool = sum(known["disputes"].values())
        for amount, place in known["refunds"].values():
            if place is None:
                pool += amount
            else:
                named[place] += amount
        named = [min(part, amount) for part, amount in zip(named, amounts, strict=True)]
        rest = [amount - part for amount, part in zip(amounts, named, strict=True)]
        parts = allocate(min(pool, sum(rest)), rest) if sum(rest) else rest
        for place, amount in enumerate(amounts):
            commission = (amount * 2000 + 5000) // 10_000
            gone = named[place] + parts[place]
            left = commission - (2 * commission * gone + amount) // (2 * amount)
            if left != known["left"][place]:
                self.add(known["affiliate"], left - known["left"][place], max(known["free_at"], now))
                known["left"][place] = left


class LedgerMachine(RuleBasedStateMachine):
    monkeypatch: pytest.MonkeyPatch  # given by the test

    @initialize(both=st.booleans(), is_handled=st.sampled_from([True, True, False]))
    def begin(self, both: bool, is_handled: bool) -> None:
        """Each story begins with a sale."""
        self.story = transaction.atomic()
        self.story.__enter__()
        self.offset, self.model, self.staff = timedelta(0), Model(), make_user()
        self.affiliates = [make_affiliate(), make_affiliate()]
        self.products = [make_product(price, refund_days=HOLD) for price in PRICES]
        self.came_by: Affiliate | None = None
        self.buyers = 0
        self.monkeypatch.setattr("django.utils.timezone.now", lambda: REAL_NOW() + self.offset)
        self.click(0)
        self.buy_and_pay(both=both, is_own=False)
        if is_handled:
            self.handle_all()

    def teardown(self) -> None:
        try:
            for event in OrderEvent.objects.filter(handled_at=None):
                self.handle(event)
            self.balances_are_what_the_model_says()
            assert list(breaches()) == []
        finally:
            self.monkeypatch.setattr("django.utils.timezone.now", REAL_NOW)
            transaction.set_rollback(True)
            self.story.__exit__(None, None, None)
            connection.run_on_commit = []

    @invariant()
    def balances_are_what_the_model_says(self) -> None:
        for affiliate in self.affiliates:
            stands = [(each.pending, each.available, each.paid) for each in balances(affiliate)]
            assert (stands or [(0, 0, 0)]) == [self.model.standing(affiliate.pk, timezone.now())]

    # --- buyers ----------------------------------------------------------------------------------

    @rule(which=st.sampled_from([0, 1]))
    def click(self, which: int) -> None:
        self.came_by = self.affiliates[which]

    @rule(both=st.booleans(), is_own=st.sampled_from([False, False, False, True]))
    def buy_and_pay(self, both: bool, is_own: bool) -> None:
        self.buyers += 1
        cart = make_cart(*self.products[: 1 + both])
        if self.came_by:
            cart._session["referral"] = sign(Visit.now(self.came_by.pk, "link"))
        email = self.came_by.user.email if is_own and self.came_by else f"buyer{self.buyers}@example.com"
        order = pay(place_order(cart, make_buyer(email)))
        self.model.orders[order.pk] = {
            "affiliate": self.came_by.pk if self.came_by and not is_own else None,
            "amounts": [line.amount for line in order.lines.order_by("pk")],
            "left": None,
            "free_at": order.paid_at + timedelta(days=HOLD) if order.paid_at else None,
            "refunds": {},
            "disputes": {},
        }

    # --- money goes back -------------------------------------------------------------------------

    def paid(self, which: int) -> Order:
        orders = list(Order.objects.exclude(paid_at=None).order_by("pk"))
        return orders[which % len(orders)]

    @rule(which=pick, amount=st.sampled_from([1, 200, 501, 0]), place=st.sampled_from([None, None, 0, 1]))
    def refund(self, which: int, amount: int, place: int | None) -> None:
        order = self.paid(which)
        payment, lines = order.payments.get(), list(order.lines.order_by("pk"))
        place = place if place is not None and place < len(lines) else None
        amount = amount or payment.refundable
        with contextlib.suppress(StorefrontError):
            refund = request_refund(
                payment,
                amount,
                reason=Refund.Reason.REQUESTED,
                source=Refund.Source.MANUAL,
                lines={} if place is None else {lines[place]: amount},
            )
            self.model.orders[order.pk]["refunds"][refund.pk] = (amount, place)

    @precondition(lambda self: Refund.objects.settled().exists())
    @rule(which=pick)
    def a_refund_fails(self, which: int) -> None:
        refunds = list(Refund.objects.settled().order_by("pk"))
        refund = refunds[which % len(refunds)]
        settle_refund(refund, RefundResult(RefundState.FAILED, refund.key, refund.amount))
        del self.model.orders[refund.payment.order_id]["refunds"][refund.pk]

    @rule(which=pick, amount=st.sampled_from([100, 501, 1300]))
    def dispute(self, which: int, amount: int) -> None:
        order = self.paid(which)
        reference = f"dp_{Dispute.objects.count()}"
        self.tell(
            order, DisputeResult(DisputeState.OPEN, reference, min(amount, order.total), "fraud", False)
        )
        self.model.orders[order.pk]["disputes"][reference] = min(amount, order.total)

    @precondition(lambda self: Dispute.objects.exclude(status="won").exists())
    @rule(which=pick, is_won=st.booleans(), is_in_part=st.booleans())
    def decide(self, which: int, is_won: bool, is_in_part: bool) -> None:
        """Won or lost; a lost one may be won by appeal, and a part may be lost only."""
        disputes = list(Dispute.objects.exclude(status="won").select_related("payment__order").order_by("pk"))
        dispute = disputes[which % len(disputes)]
        known = self.model.orders[dispute.payment.order_id]["disputes"]
        if dispute.status == "lost" and not is_won:
            return
        amount = dispute.amount // 2 if is_in_part and not is_won else dispute.amount
        state = DisputeState.WON if is_won else DisputeState.LOST
        self.tell(dispute.payment.order, DisputeResult(state, dispute.reference, amount, "fraud", False))
        if is_won:
            del known[dispute.reference]
        else:
            known[dispute.reference] = amount

    def tell(self, order: Order, result: DisputeResult) -> None:
        book_disputes(order.payments.get(), [result])

    # --- what follows ----------------------------------------------------------------------------

    @precondition(lambda self: OrderEvent.objects.filter(handled_at=None).exists())
    @rule(which=pick, twice=st.booleans())
    def handle_one(self, which: int, twice: bool) -> None:
        events = list(OrderEvent.objects.filter(handled_at=None).order_by("pk"))
        self.handle(events[which % len(events)])
        if twice:
            self.handle(events[which % len(events)])

    @rule()
    def handle_all(self) -> None:
        for event in OrderEvent.objects.filter(handled_at=None).order_by("pk"):
            self.handle(event)
        assert list(breaches()) == []

    def handle(self, event: OrderEvent) -> None:
        known = self.model.orders[event.order_id]
        if known["affiliate"] and event.name == "order.paid" and known["left"] is None:
            commissions = [(amount * 2000 + 5000) // 10_000 for amount in known["amounts"]]
            for commission in commissions:
                self.model.add(known["affiliate"], commission, max(known["free_at"], timezone.now()))
            known["left"] = commissions
        if known["left"] is not None:
            self.model.follow(event.order_id, timezone.now())
        reactions.react(OrderEvent.objects.select_related("order").get(pk=event.pk))

    # --- time and staff --------------------------------------------------------------------------

    @rule(days=st.sampled_from([1, 15, HOLD + 1]), closes=st.booleans())
    def time_passes(self, days: int, closes: bool) -> None:
        self.offset += timedelta(days=days)
        if closes:
            close_periods()

    @rule(which=st.sampled_from([0, 1]), amount=st.sampled_from([-300, -1, 5, 250]))
    def adjust(self, which: int, amount: int) -> None:
        affiliate = self.affiliates[which]
        key = str(len(self.model.rows.get(affiliate.pk, [])) + 100 * affiliate.pk)
        adjust(affiliate, amount, "USD", reason="Set right", by=self.staff, key=key)
        self.model.add(affiliate.pk, amount, timezone.now())

    @rule(is_stale=st.sampled_from([False, False, True]), waits=st.booleans())
    def pay_out(self, is_stale: bool, waits: bool) -> None:
        if waits:
            self.time_passes(days=HOLD + 1, closes=True)
        wishes = {(each.affiliate.pk, each.currency): each.amount - is_stale for each in due()}
        owed = {pk: self.model.standing(pk, timezone.now())[1] for pk in self.model.rows}
        assert {pk: sum_ + is_stale for (pk, _currency), sum_ in wishes.items()} == {
            pk: sum_ for pk, sum_ in owed.items() if sum_ > 0
        }
        with contextlib.suppress(StorefrontError):
            for batch in make_batches(wishes, by=self.staff):
                for payout in batch.payouts.all():
                    self.model.add(payout.affiliate_id, -payout.amount, timezone.now(), is_payout=True)

    @precondition(lambda self: Payout.objects.exclude(status="canceled").exists())
    @rule(which=pick, arrives=st.booleans())
    def end_payout(self, which: int, arrives: bool) -> None:
        payouts = list(Payout.objects.exclude(status="canceled").order_by("pk"))
        payout = payouts[which % len(payouts)]
        if arrives:
            mark_paid(payout, reference="TX", by=self.staff)
        elif take_back(payout, note="It came back"):
            self.model.add(payout.affiliate_id, payout.amount, timezone.now(), is_payout=True)


@pytest.mark.django_db
def test_no_story_makes_the_ledger_lie(monkeypatch: pytest.MonkeyPatch, lost_webhooks: None) -> None:
    LedgerMachine.monkeypatch = monkeypatch
    monkeypatch.setattr(ledger, "CLOSED_AFTER", 1)

    tell_stories(
        LedgerMachine,
        settings=hypothesis_settings(
            max_examples=STORIES, stateful_step_count=STEPS, phases=[Phase.generate]
        ),  # a story is short enough to be read as it is
    )
