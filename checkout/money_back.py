"""What a buyer may ask back, decided line by line, and what has gone back already."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout.models import Dispute, Order, OrderLine, Refund, RefundLine, RefundRequest


@dataclass(frozen=True)
class MoneyBack:
    """How an order stands between buyer and shop. Each line has the window of the day it was sold.

    `parts` is what a refund would bring now, in minor units, by line: those that are paid, not given back,
    and within their window. `until` is when the last window ends or ended; None where no line has one.
    """

    request: RefundRequest | None
    refunds: list[Refund]
    disputes: list[Dispute]
    parts: dict[OrderLine, int]
    until: datetime | None
    why_not: str

    @property
    def amount(self) -> int:
        return sum(self.parts.values())

    @property
    def is_disputed(self) -> bool:
        return any(dispute.status == Dispute.Status.OPEN for dispute in self.disputes)

    @property
    def lost(self) -> list[Dispute]:
        return [dispute for dispute in self.disputes if dispute.status == Dispute.Status.LOST]


def money_back(order: Order, lines: Iterable[OrderLine], at: datetime | None = None) -> MoneyBack:
    """Look at an order with its lines, as of now or of another time. Four queries for any number of lines.

    The lines come with_upgrades(). One whose place an upgrade took is given back after that one.
    """
    request = RefundRequest.objects.filter(order=order).select_related("refund").first()
    refunds, disputes = _refunds(order), _disputes(order)
    windows = {line: line.refund_until for line in lines}
    ends = [end for end in windows.values() if end]
    now = at or timezone.now()
    still_open = [line for line, end in windows.items() if end and now <= end and not line.is_upgraded]
    parts = _parts(order, still_open, refunds, disputes)
    return MoneyBack(
        request=request,
        refunds=refunds,
        disputes=disputes,
        parts=parts,
        until=max(ends, default=None),
        why_not=_why_not(order, disputes, windows, parts, now),
    )


def _refunds(order: Order) -> list[Refund]:
    lines = Prefetch("lines", RefundLine.objects.select_related("line").order_by("pk"))
    refunds = Refund.objects.filter(payment__order=order).select_related("payment").prefetch_related(lines)
    return list(refunds.order_by("pk"))


def _disputes(order: Order) -> list[Dispute]:
    disputes = Dispute.objects.filter(payment__order=order, payment__is_duplicate=False, is_warning=False)
    return list(disputes.exclude(status=Dispute.Status.WON).order_by("pk"))


def _parts(
    order: Order, lines: Iterable[OrderLine], refunds: list[Refund], disputes: list[Dispute]
) -> dict[OrderLine, int]:
    """What is left of these lines, together never more than is left of the payment."""
    counted = [
        each for each in refunds if each.status != Refund.Status.FAILED and not each.payment.is_duplicate
    ]
    lost = sum(each.amount for each in disputes if each.status == Dispute.Status.LOST)
    rest = order.total - sum(each.amount for each in counted) - lost
    parts: dict[OrderLine, int] = {}
    for line in lines:
        taken = sum(part.amount for each in counted for part in each.lines.all() if part.line_id == line.pk)
        part = min(line.amount - taken, rest)
        if part > 0:
            parts[line] = part
            rest -= part
    return parts


def _why_not(
    order: Order,
    disputes: list[Dispute],
    windows: dict[OrderLine, datetime | None],
    parts: dict[OrderLine, int],
    now: datetime,
) -> str:
    ends = [end for end in windows.values() if end]
    if order.is_held:
        return _("We are looking at this order in person. Please wait for our mail.")
    if any(dispute.status == Dispute.Status.OPEN for dispute in disputes):
        return _("Your bank is asking for this money already. Please wait for its decision.")
    if not order.is_paid or not order.total:
        return _("There is nothing to give back for this order.")
    if not ends:
        return _("What is in this order is sold without money back.")
    if now > max(ends):
        return _("The time for a refund of this order has passed.")
    if not parts and any(line.is_upgraded for line in windows):
        return _("You upgraded this. Ask for the money of the upgrade first.")
    return "" if parts else _("There is nothing to give back for this order.")
