"""Orders that affiliates brought: credited once when paid, and followed wherever their money goes."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from affiliates.attribution import refusal_of, visit_of
from affiliates.hints import hints_for
from affiliates.ledger import append, lock
from affiliates.mails import mail_reversal
from affiliates.models import (
    Counted,
    LedgerEntry,
    Program,
    Referral,
    ReferralLine,
    Tally,
    add_to_tallies,
    today,
)
from affiliates.rates import Earning, earnings
from affiliates.reversals import claims_on, missing_entries
from affiliates.visits import Visit
from checkout.models import Order, OrderEvent, OrderLine

Facet = Tally.Facet


def credit_order(event: OrderEvent) -> None:
    """Credit the paid order to the affiliate who brought it, if any, and write the commissions.

    Safe to repeat and to race: an order has one referral, by constraint.
    """
    order = event.order
    if order.total and (visit := visit_of(order)):
        _credit(order.pk, visit)


@transaction.atomic
def _credit(order_id: int, visit: Visit) -> None:
    order = Order.objects.select_for_update(of=["self"]).get(pk=order_id)
    if Referral.objects.filter(order=order).exists() or not order.paid_at:
        return
    affiliate, program = lock(visit.affiliate_id), Program.load()
    refusal = refusal_of(affiliate, order)
    referral = Referral.objects.create(
        order=order,
        affiliate=affiliate,
        status=Referral.Status.REFUSED if refusal else Referral.Status.CREDITED,
        refusal=refusal,
        way=visit.way,
        credit=program.credit,
        clicked_at=visit.at,
        path=visit.path,
        sub_id=visit.sub_id,
        utm=visit.utm,
        coupon=visit.coupon,
        hints="" if refusal else hints_for(affiliate, order),
        created_at=timezone.now(),
    )
    if refusal:
        return
    lines = list(order.lines.select_related("order", "variant__product"))
    earned = _write_commissions(referral, earnings(affiliate, order, lines), program)
    _count(referral, earned, orders=1)
    _follow(referral, lines)


def _write_commissions(referral: Referral, found: Iterable[Earning], program: Program) -> list[LedgerEntry]:
    rows = ReferralLine.objects.bulk_create(
        ReferralLine(
            referral=referral,
            line=each.line,
            product_id=each.line.variant.product_id,
            base=each.base,
            percent_bps=each.percent_bps,
            fixed=each.fixed,
            rule=each.rule,
            commission=each.commission,
        )
        for each in found
    )
    now = timezone.now()
    return append(
        LedgerEntry(
            affiliate=referral.affiliate,
            currency=referral.order.currency,
            kind=LedgerEntry.Kind.COMMISSION,
            amount=row.commission,
            cause=f"line:{row.line_id}",
            line=row,
            available_at=max(_free_at(row.line, program), now),
            created_at=now,
        )
        for row in rows
        if row.commission
    )


def _free_at(line: OrderLine, program: Program) -> datetime:
    """When nobody may ask for the money of the line any more, or as the programme says."""
    days = line.refund_days if program.hold_days is None else program.hold_days
    return (line.order.paid_at or timezone.now()) + timedelta(days=days)


# --- When money goes back ----------------------------------------------------------------------------


def follow_money(event: OrderEvent) -> None:
    """As follow_order(), for the order of an event."""
    follow_order(event.order_id)


@transaction.atomic
def follow_order(order_id: int) -> None:
    """Take back, hold or give again what refunds and disputes of the order say, line by line.

    Safe to repeat and to race, and in any order: what should be there, less what is there. An order that
    is credited later finds its refunds then.
    """
    if not Referral.objects.filter(order=order_id, status=Referral.Status.CREDITED).exists():
        return
    order = Order.objects.select_for_update(of=["self"]).get(pk=order_id)
    referral = Referral.objects.select_related("order").get(order=order)
    referral.affiliate = lock(referral.affiliate_id)
    _follow(referral, list(order.lines.select_related("order")))


def _follow(referral: Referral, lines: Sequence[OrderLine]) -> None:
    claims = claims_on(referral.order)
    if not claims:
        return
    earning = [each for each in referral.lines.all() if each.commission]
    written = list(LedgerEntry.objects.filter(line__referral=referral).order_by("pk"))
    entries = append(missing_entries(lines, earning, written, claims, timezone.now()))
    if entries:
        _count(referral, entries)
    if any(entry.kind == LedgerEntry.Kind.REVERSAL and entry.amount < 0 for entry in entries):
        mail_reversal(referral, entries)


# --- Figures for pages -------------------------------------------------------------------------------


def _count(referral: Referral, entries: Iterable[LedgerEntry], *, orders: int = 0) -> None:
    """Add the order, and what these rows of it give or take, to the figures of today."""
    currency = referral.order.currency
    products = {
        pk: (Facet.PRODUCT, str(product)) for pk, product in referral.lines.values_list("pk", "product")
    }
    counted = [Counted(*place, currency, orders=orders) for place in {*_facets(referral), *products.values()}]
    for entry in entries:
        places = [*_facets(referral), products[entry.line_id or 0]]
        counted += [Counted(*place, currency, earned=entry.amount) for place in places]
    add_to_tallies(referral.affiliate_id, today(), counted)


def _facets(referral: Referral) -> list[tuple[str, str]]:
    """All that an order counts for, besides its products."""
    named = [
        (Facet.LINK, referral.path),
        (Facet.SUB, referral.sub_id),
        (Facet.COUPON, referral.coupon),
    ]
    return [(Facet.ALL, ""), *((facet, value) for facet, value in named if value)]
