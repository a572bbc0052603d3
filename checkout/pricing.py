"""What things cost together, and why. Pure: no query, no clock. Integer minor units of one currency.

Discounts are taken in the order given, each from what the ones before it left; then each line is taxed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from storefront.money import allocate


@dataclass(frozen=True)
class Tax:
    """How a line is taxed. The rate is in basis points.

    `is_included`: the price contains the tax. `is_charged`: not where the buyer owes it instead (reverse
    charge) or nobody does (exempt); what a price contains is then taken out of it.
    """

    rate_bps: int = 0
    is_included: bool = False
    is_charged: bool = True
    label: str = ""


NO_TAX = Tax()


@dataclass(frozen=True)
class Item:
    """So many of one thing, at what one costs before any discount."""

    quantity: int
    unit_amount: int
    tax: Tax = NO_TAX

    @property
    def list_amount(self) -> int:
        return self.quantity * self.unit_amount


@dataclass(frozen=True)
class Discount:
    """A reason to pay less for some items, named by their places: a share in basis points, or an amount.

    Both are for these items together. What they no longer cost can't be taken off.
    """

    reason: str
    label: str
    on: tuple[int, ...]
    rate_bps: int = 0
    amount: int = 0


@dataclass(frozen=True)
class Part:
    """What one discount takes off one line, or off all of them."""

    reason: str
    label: str
    amount: int


@dataclass(frozen=True)
class LineTotal:
    """What one item comes to: net and tax are what is paid, list less the parts is what it is sold for."""

    item: Item
    parts: tuple[Part, ...]
    net: int
    tax: int

    @property
    def discount(self) -> int:
        return sum(part.amount for part in self.parts)

    @property
    def amount(self) -> int:
        return self.net + self.tax

    @property
    def not_charged(self) -> int:
        """The tax that its price contains and that is taken out of it, since it is not charged."""
        return max(self.item.list_amount - self.discount - self.amount, 0)


@dataclass(frozen=True)
class TaxTotal:
    """All that is taxed alike."""

    tax: Tax
    net: int
    amount: int


@dataclass(frozen=True)
class Totals:
    """What each line comes to, and exactly their sums."""

    lines: tuple[LineTotal, ...]

    @property
    def list_amount(self) -> int:
        return sum(line.item.list_amount for line in self.lines)

    @property
    def discount(self) -> int:
        return sum(line.discount for line in self.lines)

    @property
    def net(self) -> int:
        return sum(line.net for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def not_charged(self) -> int:
        return sum(line.not_charged for line in self.lines)

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def parts(self) -> list[Part]:
        """What each discount takes off in all, in the order they were taken."""
        sums: dict[tuple[str, str], int] = {}
        for part in (part for line in self.lines for part in line.parts):
            key = part.reason, part.label
            sums[key] = sums.get(key, 0) + part.amount
        return [Part(reason, label, amount) for (reason, label), amount in sums.items()]

    @property
    def taxes(self) -> list[TaxTotal]:
        """The lines summed by how they are taxed, the highest rate first; without those that are not."""
        sums: dict[Tax, TaxTotal] = {}
        for line in self.lines:
            tax = line.item.tax
            so_far = sums.get(tax, TaxTotal(tax, 0, 0))
            sums[tax] = TaxTotal(tax, so_far.net + line.net, so_far.amount + line.tax)
        return sorted((each for each in sums.values() if each.tax.rate_bps), key=lambda e: -e.tax.rate_bps)


def price(items: Iterable[Item], discounts: Iterable[Discount] = (), *, step: int = 1) -> Totals:
    """Price items together. All sums are exact, none is negative, no line is sold above its list amount.

    `step` is the smallest amount that can be paid, in minor units: what is paid for a line is a multiple of
    it if the list amounts are. A share is rounded half up, once for all the lines it is for.
    """
    items = list(items)
    left = [item.list_amount for item in items]
    parts: list[list[Part]] = [[] for _item in items]
    for discount in discounts:
        for place, amount in zip(discount.on, _taken(discount, left, step), strict=True):
            if amount:
                left[place] -= amount
                parts[place].append(Part(discount.reason, discount.label, amount))
    return Totals(
        tuple(
            _taxed(LineTotal(item, tuple(own), amount, 0), step)
            for item, own, amount in zip(items, parts, left, strict=True)
        )
    )


def _taken(discount: Discount, left: Sequence[int], step: int) -> list[int]:
    """What a discount takes off each of its lines, of what is left of them."""
    weights = [left[place] // step for place in discount.on]
    wanted = discount.amount // step + _rounded(sum(weights) * discount.rate_bps, 10_000)
    off = min(wanted, sum(weights))
    return [step * part for part in allocate(off, weights)] if off > 0 else [0] * len(weights)


def _taxed(line: LineTotal, step: int) -> LineTotal:
    """Split what the line is sold for, or add the tax to it. Rounded half up, for each line."""
    tax, sold = line.item.tax, line.net
    if not tax.is_included:
        added = step * _rounded(sold * tax.rate_bps, 10_000 * step) if tax.is_charged else 0
        return replace(line, tax=added)
    if tax.is_charged:
        contained = _rounded(sold * tax.rate_bps, 10_000 + tax.rate_bps)
        return replace(line, net=sold - contained, tax=contained)
    return replace(line, net=sold - step * _rounded(sold * tax.rate_bps, (10_000 + tax.rate_bps) * step))


def _rounded(dividend: int, divisor: int) -> int:
    """The quotient of two numbers that are not negative, half up."""
    return (2 * dividend + divisor) // (2 * divisor)


def share(part: int, whole: int, before: int, amount: int) -> int:
    """What belongs to `amount` of a whole out of a part of it, such as the tax in a refund of a line.

    `before` is what was taken of the whole earlier. However a whole is taken, its shares sum to the part.
    """
    if not whole:
        return 0
    return _rounded(part * (before + amount), whole) - _rounded(part * before, whole)


def returned_by_line(
    amounts: Mapping[int, int], returns: Iterable[tuple[int, Mapping[int, int]]]
) -> dict[int, int]:
    """How much of each line went back, of what was paid for it; both by the line's id.

    Each return is an amount with what it says of lines. One that names lines is about these; all others are
    about the rest of each line, in proportion.
    """
    returns = list(returns)
    named = [min(sum(own.get(pk, 0) for _amount, own in returns), paid) for pk, paid in amounts.items()]
    rest = [paid - part for paid, part in zip(amounts.values(), named, strict=True)]
    pool = min(sum(amount for amount, own in returns if not own), sum(rest))
    parts = allocate(pool, rest) if pool else [0] * len(rest)
    return {pk: own + part for pk, own, part in zip(amounts, named, parts, strict=True)}
