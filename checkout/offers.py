"""Loads the offers that a cart has to do with, and says what they take off and what could be had by them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import User
from checkout.buyer import Buyer
from checkout.cart import Cart
from checkout.models import Offer, OrderLine
from checkout.owning import owned_lines
from checkout.terms import Choice, Credit, Reader, Terms, Wanted, choose
from checkout.upgrades import Path, paths_of
from storefront.money import STEPS

MOST = 3  # suggestions on the cart's page


@dataclass(frozen=True)
class Suggestion:
    """What could be had for less: a button in the cart, a box in the checkout, an upgrade of `line`.

    Minor units for one, or for as many as there are in the line; `is_taken`: the box is ticked.
    """

    offer: Offer
    list_amount: int
    amount: int
    is_taken: bool = False
    line: OrderLine | None = None


@dataclass(frozen=True)
class Offered:
    """The offers that hold for a cart's lines, and those that its reader may still say yes to."""

    choices: tuple[Choice, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    bump: Suggestion | None = None

    @property
    def upgrades(self) -> list[Choice]:
        return [choice for choice in self.choices if choice.credit]


def offers_for(cart: Cart, buyer: Buyer, amounts: Sequence[int]) -> Offered:
    """What offers do for a cart whose lines come to these amounts without any.

    One query where there are any, and a few more for somebody signed in, where these ask what they have.
    """
    if not any(vars(line.variant)["has_offers"] for line in cart.lines):
        return Offered()
    offers = _load(cart)
    if not offers:
        return Offered()
    user = buyer.user
    paths = paths_of(user, offers) if user else []
    lines = [
        Wanted(line.variant.pk, line.variant.product_id, line.quantity, amount)
        for line, amount in zip(cart.lines, amounts, strict=True)
    ]
    reader = Reader(
        accepted=frozenset(cart.accepted.values()),
        owned=_owned(user, offers) if user else frozenset(),
        credits=_credits(cart, paths),
    )
    terms = [each for offer in offers if (each := terms_of(offer))]
    return Offered(
        choices=tuple(choose(lines, terms, reader, step=STEPS.get(cart.currency, 1))),
        suggestions=tuple(_suggestions(cart, offers, paths)),
        bump=_bump(cart, offers),
    )


def answer_bump(cart: Cart, bump: Suggestion, *, is_wanted: bool) -> bool:
    """Put what a box in the checkout offers into the cart, or take it out again, as it is ticked.

    True where that changed the cart, so that its sum must be shown anew. Raises CartNotUsable where it is
    sold out.
    """
    if is_wanted == bump.is_taken:
        return False
    variant = bump.offer.variant
    if is_wanted:
        cart.add(variant, 1)
        cart.accept(variant.pk, bump.offer.pk)
    else:
        cart.refuse(variant.pk)
    return True


def terms_of(offer: Offer) -> Terms | None:
    """What an offer loaded by priced_in() says in that currency; None where it says nothing."""
    amount = offer.unit_amount
    if amount is None:
        return None
    return Terms(offer.pk, offer.kind, offer.variant_id, offer.product_ids, amount, offer.title)


def _load(cart: Cart) -> list[Offer]:
    """Offers of what is in the cart, and those that something in it brings about."""
    variants = [line.variant.pk for line in cart.lines]
    products = {line.variant.product_id for line in cart.lines}
    suggested = Offer.objects.filter(kind__in=[Offer.Kind.CROSS, Offer.Kind.BUMP]).for_products(products)
    wanted = Q(variant__in=variants) | Q(pk__in=suggested.values("pk"))
    not_here = Q(kind=Offer.Kind.UPSELL) & ~Q(pk__in=cart.accepted.values())
    return list(Offer.objects.current().priced_in(cart.currency).filter(wanted).exclude(not_here))


def _owned(user: User, offers: Iterable[Offer]) -> frozenset[int]:
    asked = {pk for offer in offers if offer.kind == Offer.Kind.LOYAL for pk in offer.product_ids}
    if not asked:
        return frozenset()
    in_bundle = Q(bundled__variant__product__in=asked, bundled__quantity__gt=0)
    lines = owned_lines(user).filter(Q(variant__product__in=asked) | in_bundle)
    found = lines.values_list("variant__product", "bundled__variant__product", "bundled__quantity")
    return frozenset(pk for own, part, quantity in found for pk in (own, part if quantity else None) if pk)


def _credits(cart: Cart, paths: Iterable[Path]) -> dict[int, Credit]:
    return {
        path.offer.variant_id: Credit(path.line.pk, path.line.quantity, path.credit, str(path.line))
        for path in paths
        if cart.upgrades.get(path.offer.variant_id) == path.line.pk
    }


def _suggestions(cart: Cart, offers: Iterable[Offer], paths: Iterable[Path]) -> list[Suggestion]:
    """What the cart could have beside it, or as an upgrade: the greatest savings, one of a variant."""
    found = [
        Suggestion(path.offer, path.list_amount, path.amount, line=path.line)
        for path in paths
        if path.offer.variant_id not in cart.upgrades
    ]
    for offer in offers:
        is_news = offer.kind == Offer.Kind.CROSS and offer.variant_id not in cart.quantities
        amount = offer.unit_amount
        if is_news and offer.can_be_bought and amount is not None:
            found.append(Suggestion(offer, vars(offer)["list_amount"], amount))
    found.sort(key=lambda each: (each.amount - each.list_amount, each.offer.pk))
    best: dict[int, Suggestion] = {}
    for each in found:
        if each.amount < each.list_amount:
            best.setdefault(each.offer.variant_id, each)
    return list(best.values())[:MOST]


def _bump(cart: Cart, offers: Iterable[Offer]) -> Suggestion | None:
    """The oldest one whose variant is in the cart by it, or not at all."""
    for offer in offers:
        is_taken = cart.accepted.get(offer.variant_id) == offer.pk
        is_free = is_taken or offer.variant_id not in cart.quantities
        amount = offer.unit_amount
        if offer.kind == Offer.Kind.BUMP and is_free and offer.can_be_bought and amount is not None:
            return Suggestion(offer, vars(offer)["list_amount"], amount, is_taken=is_taken)
    return None
