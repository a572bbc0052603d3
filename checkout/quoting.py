"""What a cart costs its buyer: the same answer on the cart's page, at the checkout and in the order."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from checkout.bundles import Content
from checkout.buyer import Buyer
from checkout.cart import Cart, CartLine
from checkout.coupons import CartCoupon, discounts_of, quote_coupons
from checkout.line_offers import find_offers
from checkout.offers import Offered, offers_for
from checkout.pricing import Item, LineTotal, Totals, price
from checkout.taxes import Taxation, taxes_for
from storefront.money import STEPS


@dataclass(frozen=True)
class QuotedLine(CartLine):
    """A line of the cart with what it comes to; a line with a problem costs nothing.

    `contents` is what it brings as a bundle. `is_owned`: its buyer has all of it already. `is_bundled`: a
    bundle in the same cart brings it, too.
    """

    total: LineTotal = field(kw_only=True)
    contents: Sequence[Content] = field(default=(), kw_only=True)
    is_owned: bool = field(default=False, kw_only=True)
    is_bundled: bool = field(default=False, kw_only=True)

    @property
    def amount(self) -> int:
        return self.total.amount


@dataclass(frozen=True)
class Quote:
    """A cart with its prices for one buyer, in minor units of one currency."""

    lines: tuple[QuotedLine, ...]
    currency: str
    totals: Totals
    taxation: Taxation
    offered: Offered = Offered()
    coupons: tuple[CartCoupon, ...] = ()

    @property
    def refused(self) -> CartCoupon | None:
        """A coupon in the cart that does not hold."""
        return next((each for each in self.coupons if each.is_refused), None)

    @property
    def total(self) -> int:
        return self.totals.total

    @property
    def can_checkout(self) -> bool:
        return bool(self.lines) and not any(line.problem for line in self.lines)

    @property
    def can_be_given(self) -> bool:
        """Whether it may be a gift. By free ones anybody could mail anybody; an upgrade is its buyer's."""
        return self.total > 0 and not self.offered.upgrades and not self.completes_bundle

    @property
    def completes_bundle(self) -> bool:
        """Whether its buyer pays for the rest of a bundle alone: to anybody else it would lack something."""
        return any(part.reason == "bundle" for part in self.totals.parts)

    @property
    def refund_days(self) -> int:
        """For how many days all that has a price may be given back; 0 where something is sold without."""
        return min((line.product.refund_window_days for line in self.lines if line.amount), default=0)


def quote_cart(cart: Cart, buyer: Buyer) -> Quote:
    """Price what is in the cart, today and for this buyer. Nothing is written or promised."""
    taxation = taxes_for(cart.lines, buyer, timezone.now())
    items = [
        Item(line.quantity, line.unit_amount, tax)
        for line, tax in zip(cart.lines, taxation.taxes, strict=True)
    ]
    step = STEPS.get(cart.currency, 1)
    offers = find_offers(cart, buyer)
    asked = [
        each.item.list_amount - each.discount for each in price(items, offers.discounts, step=step).lines
    ]
    offered = offers_for(cart, buyer, asked)
    discounts = [*offers.discounts, *(choice.discount for choice in offered.choices)]
    coupons = quote_coupons(cart, buyer, items, discounts)
    discounts += discounts_of(coupons)
    totals = price(items, discounts, step=step)
    lines = tuple(
        QuotedLine(
            *(line.variant, line.quantity, line.unit_amount, line.problem, line.tag),
            total=total,
            contents=offers.contents.get(place, ()),
            is_owned=place in offers.owned,
            is_bundled=place in offers.bundled,
        )
        for place, (line, total) in enumerate(zip(cart.lines, totals.lines, strict=True))
    )
    return Quote(lines, cart.currency, totals, taxation, offered, coupons)
