"""What things cost together. Pure: no query, no clock."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Totals:
    """Integer minor units of one currency: what each line costs, and exactly their sum."""

    amounts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.amounts)


def price(lines: Iterable[tuple[int, int]]) -> Totals:
    """Totals of (quantity, unit amount) pairs."""
    return Totals(tuple(quantity * unit_amount for quantity, unit_amount in lines))
