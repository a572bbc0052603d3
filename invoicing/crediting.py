"""What a refund takes back of each line, and of the tax in it. Pure: no query, no clock; minor units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checkout.pricing import share
from storefront.money import allocate


@dataclass(frozen=True)
class Part:
    """What a document says of one line of an order."""

    line: int
    net: int
    tax: int

    @property
    def amount(self) -> int:
        return self.net + self.tax


@dataclass(frozen=True)
class Left:
    """A line as it was sold, and what its documents leave of it: invoiced and not given back."""

    line: int
    sold: Part
    net: int
    tax: int

    @property
    def amount(self) -> int:
        return self.net + self.tax

    @property
    def whole(self) -> Part:
        """All that is left."""
        return Part(self.line, self.net, self.tax)


def credit(amount: int, named: Mapping[int, int], lines: Sequence[Left], step: int = 1) -> list[Part]:
    """The parts of a credit note about `amount`, or about all that is left if that is less.

    `named` is what the refund says of some lines, by their ids. Whatever it does not say, or says of a line
    that is given back already, is spread over what is left, in steps of the currency where these come out
    even. Taxes follow the amounts, so that any sequence of notes sums to the tax of each line exactly.
    """
    wanted = {left.line: min(named.get(left.line, 0), left.amount) for left in lines}
    rest = amount - sum(wanted.values())
    room = [left.amount - wanted[left.line] for left in lines]
    spread = _spread(min(rest, sum(room)), room, step)
    parts = (_part(left, wanted[left.line] + more) for left, more in zip(lines, spread, strict=True))
    return [part for part in parts if part.amount]


def _spread(amount: int, room: Sequence[int], step: int) -> list[int]:
    """Split an amount in proportion to the room, of which it is no more than the sum."""
    if amount <= 0:
        return [0] * len(room)
    if any(each % step for each in (amount, *room)):
        step = 1
    return [step * part for part in allocate(amount // step, [each // step for each in room])]


def _part(left: Left, amount: int) -> Part:
    """The tax is what the line should have given back by then, less what it has: see checkout.pricing.share.

    A note that was taken back may have left its neighbours a unit off; no part leaves less than nothing.
    """
    before = left.sold.amount - left.amount
    given_back = left.sold.tax - left.tax
    tax = share(left.sold.tax, left.sold.amount, 0, before + amount) - given_back
    tax = min(max(tax, amount - left.net, 0), left.tax, amount)
    return Part(left.line, amount - tax, tax)
