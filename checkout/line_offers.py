"""What lines of a cart cost less by themselves: by a sale, by their number, or as the rest of a bundle."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from checkout.bundles import Content, contents_of, owned_part
from checkout.buyer import Buyer
from checkout.cart import Cart, CartLine
from checkout.owning import owned_variants
from checkout.pricing import Discount
from storefront.money import STEPS


@dataclass(frozen=True)
class Offers:
    """What is taken off the lines of a cart, and why; each line by its place.

    `contents` is what a bundle brings, `owned` are the lines that bring their buyer nothing new, and
    `bundled` those that a bundle in the same cart brings, too.
    """

    discounts: tuple[Discount, ...]
    contents: Mapping[int, Sequence[Content]] = field(default_factory=dict)
    owned: frozenset[int] = frozenset()
    bundled: frozenset[int] = frozenset()


def find_offers(cart: Cart, buyer: Buyer) -> Offers:
    """What the lines cost less for this buyer now. One query for what an account has."""
    lines = cart.lines
    brought = {place: found for place, line in enumerate(lines) if (found := contents_of(line.product))}
    parts = {content.variant_id for found in brought.values() for content in found}
    has = owned_variants(buyer.user, parts | {line.variant.pk for line in lines})
    contents = {
        place: [replace(each, is_owned=each.variant_id in has) for each in found]
        for place, found in brought.items()
    }
    step = STEPS.get(cart.currency, 1)
    discounts = [*lower_prices(lines), *completions(lines, contents, step)]
    return Offers(
        tuple(discounts),
        contents,
        owned=frozenset(_owned(lines, contents, has)),
        bundled=frozenset(place for place, line in enumerate(lines) if line.variant.pk in parts),
    )


def lower_prices(lines: Sequence[CartLine]) -> Iterator[Discount]:
    """A sale, then a price for the number, where that is lower still. Pure."""
    for place, line in enumerate(lines):
        if line.problem or line.tag is None or line.tag.is_minimum:
            continue
        sale = line.tag.list_amount - line.tag.amount
        number = line.tag.amount - line.tag.for_quantity(line.quantity)
        for reason, off in (("sale", sale), ("quantity", number)):
            if off:
                yield Discount(reason, "", (place,), amount=off * line.quantity)


def completions(
    lines: Sequence[CartLine], contents: Mapping[int, Sequence[Content]], step: int = 1
) -> Iterator[Discount]:
    """What a bundle's buyer has of it already, taken off the first of each bundle. Pure."""
    for place, own in contents.items():
        off = 0 if lines[place].problem else owned_part(_asked(lines[place]), own, step)
        if off:
            label = f"{sum(content.is_owned for content in own)}/{len(own)}"
            yield Discount("bundle", label, (place,), amount=off)


def _asked(line: CartLine) -> int:
    """What one of it costs now, before anything is taken off for its buyer."""
    if line.tag is None or line.tag.is_minimum:
        return line.unit_amount
    return line.tag.for_quantity(line.quantity)


def _owned(
    lines: Sequence[CartLine], contents: Mapping[int, Sequence[Content]], has: set[int]
) -> Iterator[int]:
    for place, line in enumerate(lines):
        parts = contents.get(place)
        if line.variant.pk in has or (parts and all(content.is_owned for content in parts)):
            yield place
