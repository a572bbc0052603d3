"""What a sale earns: which rate applies to a line, and the commission by it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from affiliates.models import Affiliate, Program, Rate, Referral
from catalog.models import Product
from checkout.models import Order, OrderLine


@dataclass(frozen=True)
class Earning:
    """What one line earns, in minor units, and by which rate."""

    line: OrderLine
    base: int
    percent_bps: int | None
    fixed: int | None
    rule: str
    commission: int


def commissionable(line: OrderLine) -> int:
    """What a line brought the shop: after all discounts, without tax, in minor units."""
    return line.net_amount


def earnings(affiliate: Affiliate, order: Order, lines: Iterable[OrderLine]) -> list[Earning]:
    """What each line earns by the rates of today; lines that brought nothing earn nothing.

    The lines come with their variants and products. Two to four queries.
    """
    program = Program.load()
    if affiliate.is_friend:
        return [_by_share(line, program.friend_rate_bps, "friend") for line in lines if commissionable(line)]
    used = Q(coupon=None) | Q(coupon__redemptions__order=order)
    rates = list(Rate.objects.filter(Q(affiliate=affiliate) | Q(affiliate=None), used))
    order_number = _order_number(affiliate) if any(rate.from_orders > 1 for rate in rates) else 1
    rates = [
        rate
        for rate in rates
        if rate.from_orders <= order_number and (rate.amount is None or rate.currency == order.currency)
    ]
    paid = [line for line in lines if commissionable(line) > 0]
    shelves = _shelves(paid) if any(rate.category_id for rate in rates) else {}
    return [_earning(line, _rate_for(line, rates, shelves), program) for line in paid]


def _order_number(affiliate: Affiliate) -> int:
    """The how-many-th order this one is, which is written already; those that were refused don't count."""
    return Referral.objects.filter(affiliate=affiliate, status=Referral.Status.CREDITED).count()


def _shelves(lines: Iterable[OrderLine]) -> dict[int, set[int]]:
    """The categories of each product, in one query."""
    links = Product.categories.through.objects.filter(
        product__in={line.variant.product_id for line in lines}
    ).values_list("product_id", "category_id")
    shelves: dict[int, set[int]] = {}
    for product_id, category_id in links:
        shelves.setdefault(product_id, set()).add(category_id)
    return shelves


def _rate_for(line: OrderLine, rates: Iterable[Rate], shelves: Mapping[int, set[int]]) -> Rate | None:
    product_id = line.variant.product_id
    fitting = [
        rate
        for rate in rates
        if rate.product_id in (None, product_id)
        and (rate.category_id is None or rate.category_id in shelves.get(product_id, ()))
    ]
    return max(fitting, key=lambda rate: rate.rank, default=None)


def _earning(line: OrderLine, rate: Rate | None, program: Program) -> Earning:
    base = commissionable(line)
    if rate is not None and rate.amount is not None:
        commission = min(rate.amount * line.quantity, base)
        return Earning(line, base, None, rate.amount, _rule_of(rate), commission)
    bps = program.rate_bps if rate is None or rate.percent_bps is None else rate.percent_bps
    return _by_share(line, bps, _rule_of(rate))


def _by_share(line: OrderLine, bps: int, rule: str) -> Earning:
    base = commissionable(line)
    return Earning(line, base, bps, None, rule, share_of(base, bps))


def share_of(base: int, bps: int) -> int:
    """So many basis points of an amount, rounded half up to its minor unit."""
    return (base * bps + 5_000) // 10_000


def _rule_of(rate: Rate | None) -> str:
    """What the rate was for, as the referral keeps it: program, affiliate, product, ..., and its tier."""
    if rate is None:
        return "program"
    parts = [
        name
        for name, is_meant in (
            ("coupon", rate.coupon_id),
            ("affiliate", rate.affiliate_id),
            ("product", rate.product_id),
            ("category", rate.category_id),
        )
        if is_meant
    ]
    tier = [f"from:{rate.from_orders}"] if rate.from_orders > 1 else []
    return " ".join([*parts, *tier]) or "everybody"
