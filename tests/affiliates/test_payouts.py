"""Affiliates are paid what they are owed, once; what comes back is theirs again."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from affiliates.errors import PayoutMoved, PayoutRefused
from affiliates.ledger import adjust, balances
from affiliates.models import Affiliate, LedgerEntry, Payout, PayoutBatch, Program, Statement
from affiliates.payout_files import batch_file
from affiliates.payouts import (
    cancel,
    due,
    make_batches,
    mark_batch_paid,
    mark_paid,
    send_by_paypal,
    take_back,
)
from affiliates.paypal_batches import follow_batch
from affiliates.proving import breaches
from affiliates.statements import statement_of
from checkout.providers import paypal_payouts
from storefront.models import OutgoingMail
from tests.doubles.paypal import Fault, PayPalDouble
from tests.factories import make_affiliate, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _proven() -> Any:
    yield
    assert list(breaches()) == []


def owing(amount: int, currency: str = "USD", **fields: Any) -> Affiliate:
    """An affiliate with so much in their balance."""
    affiliate = make_affiliate(**fields)
    give(affiliate, amount, currency)
    return affiliate


def give(affiliate: Affiliate, amount: int, currency: str = "USD") -> None:
    key = f"{LedgerEntry.objects.count()}"
    adjust(affiliate, amount, currency, reason="A gift", by=make_user(), key=key)


def paid_batch(*affiliates: Affiliate, currency: str = "USD") -> PayoutBatch:
    wishes = {
        (each.affiliate.pk, each.currency): each.amount for each in due() if each.affiliate in affiliates
    }
    (batch,) = make_batches(wishes, by=make_user())
    return batch


def lines_of(batch: PayoutBatch) -> list[str]:
    return b"".join(batch_file(batch)).decode().splitlines()


def standing(affiliate: Affiliate) -> list[tuple[int, int, int]]:
    return [(each.pending, each.available, each.paid) for each in balances(affiliate)]


# --- What is due -------------------------------------------------------------------------------------


def test_what_is_due_says_why_somebody_waits() -> None:
    Program.objects.create(threshold=1000).thresholds.create(currency="EUR", amount=300)
    rich, poor = owing(1000), owing(999)
    nowhere = owing(5000, method="", payout_note="")
    abroad = owing(5000, "IRR", method="paypal", payout_email="a@example.com")
    give(poor, 300, "EUR")
    give(rich, -1, "EUR")

    found = {(each.affiliate, each.currency): (each.amount, each.why_not) for each in due()}

    assert found == {
        (rich, "USD"): (1000, ""),
        (poor, "USD"): (999, "Less than the least payout."),
        (poor, "EUR"): (300, ""),
        (nowhere, "USD"): (5000, "No way to be paid is known yet."),
        (abroad, "IRR"): (5000, "PayPal pays nothing out in this currency."),
    }


def test_a_batch_takes_what_was_shown_out_of_the_balance_at_once() -> None:
    amal, bahram = owing(700), owing(900, method="bank", payee="Bahram", iban="DE89370400440532013000")
    wishes = {(each.affiliate.pk, each.currency): each.amount for each in due()}

    batches = make_batches(wishes, by=make_user())

    assert {(batch.method, batch.currency) for batch in batches} == {("manual", "USD"), ("bank", "USD")}
    payout = Payout.objects.get(affiliate=bahram)
    assert (payout.amount, payout.status, payout.payee) == (900, "pending", "Bahram")
    assert payout.destination == "DE89370400440532013000"
    assert (standing(amal), standing(bahram)) == ([(0, 0, 700)], [(0, 0, 900)])
    assert due() == []


def test_made_twice_the_second_finds_nothing() -> None:
    owing(700)
    wishes = {(each.affiliate.pk, each.currency): each.amount for each in due()}
    make_batches(wishes, by=make_user())

    with pytest.raises(PayoutRefused):
        make_batches(wishes, by=make_user())

    assert Payout.objects.count() == PayoutBatch.objects.count() == 1


@pytest.mark.parametrize("shown", [699, 701, 0, -700])
def test_another_sum_than_is_owed_is_not_paid(shown: int) -> None:
    affiliate = owing(700)

    with pytest.raises(PayoutRefused):
        make_batches({(affiliate.pk, "USD"): shown}, by=make_user())

    assert not PayoutBatch.objects.exists()
    assert standing(affiliate) == [(0, 700, 0)]


def test_a_negative_balance_is_carried_until_it_is_earned_again() -> None:
    affiliate = owing(700)
    paid_batch(affiliate)
    give(affiliate, -500)
    assert standing(affiliate) == [(0, -500, 700)]
    assert due() == []

    give(affiliate, 800)
    paid_batch(affiliate)

    assert [payout.amount for payout in Payout.objects.order_by("pk")] == [700, 300]
    assert standing(affiliate) == [(0, 0, 1000)]


# --- What became of it -------------------------------------------------------------------------------


def test_paid_by_hand_is_told_and_printed_once() -> None:
    affiliate = owing(700, language="fa")
    batch = paid_batch(affiliate)

    assert mark_batch_paid(batch, reference="TX-1", by=make_user()) == 1
    assert mark_batch_paid(batch, reference="TX-2", by=make_user()) == 0

    payout = Payout.objects.get()
    assert (payout.status, payout.reference) == ("paid", "TX-1")
    written = OutgoingMail.objects.get()
    assert (written.cause, written.language) == (f"affiliate.paid:{payout.pk}", "fa")
    assert Statement.objects.get().language == "fa"


def test_a_canceled_payout_is_the_affiliates_balance_again() -> None:
    affiliate = owing(700)
    batch, staff = paid_batch(affiliate), make_user()

    cancel(batch.payouts.get(), note="Wrong account", by=staff)
    with pytest.raises(PayoutMoved):
        cancel(batch.payouts.get(), note="Again", by=staff)

    assert not mark_paid(batch.payouts.get(), reference="TX-1", by=staff)
    assert standing(affiliate) == [(0, 700, 0)]
    assert paid_batch(affiliate).payouts.get().amount == 700


def test_a_paid_payout_is_not_canceled_but_may_come_back() -> None:
    affiliate = owing(700)
    payout = paid_batch(affiliate).payouts.get()
    mark_paid(payout, reference="TX-1", by=make_user())

    with pytest.raises(PayoutMoved):
        cancel(payout, note="Too late", by=make_user())
    assert take_back(payout, note="The bank sent it back")
    assert not take_back(payout, note="The bank sent it back")

    assert standing(affiliate) == [(0, 700, 0)]
    assert list(payout.entries.order_by("pk").values_list("kind", "amount")) == [
        ("payout", -700),
        ("reversal", 700),
    ]


def test_a_statement_lists_what_became_free_since_the_one_before() -> None:
    affiliate = owing(700)
    give(affiliate, -100)
    first = paid_batch(affiliate).payouts.get()
    give(affiliate, -50)
    give(affiliate, 450)
    second = paid_batch(affiliate).payouts.get()

    for payout, amounts in ((first, [700, -100]), (second, [-50, 450])):
        lines = statement_of(payout)["lines"]
        assert [line["entry"].amount for line in lines] == amounts
        assert sum(amounts) == payout.amount


# --- Files -------------------------------------------------------------------------------------------


def test_files_hold_what_each_way_wants_and_no_formula() -> None:
    evil = owing(1250, method="bank", payee='=HYPERLINK("http://evil")', iban="DE89370400440532013000")
    rows = lines_of(paid_batch(evil))

    number = Payout.objects.get().number
    assert rows == [
        "\ufeffname,iban,amount,currency,reference",
        f'"\'=HYPERLINK(""http://evil"")",DE89370400440532013000,12.50,USD,{number}',
    ]
    mail = owing(300, method="wise", payee="أمل", payout_email="amal@example.com")
    (_head, row) = lines_of(paid_batch(mail))
    assert row.startswith("أمل,amal@example.com,P-")


# --- PayPal ------------------------------------------------------------------------------------------


def at_paypal(paypal: PayPalDouble, amount: int = 700, address: str = "amal@example.com") -> PayoutBatch:
    batch = paid_batch(owing(amount, method="paypal", payout_email=address))
    send_by_paypal(batch)
    return batch


def look(batch: PayoutBatch) -> PayoutBatch:
    PayoutBatch.objects.filter(pk=batch.pk, next_attempt_at__isnull=False).update(
        next_attempt_at=timezone.now()
    )
    batch.refresh_from_db()
    follow_batch(batch)
    batch.refresh_from_db()
    return batch


def test_paypal_pays_and_each_payout_follows_its_item(paypal: PayPalDouble) -> None:
    amal = owing(700, method="paypal", payout_email="amal@example.com")
    rami = owing(1234, method="paypal", payout_email="rami@example.com")
    late = owing(55, method="paypal", payout_email="late@example.com")
    batch = paid_batch(amal, rami, late)
    paypal.book.payouts.plans = {"rami@example.com": "FAILED", "late@example.com": "UNCLAIMED"}
    paypal.book.payouts.page_size = 2

    send_by_paypal(batch)
    look(batch)
    paypal.book.payouts.work()
    look(batch)

    stands = {payout.affiliate: (payout.status, payout.item_status) for payout in Payout.objects.all()}
    assert stands == {
        amal: ("paid", "SUCCESS"),
        rami: ("canceled", "FAILED"),
        late: ("pending", "UNCLAIMED"),
    }
    assert (standing(amal), standing(rami)) == ([(0, 0, 700)], [(0, 1234, 0)])
    (call,) = [call for call in paypal.called("/payouts") if call.method == "POST"]
    assert call.sent["sender_batch_header"]["sender_batch_id"] == batch.key
    assert call.key.startswith(batch.key)
    assert batch.next_attempt_at is not None

    paypal.book.payouts.move("late@example.com", "RETURNED")
    paypal.book.payouts.move("amal@example.com", "REVERSED")
    look(batch)

    assert (standing(late), standing(amal)) == ([(0, 55, 0)], [(0, 700, 0)])
    assert set(Payout.objects.values_list("status", flat=True)) == {"canceled"}


@pytest.mark.parametrize(
    "fault", [Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.ERROR, Fault.CUT, Fault.NOTHING]
)
def test_a_lost_answer_is_asked_for_by_the_same_key(paypal: PayPalDouble, fault: Fault) -> None:
    batch = paid_batch(owing(700, method="paypal", payout_email="amal@example.com"))
    send_by_paypal(batch)
    paypal.fail(fault, method="POST", path="/payouts")
    look(batch)
    assert (batch.reference, Payout.objects.get().status) == ("", "pending")
    assert batch.error

    paypal.forget_keys()  # an hour later only the batch's own key is known there
    look(batch)
    paypal.book.payouts.work()
    look(batch)

    assert len(paypal.book.payouts.batches) == 1
    assert (Payout.objects.get().status, batch.error) == ("paid", "")


def test_after_a_month_without_an_answer_staff_has_to_look(paypal: PayPalDouble) -> None:
    batch = at_paypal(paypal)
    PayoutBatch.objects.filter(pk=batch.pk).update(sent_at=timezone.now() - timedelta(days=29))

    look(batch)

    assert "never answered" in batch.error
    assert batch.next_attempt_at is None
    assert paypal.called("/payouts") == []


def test_a_refused_batch_may_be_canceled_or_sent_again(paypal: PayPalDouble) -> None:
    batch = at_paypal(paypal)
    paypal.book.payouts.refuses = "INSUFFICIENT_FUNDS"
    look(batch)
    assert (batch.sent_at, batch.next_attempt_at) == (None, None)
    assert "INSUFFICIENT_FUNDS" in batch.error

    paypal.book.payouts.refuses = ""
    send_by_paypal(batch)
    look(batch)
    assert batch.reference


def test_what_paypal_sends_is_neither_canceled_nor_marked_by_hand(paypal: PayPalDouble) -> None:
    batch = at_paypal(paypal)

    with pytest.raises(PayoutMoved):
        cancel(batch.payouts.get(), note="Stop", by=make_user())
    with pytest.raises(PayoutMoved):
        mark_batch_paid(batch, reference="TX", by=make_user())
    with pytest.raises(PayoutMoved):
        send_by_paypal(batch)

    assert Payout.objects.get().status == "pending"


def test_a_denied_batch_is_taken_back_whole(paypal: PayPalDouble) -> None:
    batch = look(at_paypal(paypal))
    paypal.book.payouts.batches[batch.reference]["status"] = "DENIED"

    look(batch)

    payout = Payout.objects.get()
    assert (payout.status, standing(payout.affiliate)) == ("canceled", [(0, 700, 0)])


def test_another_sum_at_paypal_waits_for_staff(paypal: PayPalDouble) -> None:
    batch = look(at_paypal(paypal))
    (item,) = paypal.book.payouts.batches[batch.reference]["items"]
    item["payout_item"]["amount"]["value"] = "70.00"
    paypal.book.payouts.work()

    look(batch)

    assert Payout.objects.get().status == "pending"
    assert "7000 USD" in batch.error


@pytest.mark.parametrize(("currency", "amount", "value"), [("USD", 705, "7.05"), ("JPY", 70, "70")])
def test_paypal_is_told_sums_as_it_writes_them(
    paypal: PayPalDouble, currency: str, amount: int, value: str
) -> None:
    order = paypal_payouts.PayoutOrder("payout-1", "amal@example.com", amount, currency)

    report = paypal_payouts.send_payouts("payouts-1", [order], subject="Hello")

    (item,) = paypal.book.payouts.batches[report.reference]["items"]
    assert item["payout_item"]["amount"] == {"currency": currency, "value": value}
    assert paypal_payouts.fetch_payouts(report.reference).items[0].amount == amount


def test_without_keys_nothing_is_sent() -> None:
    batch = paid_batch(owing(700, method="paypal", payout_email="amal@example.com"))

    with pytest.raises(PayoutMoved):
        send_by_paypal(batch)

    batch.refresh_from_db()
    assert batch.sent_at is None
