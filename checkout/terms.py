"""Which offer holds for which line of a cart. Pure: no query, no clock. Integer minor units of one currency.

Each line gets the one that takes most off it; of two alike, the first by kind, then the older one. So the
answer depends on nothing but what is in the cart, whose it is, and the offers that there are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from checkout.pricing import Discount

# What comes first of two that take as much off.
_ORDER = ("upgrade", "loyal", "cross", "bump", "upsell")


@dataclass(frozen=True)
class Terms:
    """What an offer says of one variant: `amount` is what one of it costs then."""

    offer_id: int
    kind: str
    variant_id: int
    product_ids: frozenset[int]
    amount: int
    label: str = ""


@dataclass(frozen=True)
class Wanted:
    """A line: so many of a variant, and what they come to without an offer."""

    variant_id: int
    product_id: int
    quantity: int
    amount: int


@dataclass(frozen=True)
class Credit:
    """What was paid for a line of so many, that a line of at least as many takes the place of."""

    line_id: int
    quantity: int
    amount: int
    label: str = ""


@dataclass(frozen=True)
class Reader:
    """What is known of who looks: offers that they said yes to, products that they have, and credits by
    the variant that they want instead.
    """

    accepted: frozenset[int] = frozenset()
    owned: frozenset[int] = frozenset()
    credits: Mapping[int, Credit] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """The offer that holds for the line at a place, and what it takes off."""

    place: int
    reason: str
    label: str
    amount: int
    offer_id: int = 0
    credit: Credit | None = None

    @property
    def discount(self) -> Discount:
        return Discount(self.reason, self.label, (self.place,), amount=self.amount)


def choose(lines: Sequence[Wanted], terms: Iterable[Terms], reader: Reader, *, step: int = 1) -> list[Choice]:
    """The best offer for each line, where any takes something off. In any order of terms the same."""
    found: dict[int, Choice] = {}
    for choice in _possible(lines, list(terms), reader, step):
        best = found.get(choice.place)
        if choice.amount > 0 and (best is None or _rank(choice) < _rank(best)):
            found[choice.place] = choice
    return [found[place] for place in sorted(found)]


def _rank(choice: Choice) -> tuple[int, int, int]:
    return -choice.amount, _ORDER.index(choice.reason), choice.offer_id


def _possible(lines: Sequence[Wanted], terms: Sequence[Terms], reader: Reader, step: int) -> Iterable[Choice]:
    for place, line in enumerate(lines):
        credit = reader.credits.get(line.variant_id)
        if credit and line.quantity >= credit.quantity:
            amount = min(credit.amount, line.amount) // step * step
            yield Choice(place, "upgrade", credit.label, amount, credit=credit)
        for each in terms:
            if each.variant_id == line.variant_id:
                units = _units(each, place, lines, reader)
                amount = _off(line, units, each.amount, step)
                yield Choice(place, each.kind, each.label, amount, offer_id=each.offer_id)


def _units(terms: Terms, place: int, lines: Sequence[Wanted], reader: Reader) -> int:
    """For how many of the line at this place the offer holds."""
    line = lines[place]
    others = [other for number, other in enumerate(lines) if number != place]
    because_of = sum(other.quantity for other in others if other.product_id in terms.product_ids)
    if terms.kind == "cross":
        return min(line.quantity, because_of)
    if terms.kind == "bump":
        return int(terms.offer_id in reader.accepted and bool(because_of or not terms.product_ids))
    if terms.kind == "upsell":
        return int(terms.offer_id in reader.accepted)
    return line.quantity if terms.product_ids & reader.owned else 0


def _off(line: Wanted, units: int, amount: int, step: int) -> int:
    if units == line.quantity:
        return max(line.amount - units * amount, 0)
    each = line.amount // (line.quantity * step) * step
    return units * max(each - amount, 0)
