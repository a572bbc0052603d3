"""What money that went back takes from commissions: what it should be, less what is there.

A refund or a dispute is a claim. What each line of an order has lost is a function of all claims in force, so
that events in any order, twice or at once, end alike; and each change is a row that names its claim.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from affiliates.models import LedgerEntry, ReferralLine
from checkout.models import Dispute, Order, OrderLine, Refund
from checkout.pricing import returned_by_line, share

NONE, HELD, LOST = "none", "held", "lost"
Kind = LedgerEntry.Kind


@dataclass(frozen=True)
class Claim:
    """A refund or dispute as it stands: the money is gone (lost), in question (held), or ours again (none).

    `key` names this state of it, and is the cause of the rows that follow from it.
    """

    name: str
    key: str
    state: str
    at: datetime
    amount: int
    named: Mapping[int, int] = field(default_factory=dict, hash=False)
    refund: Refund | None = None
    dispute: Dispute | None = None

    def state_in(self, recorded: set[str]) -> str:
        """Its state as far as the ledger has followed it."""
        if recorded & {f"{self.name}:failed", f"{self.name}:won"}:
            return NONE
        if f"{self.name}:lost" in recorded:
            return LOST
        if self.name in recorded:
            return LOST if self.refund else HELD
        return NONE


def claims_on(order: Order) -> list[Claim]:
    """All claims on the money that paid the order, in the order in which they came. Three queries."""
    return claims_by_order([order.pk]).get(order.pk, [])


def claims_by_order(orders: Collection[int]) -> dict[int, list[Claim]]:
    """The same for each of some orders that has any. Three queries in all."""
    paid_by = {"payment__order__in": orders, "payment__is_duplicate": False}
    refunds = Refund.objects.filter(**paid_by).exclude(status=Refund.Status.PENDING)
    disputes = Dispute.objects.filter(**paid_by, is_warning=False)
    found: dict[int, list[Claim]] = {}
    for refund in refunds.select_related("payment").prefetch_related("lines"):
        found.setdefault(refund.payment.order_id, []).append(_of_refund(refund))
    for dispute in disputes.select_related("payment"):
        found.setdefault(dispute.payment.order_id, []).append(_of_dispute(dispute))
    return {
        order: sorted(claims, key=lambda claim: (claim.at, claim.name)) for order, claims in found.items()
    }


def _of_refund(refund: Refund) -> Claim:
    name = f"refund:{refund.pk}"
    has_failed = refund.status == Refund.Status.FAILED
    return Claim(
        name=name,
        key=f"{name}:failed" if has_failed else name,
        state=NONE if has_failed else LOST,
        at=refund.settled_at or refund.created_at,
        amount=refund.amount,
        named={part.line_id: part.amount for part in refund.lines.all()},
        refund=refund,
    )


def _of_dispute(dispute: Dispute) -> Claim:
    name = f"dispute:{dispute.pk}"
    states = {Dispute.Status.OPEN: HELD, Dispute.Status.LOST: LOST, Dispute.Status.WON: NONE}
    is_open = dispute.status == Dispute.Status.OPEN
    return Claim(
        name=name,
        key=name if is_open else f"{name}:{dispute.status}",
        state=states[Dispute.Status(dispute.status)],
        at=dispute.closed_at or dispute.opened_at,
        amount=dispute.amount,
        dispute=dispute,
    )


def taken_by_line(
    lines: Sequence[OrderLine], earning: Sequence[ReferralLine], claims: Iterable[Claim]
) -> dict[int, int]:
    """How much of each commission goes back with the money, by line; all of it with all of the line."""
    amounts = {line.pk: line.amount for line in lines}
    returned = returned_by_line(amounts, ((claim.amount, claim.named) for claim in claims))
    return {
        each.line_id: share(each.commission, amounts[each.line_id], 0, returned[each.line_id])
        for each in earning
    }


def missing_entries(
    lines: Sequence[OrderLine],
    earning: Sequence[ReferralLine],
    written: Sequence[LedgerEntry],
    claims: Sequence[Claim],
    now: datetime,
) -> list[LedgerEntry]:
    """The rows that are wanting for these credited lines, given those that are written. Pure."""
    recorded = {entry.cause for entry in written if entry.kind != Kind.COMMISSION}
    states = {claim: claim.state_in(recorded) for claim in claims}
    there = {
        (kind, each.line_id): -sum(
            entry.amount for entry in written if entry.kind == kind and entry.line_id == each.pk
        )
        for each in earning
        for kind in (Kind.REVERSAL, Kind.HOLD)
    }
    commissions = {entry.line_id: entry for entry in written if entry.kind == Kind.COMMISSION}
    found: list[LedgerEntry] = []
    moved = [claim for claim in claims if claim.state != states[claim]]
    for claim in sorted(moved, key=lambda claim: claim.state != NONE):  # what came back, first
        states[claim] = claim.state
        wanted = _wanted(lines, earning, states)
        for each in earning:
            for kind in (Kind.HOLD, Kind.REVERSAL):
                change = there[kind, each.line_id] - wanted[kind][each.line_id]
                if change:
                    there[kind, each.line_id] = wanted[kind][each.line_id]
                    found.append(_entry(commissions[each.pk], kind, change, claim, now))
    return found


def _wanted(
    lines: Sequence[OrderLine], earning: Sequence[ReferralLine], states: Mapping[Claim, str]
) -> dict[str, dict[int, int]]:
    lost = [claim for claim, state in states.items() if state == LOST]
    in_force = [claim for claim, state in states.items() if state != NONE]
    gone, all_ = taken_by_line(lines, earning, lost), taken_by_line(lines, earning, in_force)
    return {Kind.REVERSAL: gone, Kind.HOLD: {pk: all_[pk] - gone[pk] for pk in gone}}


def _entry(
    commission: LedgerEntry, kind: LedgerEntry.Kind, amount: int, claim: Claim, now: datetime
) -> LedgerEntry:
    return LedgerEntry(
        affiliate_id=commission.affiliate_id,
        currency=commission.currency,
        kind=kind,
        amount=amount,
        cause=claim.key,
        line_id=commission.line_id,
        refund=claim.refund,
        dispute=claim.dispute,
        available_at=max(commission.available_at, now),
        created_at=now,
    )
