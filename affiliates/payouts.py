"""Paying affiliates: staff looks at what is due, makes batches, and says what was paid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from affiliates.errors import PayoutMoved, PayoutRefused
from affiliates.ledger import append, balance, lock, owed
from affiliates.mails import mail_paid
from affiliates.models import Affiliate, LedgerEntry, Payout, PayoutBatch, Program
from affiliates.statements import ask_for_statement
from checkout.providers.paypal_payouts import MOST, can_pay_out, pays_out_in
from storefront.jobs import enqueue
from storefront.shop import shop

Wish = tuple[int, str]  # affiliate and currency


@dataclass(frozen=True)
class Due:
    """What an affiliate may be paid now, in minor units; with `why_not` it has to wait."""

    affiliate: Affiliate
    currency: str
    amount: int
    why_not: str

    @property
    def wish(self) -> str:
        """What a form sends to ask for this very sum."""
        return f"{self.affiliate.pk}-{self.currency}-{self.amount}"


def due() -> list[Due]:
    """All that is owed to affiliates and free, in four queries for any number of them."""
    return due_to(Affiliate.Kind.AFFILIATE)


def due_to(kind: Affiliate.Kind) -> list[Due]:
    """The same for one kind: buyers who refer friends get coupons, without staff."""
    rows, program = owed(), Program.load()
    found = Affiliate.objects.filter(kind=kind).select_related("user")
    affiliates = found.in_bulk({row[0] for row in rows})
    thresholds = dict(program.thresholds.values_list("currency", "amount")) if program.pk else {}
    thresholds[shop().currency] = program.threshold
    return [
        Due(affiliate, currency, amount, _why_not(affiliate, currency, amount, thresholds.get(currency, 0)))
        for affiliate_id, currency, amount in rows
        if (affiliate := affiliates.get(affiliate_id))
    ]


def _why_not(affiliate: Affiliate, currency: str, amount: int, threshold: int) -> str:
    if not affiliate.destination:
        return _("No way to be paid is known yet.")
    if affiliate.is_friend:
        return ""
    if affiliate.method == Affiliate.Method.PAYPAL and not pays_out_in(currency):
        return _("PayPal pays nothing out in this currency.")
    return _("Less than the least payout.") if amount < threshold else ""


def make_batches(wishes: Mapping[Wish, int], *, by: User | None) -> list[PayoutBatch]:
    """Take these sums, as they were shown, out of the balances and into batches: one a way and currency.

    A sum that is not what is owed any more is left out: it was paid by somebody else meanwhile, or taken
    back. Raises PayoutRefused when nothing is left; then nothing is written. Two at once never pay twice:
    balances are read under the lock, and a payout names the last row that it pays.
    """
    with transaction.atomic():
        batches: dict[tuple[str, str], PayoutBatch] = {}
        found = [each for kind in Affiliate.Kind for each in due_to(kind)]
        payable = {(each.affiliate.pk, each.currency) for each in found if not each.why_not}
        for affiliate_id, currency in sorted(payable & wishes.keys()):
            affiliate, now = lock(affiliate_id), timezone.now()
            amount = balance(affiliate, currency, now).available
            if amount <= 0 or amount != wishes[affiliate_id, currency] or not affiliate.destination:
                continue
            place = (affiliate.method, currency)
            if place not in batches or batches[place].payouts.count() >= MOST:
                batches[place] = PayoutBatch.objects.create(
                    method=affiliate.method, currency=currency, created_by=by, created_at=now
                )
            _pay_out(affiliate, amount, batches[place], now)
        if not batches:
            raise PayoutRefused(_("Nothing of this is owed any more. Please look at what is due now."))
        return list(batches.values())


def _pay_out(affiliate: Affiliate, amount: int, batch: PayoutBatch, now: datetime) -> None:
    """Reserve the money: it leaves the balance now, whoever sends it and whenever."""
    mine = LedgerEntry.objects.filter(affiliate=affiliate, currency=batch.currency)
    through = mine.order_by("-pk").values_list("pk", flat=True)[0]
    payout = Payout.objects.create(
        batch=batch,
        affiliate=affiliate,
        amount=amount,
        currency=batch.currency,
        through=through,
        payee=affiliate.payee or affiliate.tax_name or affiliate.name,
        destination=affiliate.destination,
        created_at=now,
    )
    append([_entry(payout, LedgerEntry.Kind.PAYOUT, -amount, now)])


def _entry(payout: Payout, kind: LedgerEntry.Kind, amount: int, now: datetime) -> LedgerEntry:
    return LedgerEntry(
        affiliate=payout.affiliate,
        currency=payout.currency,
        kind=kind,
        amount=amount,
        cause=f"payout:{payout.pk}",
        payout=payout,
        available_at=now,
        created_at=now,
    )


# --- What became of it -------------------------------------------------------------------------------


@transaction.atomic
def mark_paid(payout: Payout, *, reference: str, by: User | None = None) -> bool:
    """The money was sent. Tells the affiliate; the statement is printed. False when that was known."""
    moved = payout.mark_paid(reference=reference, by=by)
    if moved:
        ask_for_statement(payout, payout.affiliate.language)
        mail_paid(payout)
    return moved


@transaction.atomic
def mark_batch_paid(batch: PayoutBatch, *, reference: str, by: User) -> int:
    """All of a batch that is still pending was sent, under one reference; gives how many these were.

    Raises PayoutMoved for a batch that PayPal was told to send: what became of it is asked there.
    """
    _lock_unsent(batch)
    return sum(mark_paid(payout, reference=reference, by=by) for payout in _pending(batch))


@transaction.atomic
def cancel(payout: Payout, *, note: str, by: User) -> None:
    """The money stays here, and is the affiliate's balance again.

    Raises PayoutMoved for one that is settled, or that PayPal was told to send.
    """
    _lock_unsent(payout.batch)
    lock(payout.affiliate_id)
    if not payout.cancel(note=note, by=by):
        raise PayoutMoved(_("This payout is settled already."))
    append([_entry(payout, LedgerEntry.Kind.REVERSAL, payout.amount, timezone.now())])


@transaction.atomic
def take_back(payout: Payout, *, note: str) -> bool:
    """The money came back from where it was sent: it is the affiliate's balance again. False when known."""
    lock(payout.affiliate_id)
    moved = payout.take_back(note=note)
    if moved:
        append([_entry(payout, LedgerEntry.Kind.REVERSAL, payout.amount, timezone.now())])
    return moved


def send_by_paypal(batch: PayoutBatch) -> None:
    """Let a task give the batch to PayPal, once. Raises PayoutMoved where that can't be, or was done."""
    if not can_pay_out():
        raise PayoutMoved(_("PayPal is not set up here. Download the file, and upload it there."))
    with transaction.atomic():
        batch = PayoutBatch.objects.select_for_update().get(pk=batch.pk)
        if not _pending(batch).exists() or not batch.begin_sending():
            raise PayoutMoved(_("There is nothing in this batch that PayPal could send."))
        enqueue("affiliates.follow_batch", batch.pk)


def _lock_unsent(batch: PayoutBatch) -> None:
    """Nobody gives the batch to PayPal until the transaction ends, if nobody has done so before."""
    if PayoutBatch.objects.select_for_update().get(pk=batch.pk).sent_at:
        raise PayoutMoved(_("PayPal sends this batch, and tells what became of each payout."))


def _pending(batch: PayoutBatch) -> QuerySet[Payout]:
    pending = Payout.objects.filter(batch=batch, status=Payout.Status.PENDING)
    return pending.select_related("affiliate__user").order_by("pk")
