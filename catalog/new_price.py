"""All that staff says of a price, and what makes no sense of it. Pure but for the words."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from catalog.price_tag import Tier


@dataclass(frozen=True)
class NewPrice:
    """What is asked in one currency, in minor units, for Variant.set_prices()."""

    amount: int
    sale_amount: int | None = None
    sale_starts_at: datetime | None = None
    sale_ends_at: datetime | None = None
    suggested_amount: int | None = None
    tiers: tuple[Tier, ...] = ()

    @property
    def sale(self) -> tuple[int | None, datetime | None, datetime | None]:
        return self.sale_amount, self.sale_starts_at, self.sale_ends_at

    def problems(self, now: datetime, *, is_pay_what_you_want: bool) -> dict[str, str]:
        """What is wrong, in words for staff, by the field to be mended."""
        wrong = dict[str, str]()
        if self.sale_amount is not None and is_pay_what_you_want:
            wrong["sale_amount"] = _("Where buyers name the price there is no sale: lower the price itself.")
        elif self.sale_amount is not None and self.sale_amount >= self.amount:
            wrong["sale_amount"] = _("A sale price lies below the price.")
        if self.sale_ends_at and self.sale_ends_at <= (self.sale_starts_at or now):
            wrong["sale_ends_at"] = _("A sale ends after it has begun.")
        if self.suggested_amount is not None and not is_pay_what_you_want:
            wrong["suggested_amount"] = _("Only where buyers name the price can something be suggested.")
        elif self.suggested_amount is not None and self.suggested_amount < self.amount:
            wrong["suggested_amount"] = _("What you suggest can't lie below the least you take.")
        if self.tiers and is_pay_what_you_want:
            wrong["tiers"] = _("Where buyers name the price there are no quantity prices.")
        elif not self._is_falling:
            wrong["tiers"] = _("The larger the number, the lower the price of each; and all below the price.")
        return wrong

    @property
    def _is_falling(self) -> bool:
        tiers = sorted(self.tiers, key=lambda tier: tier.from_quantity)
        amounts = [self.amount, *(tier.amount for tier in tiers)]
        return all(one > other for one, other in zip(amounts, amounts[1:], strict=False))
