"""What is said about a price at one moment. Equal tags look alike, so that each is rendered only once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Tier:
    """A lower price for each, from so many on; in minor units."""

    from_quantity: int
    amount: int


@dataclass(frozen=True)
class PriceTag:
    """What a variant costs at one moment, in minor units of the currency.

    `amount` is asked now, `list_amount` when no sale is on. Of a sale that is on: `sale_ends_at`, and
    `lowest_before`, the lowest of the 30 days before it. `is_minimum`: buyers name what they pay.
    """

    amount: int
    currency: str
    list_amount: int
    sale_ends_at: datetime | None = None
    lowest_before: int | None = None
    is_minimum: bool = False
    suggested_amount: int | None = None
    tiers: tuple[Tier, ...] = ()

    @property
    def is_sale(self) -> bool:
        return self.amount < self.list_amount

    @property
    def is_introductory(self) -> bool:
        """On sale from its first day: nobody was ever asked the list price."""
        return self.is_sale and self.lowest_before is None

    @property
    def was(self) -> int | None:
        """The lowest of the days before the sale, where the price really went down from there."""
        before = self.lowest_before
        return before if self.is_sale and before is not None and before > self.amount else None

    @property
    def proposed(self) -> int:
        """What stands in the field of a buyer who has not named a price yet."""
        return self.amount if self.suggested_amount is None else self.suggested_amount

    def for_quantity(self, quantity: int) -> int:
        """What one costs of so many: never more than one alone, and never more for a larger number."""
        return min([self.amount, *(tier.amount for tier in self.tiers if tier.from_quantity <= quantity)])


def read_tag(rows: str | Sequence[dict[str, Any]], currency: str) -> PriceTag | None:
    """The tag of the first of these rows, as PriceQuerySet.tag_rows() gives them; None of none."""
    found = json.loads(rows) if isinstance(rows, str) else rows
    if not found:
        return None
    row = found[0]
    ends_at = datetime.fromisoformat(row["ends_at"]) if row["ends_at"] else None
    return PriceTag(
        amount=row["asked"],
        currency=currency,
        list_amount=row["amount"],
        sale_ends_at=ends_at.replace(tzinfo=UTC) if ends_at and not ends_at.tzinfo else ends_at,
        lowest_before=row["before"],
        is_minimum=bool(row["is_minimum"]),
        suggested_amount=row["suggested_amount"],
        tiers=read_tiers(row.get("tiers", ())),
    )


def read_tiers(rows: str | Sequence[dict[str, Any]]) -> tuple[Tier, ...]:
    """Tiers in the order of their quantities, from rows or from their JSON."""
    found = json.loads(rows) if isinstance(rows, str) else rows
    return tuple(sorted((Tier(**row) for row in found), key=lambda tier: tier.from_quantity))
