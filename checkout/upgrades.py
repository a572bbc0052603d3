"""Upgrades: who has one edition gets another for the difference to what was paid for the first."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.models import Product
from checkout.cart import Cart
from checkout.errors import CartNotUsable, PriceChanged
from checkout.models import Offer, Order, OrderLine, Refund, Upgrade
from checkout.owning import owned_lines
from checkout.pricing import returned_by_line, share
from checkout.standing import Standing, is_leaving, standings
from checkout.terms import Choice
from storefront.money import STEPS

# Said to staff of an order that was paid for an upgrade that is not there any more.
LOST = "What this order upgrades was upgraded by another order, or given back."


@dataclass(frozen=True)
class Path:
    """From a line that somebody has to what is offered instead, with what was paid for the line."""

    line: OrderLine
    offer: Offer
    credit: int

    @property
    def title(self) -> str:
        """What is offered; within one product its edition alone."""
        variant = self.offer.variant
        is_same_product = variant.product_id == self.line.variant.product_id
        return variant.title if is_same_product and variant.title else str(variant)

    @property
    def list_amount(self) -> int:
        """What as many cost as there are in the line, in minor units."""
        return self.line.quantity * int(vars(self.offer)["list_amount"])

    @property
    def amount(self) -> int:
        """What is left of that to pay."""
        step = STEPS.get(self.line.order.currency, 1)
        return self.list_amount - min(self.credit // step * step, self.list_amount)


def upgradable_lines(user: User) -> QuerySet[OrderLine]:
    """What an account has and has not upgraded yet."""
    lines = owned_lines(user).with_upgrades().filter(is_upgraded=False)  # type: ignore[attr-defined]
    return lines.select_related("order", "variant__product").order_by("pk")


def paths(lines: Iterable[OrderLine], offers: Iterable[Offer]) -> list[Path]:
    """Where these lines may go by these offers, all of one currency. A few queries for any number of lines.

    The offers come from priced_in(), the lines with their order and variant.
    """
    pairs = [(line, offer) for line in lines for offer in offers if _fits(line, offer)]
    credits = paid_for({line.pk: line for line, _offer in pairs}.values()) if pairs else {}
    return [Path(line, offer, credits[line.pk]) for line, offer in pairs]


def upgrade_offers(currency: str) -> QuerySet[Offer]:
    """The upgrades that there are now, with their prices."""
    return Offer.objects.current().priced_in(currency).filter(kind=Offer.Kind.UPGRADE)


def _fits(line: OrderLine, offer: Offer) -> bool:
    facts = vars(offer)
    if line.order.currency != facts["currency"] or facts["list_amount"] is None:
        return False
    variant, product = offer.variant, offer.variant.product
    if line.variant_id == variant.pk or not (variant.is_active and product.is_on_sale):
        return False
    # A named price has no difference to it; and who has a part of a bundle pays for the rest as it is.
    if variant.is_pay_what_you_want or product.kind == Product.Kind.BUNDLE:
        return False
    return line.variant_id == offer.former_id or line.variant.product_id in offer.product_ids


def paid_for(lines: Iterable[OrderLine]) -> dict[int, int]:
    """What each line was sold for, by its id, with all that it took the place of, less what went back.

    In minor units, as prices are shown: before tax where tax is added to them.
    """
    chains = {line.pk: [line] for line in lines}
    reached = dict(chains)
    while reached:
        former = {
            upgrade.line_id: upgrade.former
            for upgrade in Upgrade.objects.filter(
                line__in=[chain[-1].pk for chain in reached.values()]
            ).select_related("former__order")
        }
        reached = {pk: chain for pk, chain in reached.items() if chain[-1].pk in former}
        for chain in reached.values():
            chain.append(former[chain[-1].pk])
    gone = _returned({line.order_id for chain in chains.values() for line in chain})
    return {pk: sum(_kept(line, gone[line.pk]) for line in chain) for pk, chain in chains.items()}


def _kept(line: OrderLine, gone: int) -> int:
    sold = line.quantity * line.unit_amount - line.discount_amount
    return sold - share(sold, line.amount, 0, min(gone, line.amount))


def _returned(order_ids: Collection[int]) -> dict[int, int]:
    """What went back, or is on its way back, of each line, by its id."""
    returns: dict[int, list[tuple[int, dict[int, int]]]] = defaultdict(list)
    counted = Refund.objects.exclude(status=Refund.Status.FAILED).filter(
        payment__order__in=order_ids, payment__is_duplicate=False
    )
    for refund in counted.select_related("payment").prefetch_related("lines"):
        named = {part.line_id: part.amount for part in refund.lines.all()}
        returns[refund.payment.order_id].append((refund.amount, named))
    gone: dict[int, int] = defaultdict(int)
    if not returns:
        return gone
    amounts: dict[int, dict[int, int]] = defaultdict(dict)
    sold = OrderLine.objects.filter(order__in=returns).order_by("pk")
    for pk, order_id, amount in sold.values_list("pk", "order", "amount"):
        amounts[order_id][pk] = amount
    for order_id, own in returns.items():
        gone |= returned_by_line(amounts[order_id], own)
    return gone


def paths_of(user: User, offers: Iterable[Offer]) -> list[Path]:
    """Where an account may go by these offers, from all that it has."""
    wanted = [offer for offer in offers if offer.kind == Offer.Kind.UPGRADE]
    if not wanted:
        return []
    products = {pk for offer in wanted for pk in offer.product_ids}
    former = {offer.former_id for offer in wanted if offer.former_id}
    lines = upgradable_lines(user).filter(Q(variant__product__in=products) | Q(variant__in=former))
    return paths(lines, wanted)


def choose_upgrade(cart: Cart, user: User, line_id: int, variant_id: int) -> None:
    """Put what is offered instead of a line into the cart, as its upgrade, in the currency it was paid in.

    Raises CartNotUsable where the line can't be upgraded to that, or the cart can't take it; then the cart
    holds what it held.
    """
    line = upgradable_lines(user).filter(pk=line_id).first()
    found = paths([line], upgrade_offers(line.order.currency).filter(variant=variant_id)) if line else []
    if line is None or not found:
        raise CartNotUsable(_("This can't be upgraded, or it was upgraded before."))
    variant = found[0].offer.variant
    had = cart.quantities.get(variant.pk, 0)
    if line.quantity > had:
        cart.add(variant, line.quantity - had)
    if cart.currency != line.order.currency:
        try:
            cart.choose_currency(line.order.currency)
        except CartNotUsable:
            cart.change(variant.pk, had)
            raise
    cart.note_upgrade(variant.pk, line.pk)


def write_upgrades(lines: Iterable[OrderLine], choices: Iterable[Choice]) -> None:
    """Keep with a new order what it upgrades, in the transaction that places it.

    The orders of the former lines are locked meanwhile. Raises CartNotUsable where one was upgraded by a
    paid order, PriceChanged where what was paid for it is less by now.
    """
    by_place = list(lines)
    credits = {choice.credit.line_id: choice for choice in choices if choice.credit}
    if not credits:
        return
    former = {line.pk: line for line in OrderLine.objects.filter(pk__in=credits).select_related("variant")}
    pks = sorted({line.order_id for line in former.values()})
    orders = {
        order.pk: order for order in Order.objects.select_for_update().filter(pk__in=pks).order_by("pk")
    }
    for line in former.values():
        line.order = orders[line.order_id]
    paid = paid_for(former.values())
    for pk, choice in credits.items():
        _check_free(former[pk])
        if choice.credit is None or paid[pk] != choice.credit.amount:
            raise PriceChanged(_("The price has changed. Please look at the new sum before you pay."))
        Upgrade.objects.create(line=by_place[choice.place], former=former[pk], credit=choice.amount)


def _check_free(line: OrderLine) -> None:
    others = Upgrade.objects.filter(former=line, line__order__in=Order.objects.paid())
    if standings(line.order)[line.pk] != Standing.KEPT or any(
        standings(other.line.order)[other.line_id] != Standing.REFUNDED
        for other in others.select_related("line__order")
    ):
        raise CartNotUsable(_("This can't be upgraded, or it was upgraded before."))


def take_upgrades(order: Order) -> bool:
    """Let what a paid order upgrades count from now on, under the lock of the order. Safe to repeat.

    False where another order was quicker, or the former line was given back meanwhile or is about to be: the
    order is held for staff then, who gives the money back.
    """
    for upgrade in Upgrade.objects.filter(line__order=order).select_related("former__order"):
        stands = standings(upgrade.former.order)[upgrade.former_id] == Standing.KEPT
        is_late = upgrade.taken_at is None and is_leaving(upgrade.former)
        if not stands or is_late or not upgrade.take():
            order.hold(LOST)
            return False
    return True
