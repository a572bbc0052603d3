"""The plain model: what the providers' own books say, and what the shop must then say. It knows no deed."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from checkout.models import DemoCharge, Mismatch, Order, OrderEvent, Payment, Refund, WebhookEvent
from delivery.models import DownloadGrant
from storefront.models import OutgoingMail
from tests.doubles.paypal import PayPalDouble
from tests.doubles.stripe import StripeDouble

STRIPE_WORDS = {
    "needs_response": "open",
    "appeal_under_review": "lost",
    "warning_needs_response": "open",
    "warning_closed": "won",
}
PAYPAL_WORDS = {
    "COMPLETED": "succeeded",
    "PENDING": "pending",
    "FAILED": "failed",
    "OPEN": "open",
    "RESOLVED_BUYER_FAVOUR": "lost",
    "RESOLVED_SELLER_FAVOUR": "won",
}


@dataclass
class Charge:
    """Money that a provider took, and what became of it there. Refunds and disputes by their reference."""

    key: str
    taken: int
    refunds: dict[str, tuple[int, str]] = field(default_factory=dict)
    disputes: dict[str, tuple[int, str, bool]] = field(default_factory=dict)  # the last says: a warning only
    refund_keys: list[str] = field(default_factory=list)

    @property
    def refunded(self) -> int:
        return sum(amount for amount, state in self.refunds.values() if state == "succeeded")

    @property
    def lost(self) -> int:
        return sum(amount for amount, state, warns in self.disputes.values() if state == "lost" and not warns)

    @property
    def on_its_way(self) -> int:
        return sum(amount for amount, state in self.refunds.values() if state == "pending")

    @property
    def is_disputed(self) -> bool:
        return any(state != "won" and not warns for _amount, state, warns in self.disputes.values())


def charges(stripe: StripeDouble, paypal: PayPalDouble) -> list[Charge]:
    """All money ever taken, by each provider's own account of it."""
    return [*_at_stripe(stripe), *_at_paypal(paypal), *_at_demo()]


def _at_stripe(double: StripeDouble) -> list[Charge]:
    found = []
    for session in double.sessions.values():
        if session["payment_status"] == "paid":
            intent = session["payment_intent"]
            charge = Charge(session["client_reference_id"], session["amount_total"])
            for each in _about(double.refunds, intent):
                charge.refunds[each["id"]] = (each["amount"], each["status"])
                charge.refund_keys += [each["metadata"]["refund"]] if each["metadata"] else []
            for each in _about(double.book.disputes, intent):
                word = each["status"]
                state = STRIPE_WORDS.get(word, word)
                charge.disputes[each["id"]] = (each["amount"], state, word.startswith("warning"))
            for each in _about(double.book.warnings, intent):
                charge.disputes[each["id"]] = (0, "open", True)
            found.append(charge)
    return found


def _about(rows: dict[str, dict[str, Any]], intent: str) -> list[dict[str, Any]]:
    return [row for row in rows.values() if row["payment_intent"] == intent]


def _at_paypal(double: PayPalDouble) -> list[Charge]:
    found = []
    for order in double.orders.values():
        (unit,) = order["purchase_units"]
        capture = next(iter(unit.get("payments", {}).get("captures", ())), None)
        if capture and capture["status"] not in ("PENDING", "DECLINED"):
            charge = Charge(unit["custom_id"], _cents(capture["amount"]))
            for each in unit["payments"].get("refunds", ()):
                charge.refunds[each["id"]] = (_cents(each["amount"]), PAYPAL_WORDS[each["status"]])
                charge.refund_keys += [each["invoice_id"]] if each["invoice_id"][:7] == "refund-" else []
            for reference, each in double.book.disputes.items():
                if double.book._is_about(each, capture["id"]):
                    charge.disputes[reference] = _paypal_dispute(each)
            found.append(charge)
    return found


def _paypal_dispute(told: dict[str, Any]) -> tuple[int, str, bool]:
    outcome = told.get("dispute_outcome", {})
    amount = outcome.get("amount_refunded", told["dispute_amount"])
    state = PAYPAL_WORDS[outcome.get("outcome_code", "OPEN")]
    return _cents(amount), state, told["dispute_life_cycle_stage"] == "INQUIRY"


def _cents(told: dict[str, str]) -> int:
    return int(Decimal(told["value"]) * 100)


def _at_demo() -> list[Charge]:
    found = []
    for row in DemoCharge.objects.all():
        if row.is_paid:
            keys = [reference.removeprefix("demo_") for reference in row.refund_references]
            made = {refund.key: refund.amount for refund in Refund.objects.filter(key__in=keys)}
            assert sum(made.values()) == row.refunded
            refunds = {f"demo_{key}": (made[key], "succeeded") for key in keys}
            found.append(Charge(row.key, row.amount, refunds, refund_keys=keys))
    return found


# --- After each step ---------------------------------------------------------------------------------


def assert_nothing_lies(taken: list[Charge]) -> None:
    """What holds at any moment, however much has been lost, killed or put off."""
    assert max(Counter(charge.key for charge in taken).values(), default=0) <= 1, "charged twice"
    by_key = {charge.key: charge for charge in taken}
    for charge in taken:
        assert charge.refunded + charge.on_its_way <= charge.taken, "more given back than taken, there"
        assert max(Counter(charge.refund_keys).values(), default=0) <= 1, "refunded twice"
    payments = list(Payment.objects.prefetch_related("refunds", "disputes").order_by("pk"))
    for payment in payments:
        if payment.status == "succeeded":
            assert payment.key in by_key, "paid here, and not there"
            _assert_backed(payment, by_key[payment.key])
    for order in Order.objects.all():
        _assert_status_follows_rows(order, [each for each in payments if each.order_id == order.pk])


def _assert_backed(payment: Payment, charge: Charge) -> None:
    settled = [refund for refund in payment.refunds.all() if refund.status == "succeeded"]
    assert sum(refund.amount for refund in settled) + _lost(payment) <= payment.amount, "refunded > captured"
    assert {refund.reference for refund in settled} <= charge.refunds.keys(), "refunded here, and not there"


def _lost(payment: Payment) -> int:
    disputes = payment.disputes.all()
    return sum(each.amount for each in disputes if each.status == "lost" and not each.is_warning)


def _assert_status_follows_rows(order: Order, payments: list[Payment]) -> None:
    """The status, and the events, are what the rows of money say."""
    paying = [each for each in payments if each.status == "succeeded" and not each.is_duplicate]
    assert len(paying) == int(order.paid_at is not None), "one payment pays an order"
    names = Counter(order.events.values_list("name", flat=True))
    assert names["order.paid"] == len(paying), "fulfilled once"
    assert order.status == _status(order, paying, is_expired=names["order.expired"] > 0)
    refunds = [refund for payment in payments for refund in payment.refunds.all()]
    settled = [each for each in refunds if each.status == "succeeded" and not each.payment.is_duplicate]
    assert names["order.refunded"] >= len(settled)
    assert names["order.refund_failed"] == sum(refund.status == "failed" for refund in refunds)
    disputes = [dispute for payment in payments for dispute in payment.disputes.all()]
    assert names["order.disputed"] >= len(disputes)
    for end in ("won", "lost"):
        assert names[f"order.dispute_{end}"] >= sum(dispute.status == end for dispute in disputes)
    if not paying:
        assert not DownloadGrant.objects.filter(line__order=order).exists(), "delivered without money"


def _status(order: Order, paying: list[Payment], *, is_expired: bool) -> str:
    if not paying:
        return "expired" if is_expired else "pending"
    (payment,) = paying
    settled = [refund.amount for refund in payment.refunds.all() if refund.status == "succeeded"]
    return _status_by(sum(settled) + _lost(payment), order.total)


def _status_by(returned: int, total: int) -> str:
    return "refunded" if returned >= total else "partially_refunded" if returned else "paid"


# --- When all is handled -----------------------------------------------------------------------------


def assert_books_agree(taken: list[Charge]) -> None:
    """What holds once the sweeps have run: both books say the same, and so do access and mails."""
    assert not OrderEvent.objects.filter(handled_at=None).exists()
    assert list(WebhookEvent.objects.filter(handled_at=None).values("type", "error")) == []
    assert list(Mismatch.objects.values("kind", "details")) == []
    assert {charge.key for charge in taken} == set(
        Payment.objects.filter(status="succeeded").values_list("key", flat=True)
    )
    for charge in taken:
        _assert_same(Payment.objects.get(key=charge.key), charge)
    for order in Order.objects.all():
        _assert_access(order, {charge.key: charge for charge in taken})
        _assert_mails(order)


def _assert_same(payment: Payment, charge: Charge) -> None:
    assert payment.amount == charge.taken
    assert not payment.refunds.filter(reference=None).exclude(status="failed").exists(), (
        "lost at the provider"
    )
    ours = {each.reference: (each.amount, each.status) for each in payment.refunds.exclude(reference=None)}
    unseen = {key: made for key, made in charge.refunds.items() if key not in ours}
    assert charge.refunds == ours | unseen
    assert {state for _amount, state in unseen.values()} <= {"failed"}, "a refund that we do not know"
    assert charge.disputes == {
        each.reference: (each.amount, each.status, each.is_warning) for each in payment.disputes.all()
    }
    if payment.is_duplicate and charge.refunded + charge.on_its_way + charge.lost < charge.taken:
        mails = [f"order.refund_failed:{event}:" for event in _failures_of(payment)]
        assert any(OutgoingMail.objects.filter(cause__startswith=mail).exists() for mail in mails), (
            "paid twice, and nobody knows"
        )


def _failures_of(payment: Payment) -> list[int]:
    events = payment.order.events.filter(name="order.refund_failed")
    mine = set(payment.refunds.values_list("pk", flat=True))
    return [event.pk for event in events if event.data["refund"] in mine]


def _assert_access(order: Order, taken: dict[str, Charge]) -> None:
    paying = order.payments.filter(status="succeeded", is_duplicate=False).first()
    lines = {line.pk for line in order.lines.all()}
    has = {each.line_id for each in DownloadGrant.objects.usable().filter(line__order=order)}
    if paying is None:
        assert has == set()
        return
    charge = taken[paying.key]
    returned = charge.refunded + charge.lost
    assert order.status == _status_by(returned, order.total)
    assert has == (set() if returned >= order.total or charge.is_disputed else lines - _taken_back(paying))


def _taken_back(paying: Payment) -> set[int]:
    lines: set[int] = set()
    for refund in paying.refunds.filter(status="succeeded", revokes_access=True):
        named = set(refund.lines.values_list("line", flat=True))
        lines |= named or set(paying.order.lines.values_list("pk", flat=True))
    return lines


def _assert_mails(order: Order) -> None:
    """One mail a cause, and a cause for each mail to the buyer."""
    causes = set(OutgoingMail.objects.filter(to=order.email).values_list("cause", flat=True))
    named = order.events.filter(name="order.refunded").values_list("data__refund", flat=True)
    refunded = {f"order.refunded:{refund}" for refund in named}
    assert refunded == {cause for cause in causes if cause.startswith("order.refunded")}
    delivered = {cause for cause in causes if cause.startswith("order.delivered")}
    assert len(delivered) <= 1
    assert causes == refunded | delivered
    if order.status in ("paid", "partially_refunded"):
        assert delivered
