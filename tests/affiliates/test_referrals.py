"""Orders are credited once, to the right affiliate, and each says why; what goes back is taken back."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from affiliates.ledger import Balance, balances
from affiliates.models import Affiliate, LedgerEntry, Program, Referral, Tally
from affiliates.proving import breaches
from affiliates.referrals import credit_order, follow_order
from affiliates.visits import Visit, sign
from checkout import reactions
from checkout.disputes import book_disputes
from checkout.models import Order, OrderLine, Refund
from checkout.payments import release_order, settle_payment
from checkout.placing import place_order
from checkout.providers.base import (
    DisputeResult,
    DisputeState,
    PaymentResult,
    PaymentState,
    RefundResult,
    RefundState,
)
from checkout.refunds import request_refund, settle_refund
from storefront.models import OutgoingMail
from tests.factories import (
    handle_events_of,
    make_affiliate,
    make_buyer,
    make_cart,
    make_product,
    make_user,
    paid_order,
    pay,
    pending_order,
    referred_order,
    started_payment,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _proven(lost_webhooks: None) -> Any:
    yield
    assert list(breaches()) == []


def give_back(order: Order, amount: int, lines: dict[OrderLine, int] | None = None) -> Refund:
    """Part of the order goes back by hand, and what follows is done."""
    refund = request_refund(
        order.payments.get(),
        amount,
        reason=Refund.Reason.REQUESTED,
        source=Refund.Source.MANUAL,
        lines=lines or {},
    )
    handle_events_of(order)
    return refund


def dispute(order: Order, state: DisputeState, amount: int, reference: str = "dp_1") -> None:
    result = DisputeResult(state=state, reference=reference, amount=amount, reason="fraud", is_warning=False)
    book_disputes(order.payments.get(), [result])
    handle_events_of(order)


def told(order: Order) -> list[tuple[str, int]]:
    entries = LedgerEntry.objects.filter(line__referral__order=order).order_by("pk")
    return [(entry.kind, entry.amount) for entry in entries]


def total(affiliate: Affiliate) -> int:
    return sum(balance.total for balance in balances(affiliate))


# --- Credited ----------------------------------------------------------------------------------------


def test_a_sale_earns_what_the_programme_says_and_is_free_after_the_refund_window() -> None:
    affiliate = make_affiliate()
    order = referred_order(affiliate, make_product(1200, refund_days=14), make_product(995, refund_days=0))

    referral = Referral.objects.get()
    assert (referral.order, referral.affiliate, referral.status) == (order, affiliate, "credited")
    assert (referral.way, referral.path) == ("link", "/products/book/")
    lines = [(line.base, line.percent_bps, line.rule, line.commission) for line in referral.lines.all()]
    assert lines == [(1200, 2000, "program", 240), (995, 2000, "program", 199)]
    first, second = LedgerEntry.objects.order_by("pk")
    assert first.available_at == (order.paid_at or order.placed_at) + timedelta(days=14)
    assert second.available_at == second.created_at
    assert balances(affiliate) == [Balance("USD", pending=240, available=199)]
    tally = Tally.objects.get(facet="all")
    assert (tally.orders, tally.earned) == (1, 439)
    assert Tally.objects.filter(facet="product", orders=1).count() == 2


def test_a_days_of_hold_of_the_programmes_own() -> None:
    Program.objects.create(hold_days=3)
    affiliate = make_affiliate()

    order = referred_order(affiliate, make_product(1200, refund_days=14))

    assert LedgerEntry.objects.get().available_at == (order.paid_at or order.placed_at) + timedelta(days=3)


def test_credited_twice_in_a_row_is_credited_once() -> None:
    order = referred_order(make_affiliate())

    for event in order.events.filter(name="order.paid"):
        credit_order(event)

    assert Referral.objects.count() == LedgerEntry.objects.count() == 1


def test_without_a_link_nobody_earns() -> None:
    make_affiliate()
    order = paid_order()
    handle_events_of(order)

    assert not Referral.objects.exists()


@pytest.mark.parametrize(
    ("state", "earns"), [("active", True), ("paused", False), ("rejected", False), ("pending", False)]
)
def test_only_who_is_active_when_it_is_paid_earns(state: str, earns: bool) -> None:
    affiliate = make_affiliate(status=state)

    referred_order(affiliate)

    referral = Referral.objects.get()
    assert (referral.status, referral.refusal) == (("credited", "") if earns else ("refused", "not_active"))
    assert LedgerEntry.objects.exists() == earns


@pytest.mark.parametrize(
    "address", ["me@example.com", "ME@example.com", "me+books@Example.com", "pay@me.example"]
)
def test_affiliates_earn_nothing_by_what_they_buy_themselves(address: str) -> None:
    user = make_user("me@example.com")
    EmailAddress.objects.create(user=user, email="other@example.com")
    affiliate = make_affiliate(user=user, payout_email="pay@me.example")

    referred_order(affiliate, email=address)
    referred_order(affiliate, email="other@example.com")
    referred_order(affiliate, email="friend@example.com", user=user)

    assert list(Referral.objects.order_by("pk").values_list("refusal", flat=True)) == [
        "own_email",
        "own_email",
        "own_account",
    ]
    assert not LedgerEntry.objects.exists()


def test_a_card_that_the_affiliate_paid_with_earns_them_nothing_under_another_name() -> None:
    affiliate = make_affiliate()
    orders = {
        "card-1": pending_order(user=affiliate.user, email="one@example.com"),
        "card-2": pending_order(email=affiliate.user.email),
        "card-3": pending_order(),
    }
    for card, order in orders.items():
        pay_by(card, order)

    found = {card: refused_by_card(affiliate, card) for card in [*orders, "card-4"]}

    assert found == {"card-1": "own_payment", "card-2": "own_payment", "card-3": "", "card-4": ""}
    assert LedgerEntry.objects.count() == 2


def pay_by(card: str, order: Order) -> None:
    payment = started_payment(order)
    result = PaymentResult(
        PaymentState.SUCCEEDED, payment.key, payment.amount, payment.currency, is_live=False, payer=card
    )
    settle_payment(payment, result)
    order.refresh_from_db()


def refused_by_card(affiliate: Affiliate, card: str) -> str:
    """Why an order earns nothing that somebody pays with this card."""
    cart = make_cart()
    cart._session["referral"] = sign(Visit.now(affiliate.pk, "link"))
    order = place_order(cart, make_buyer(email=f"{card}@example.com"))
    pay_by(card, order)
    handle_events_of(order)
    return Referral.objects.get(order=order).refusal


def test_a_card_is_known_after_staff_released_its_payment() -> None:
    affiliate = make_affiliate()
    own = pending_order(email=affiliate.user.email)
    payment = started_payment(own)
    told = PaymentResult(
        PaymentState.SUCCEEDED, payment.key, payment.amount + 1, payment.currency, is_live=False, payer="card"
    )
    settle_payment(payment, told)
    own.refresh_from_db()
    assert own.is_held
    assert release_order(own)

    assert refused_by_card(affiliate, "card") == "own_payment"


def test_a_link_counts_for_so_many_days() -> None:
    Program.objects.create(cookie_days=10)
    affiliate, now = make_affiliate(), timezone.now()

    referred_order(affiliate, visit=Visit(affiliate.pk, now - timedelta(days=11), "link"))
    assert not Referral.objects.exists()
    referred_order(affiliate, visit=Visit(affiliate.pk, now - timedelta(days=9), "link"))
    assert Referral.objects.get().is_credited


def test_for_a_lifetime_later_purchases_are_the_first_ones() -> None:
    Program.objects.create(is_lifetime=True)
    first, other = make_affiliate(), make_affiliate()
    referred_order(first, email="mona@example.com")

    order = paid_order(email="Mona@example.com")
    handle_events_of(order)
    referred_order(other, email="mona@example.com")
    referred_order(other, email="rami@example.com")

    ways = Referral.objects.order_by("pk").values_list("affiliate", "way")
    assert list(ways) == [
        (first.pk, "link"),
        (first.pk, "lifetime"),
        (first.pk, "lifetime"),
        (other.pk, "link"),
    ]


def test_what_costs_nothing_is_no_referral() -> None:
    referred_order(make_affiliate(), make_product(1200)).refresh_from_db()
    Referral.objects.get()
    free = make_product(0)
    cart = make_cart(free)
    cart._session["referral"] = sign(Visit.now(Affiliate.objects.get().pk, "link"))
    handle_events_of(place_order(cart, make_buyer()))

    assert Referral.objects.count() == 1


# --- Money goes back ---------------------------------------------------------------------------------


def test_a_refund_takes_back_in_proportion_and_the_last_one_all_that_is_left() -> None:
    affiliate = make_affiliate()
    order = referred_order(affiliate, make_product(999))  # earns 200

    give_back(order, 333)
    assert told(order) == [("commission", 200), ("reversal", -67)]
    give_back(order, 333)
    give_back(order, 333)

    assert told(order) == [("commission", 200), ("reversal", -67), ("reversal", -66), ("reversal", -67)]
    assert total(affiliate) == 0
    assert Tally.objects.get(facet="all").earned == 0


def test_a_refund_of_one_line_takes_its_commission_only() -> None:
    affiliate = make_affiliate()
    order = referred_order(affiliate, make_product(1000), make_product(500))
    first, second = order.lines.order_by("pk")

    give_back(order, 600, {first: 600})
    assert [entry.line.line for entry in LedgerEntry.objects.filter(kind="reversal")] == [first]
    assert told(order)[2:] == [("reversal", -120)]

    give_back(order, 450)  # of the rest: 400 and 500
    assert told(order)[3:] == [("reversal", -40), ("reversal", -50)]
    give_back(order, 450)
    assert total(affiliate) == 0
    assert {entry.line.line for entry in LedgerEntry.objects.filter(kind="reversal")} == {first, second}


def test_a_refund_that_fails_gives_the_commission_again() -> None:
    affiliate = make_affiliate()
    order = referred_order(affiliate, make_product(1000))
    refund = give_back(order, 400)

    settle_refund(refund, RefundResult(RefundState.FAILED, refund.key, 400))
    handle_events_of(order)

    assert told(order) == [("commission", 200), ("reversal", -80), ("reversal", 80)]
    causes = LedgerEntry.objects.filter(kind="reversal").order_by("pk").values_list("cause", flat=True)
    assert list(causes) == [f"refund:{refund.pk}", f"refund:{refund.pk}:failed"]


def test_a_dispute_holds_and_winning_it_releases() -> None:
    affiliate = make_affiliate()
    order = referred_order(affiliate, make_product(1000, refund_days=0))

    dispute(order, DisputeState.OPEN, 1000)
    assert balances(affiliate) == [Balance("USD")]
    dispute(order, DisputeState.WON, 1000)

    assert told(order) == [("commission", 200), ("hold", -200), ("hold", 200)]
    assert balances(affiliate) == [Balance("USD", available=200)]


def test_a_lost_dispute_takes_what_was_lost_and_an_appeal_gives_it_again() -> None:
    affiliate = make_affiliate()
    order = referred_order(affiliate, make_product(1000))
    give_back(order, 300)

    dispute(order, DisputeState.OPEN, 700)
    assert told(order)[2:] == [("hold", -140)]
    dispute(order, DisputeState.LOST, 350)
    assert told(order)[3:] == [("hold", 140), ("reversal", -70)]
    assert total(affiliate) == 70
    dispute(order, DisputeState.WON, 350)

    assert told(order)[5:] == [("reversal", 70)]
    assert total(affiliate) == 140


def test_a_refund_while_a_dispute_is_open_and_its_failure() -> None:
    """Together they are never more than all, whichever comes first or goes."""
    affiliate = make_affiliate()
    order = referred_order(affiliate, make_product(1000))
    refund = give_back(order, 300)
    dispute(order, DisputeState.OPEN, 1000)
    assert total(affiliate) == 0

    settle_refund(refund, RefundResult(RefundState.FAILED, refund.key, 300))
    handle_events_of(order)
    assert (told(order)[3:], total(affiliate)) == ([("hold", -60), ("reversal", 60)], 0)
    dispute(order, DisputeState.WON, 1000)

    assert total(affiliate) == 200


def test_followed_again_nothing_is_written() -> None:
    order = referred_order(make_affiliate(), make_product(1000), make_product(700))
    give_back(order, 300)
    dispute(order, DisputeState.OPEN, 900)
    before = told(order)

    for _again in range(3):
        follow_order(order.pk)

    assert told(order) == before


def test_an_order_refunded_before_it_was_credited_earns_nothing_in_the_end() -> None:
    """The worker was away: both events are handled afterwards, in any order."""
    affiliate = make_affiliate()
    cart = make_cart(make_product(1000))
    cart._session["referral"] = sign(Visit.now(affiliate.pk, "link"))
    order = pay(place_order(cart, make_buyer()))
    request_refund(order.payments.get(), 1000, reason=Refund.Reason.REQUESTED, source=Refund.Source.MANUAL)
    for event in reversed(order.events.all()):
        reactions.react(event)

    assert told(order) == [("commission", 200), ("reversal", -200)]


def test_what_is_taken_back_is_told_once_with_its_reason() -> None:
    affiliate = make_affiliate(language="ar")
    order = referred_order(affiliate, make_product(1000, title_ar="كتاب"))
    refund = give_back(order, 1000)
    follow_order(order.pk)

    told_them = OutgoingMail.objects.get(cause__startswith="affiliate.")
    assert told_them.cause == f"affiliate.reversed:{Referral.objects.get().pk}:refund:{refund.pk}"
    assert (told_them.to, told_them.language) == (affiliate.user.email, "ar")
    assert order.email not in told_them.text + told_them.html
