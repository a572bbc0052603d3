"""The cart: what a reader means to buy. It lives in the session, and so survives signing in."""

import secrets
from dataclasses import dataclass, replace
from functools import cached_property

from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Exists, Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.models import Price, Product, Variant
from catalog.price_tag import PriceTag
from checkout.availability import reasons_not_to_sell
from checkout.bundles import load_contents
from checkout.chosen import read_amount
from checkout.errors import CartNotUsable, CouponNotUsable
from checkout.models import Offer
from storefront.money import digits
from storefront.shop import shop

MAX_QUANTITY = 99
MAX_LINES = 50
MAX_COUPONS = 5


@dataclass(frozen=True)
class CartLine:
    """A variant in the cart at today's list price, or at the one that its buyer named.

    One with a problem can't be bought and costs nothing. `tag` is what is said about its price now.
    """

    variant: Variant
    quantity: int
    unit_amount: int
    problem: str
    tag: PriceTag | None = None

    @property
    def product(self) -> Product:
        return self.variant.product


class Cart:
    """The reader's cart, read from and written to their session."""

    def __init__(self, session: SessionBase) -> None:
        self._session = session

    @property
    def key(self) -> str:
        """Random, and new after each change: one key is one order at most, however often it is sent."""
        return str(self._session.get("cart_key", ""))

    @property
    def referral(self) -> str:
        """What the reader came by, for whoever put it there; it means nothing here."""
        return str(self._session.get("referral", ""))

    def take_over(self, variant_id: int, currency: str, referral: str) -> None:
        """Begin where an order left off: in its currency, and by whom its buyer came, with one of a variant.

        Whether that may be sold is not asked here: the quote tells.
        """
        self._session["cart_currency"] = currency
        self._session["referral"] = referral
        self._write({variant_id: 1})

    @property
    def coupons(self) -> list[str]:
        """The folded codes of the reader's coupons, in the order they came; not all of them need apply."""
        return list(self._session.get("coupons", ()))

    def add_coupon(self, folded: str) -> None:
        """Keep one more. Raises CouponNotUsable where there are too many; one that is there stays so."""
        if folded in self.coupons:
            return
        if len(self.coupons) >= MAX_COUPONS:
            words = ngettext(
                "A cart takes %(count)s coupon at most.",
                "A cart takes %(count)s coupons at most.",
                MAX_COUPONS,
            )
            raise CouponNotUsable(words % {"count": digits(MAX_COUPONS)})
        self._session["coupons"] = [*self.coupons, folded]
        self.new_key()

    def remove_coupon(self, folded: str) -> None:
        if folded in self.coupons:
            self._session["coupons"] = [code for code in self.coupons if code != folded]
            self.new_key()

    @property
    def placed(self) -> int | None:
        """The order that was last placed with this cart."""
        return self._session.get("cart_order")

    def note_placed(self, order_id: int) -> None:
        self._session["cart_order"] = order_id

    @property
    def currency(self) -> str:
        """The one the reader chose, or the shop's own."""
        chosen = str(self._session.get("cart_currency", ""))
        return chosen if chosen and shop().offers(chosen) else shop().currency

    @property
    def currencies(self) -> list[str]:
        """Those in which everything in the cart has a price, the shop's own first; nothing is converted."""
        own = shop().currency
        priced = [{price.currency for price in line.variant.prices.all()} for line in self.lines]
        common = filter(shop().offers, set.intersection(*priced) if priced else {own})
        return sorted(common, key=lambda currency: (currency != own, currency))

    def choose_currency(self, currency: str) -> None:
        """Count in another currency from now on. Raises CartNotUsable where something has no price in it."""
        if currency not in self.currencies:
            raise CartNotUsable(_("Not everything in your cart has a price in that currency."))
        self._session["cart_currency"] = currency
        self.new_key()
        self.__dict__.pop("lines", None)

    @property
    def quantities(self) -> dict[int, int]:
        return {int(pk): quantity for pk, quantity in self._session.get("cart", {}).items()}

    @property
    def count(self) -> int:
        return sum(self._session.get("cart", {}).values())

    def chosen(self, variant_id: int) -> int | None:
        """What the reader wants to pay for each, where that is theirs to say and they have said it."""
        amounts = self._session.get("cart_amounts", {}).get(str(variant_id), {})
        return amounts.get(self.currency)

    def choose_amount(self, variant: Variant, text: str) -> None:
        """Pay this much for each from now on, where buyers name the price. Raises AmountRefused.

        It is kept by currency, and also while the variant is out of the cart.
        """
        price = variant.price_in(self.currency)
        if price is None or not variant.is_pay_what_you_want:
            return
        amount = read_amount(text, price.tag_at(timezone.now()))
        amounts = self._session.get("cart_amounts", {})
        amounts.setdefault(str(variant.pk), {})[self.currency] = amount
        self._session["cart_amounts"] = amounts
        self.new_key()
        self.__dict__.pop("lines", None)

    def add(self, variant: Variant, quantity: int, amount: str | None = None) -> None:
        """Put more of a variant in. Raises CartNotUsable where it isn't sold or would be too many.

        `amount` is what its buyer typed as the price, where that is theirs to name; then AmountRefused, too.
        """
        line = self._line(variant, 1)
        if line.problem:
            raise CartNotUsable(line.problem)
        if amount is not None:
            self.choose_amount(variant, amount)
        quantity += self.quantities.get(variant.pk, 0)
        reasons = reasons_not_to_sell({variant: quantity})
        if reasons:
            raise CartNotUsable(reasons[variant.pk])
        self._set(variant.pk, quantity)

    def change(self, variant_id: int, quantity: int) -> None:
        """Set how many there are of a variant in the cart; 0 takes it out. Raises CartNotUsable on too many.

        Nothing happens for what isn't in it: add() looks whether that is sold.
        """
        if variant_id in self.quantities:
            self._set(variant_id, quantity)

    def _set(self, variant_id: int, quantity: int) -> None:
        quantities = self.quantities
        if not 0 <= quantity <= MAX_QUANTITY:
            message = ngettext(
                "You can buy at most %(limit)s of one thing at a time.",
                "You can buy at most %(limit)s of one thing at a time.",
                MAX_QUANTITY,
            )
            raise CartNotUsable(message % {"limit": digits(MAX_QUANTITY)})
        if variant_id not in quantities and len(quantities) >= MAX_LINES:
            raise CartNotUsable(_("The cart is full. Please buy what is in it first."))
        quantities[variant_id] = quantity
        self._write({pk: count for pk, count in quantities.items() if count})

    def clear(self) -> None:
        """What was bought is bought: nothing of it is left, and its coupons are used."""
        self._session.pop("coupons", None)
        self._session.pop("cart_order", None)
        self._write({})
        self._session.pop("cart_amounts", None)

    @property
    def accepted(self) -> dict[int, int]:
        """Offers that the reader said yes to, by the variant that came in by each."""
        return self._of_variants("cart_offers")

    @property
    def upgrades(self) -> dict[int, int]:
        """The order lines that variants in the cart are to take the places of, by variant."""
        return self._of_variants("cart_upgrades")

    def accept(self, variant_id: int, offer_id: int) -> None:
        """Note that a variant in the cart is there by an offer."""
        self._note("cart_offers", variant_id, offer_id)

    def refuse(self, variant_id: int) -> None:
        """Take out the one that came in by an offer; others of it stay, at their own price."""
        noted = self._of_variants("cart_offers")
        if noted.pop(variant_id, None):
            self._session["cart_offers"] = {str(pk): offer_id for pk, offer_id in noted.items()}
            self.change(variant_id, self.quantities[variant_id] - 1)

    def note_upgrade(self, variant_id: int, line_id: int) -> None:
        """Note that a variant in the cart is to take the place of an order line, which one alone can do."""
        others = {str(pk): other for pk, other in self.upgrades.items() if other != line_id}
        self._session["cart_upgrades"] = others
        self._note("cart_upgrades", variant_id, line_id)

    def _of_variants(self, name: str) -> dict[int, int]:
        """What was noted of variants, as far as they are still there."""
        noted = {int(pk): value for pk, value in self._session.get(name, {}).items()}
        return {pk: value for pk, value in noted.items() if pk in self.quantities}

    def _note(self, name: str, variant_id: int, value: int) -> None:
        noted = self._of_variants(name) | {variant_id: value}
        self._session[name] = {str(pk): each for pk, each in noted.items()}
        self.new_key()

    def new_key(self) -> None:
        """Let what is in the cart become another order than before."""
        self._session["cart_key"] = secrets.token_urlsafe(16)

    def _write(self, quantities: dict[int, int]) -> None:
        self._session["cart"] = {str(pk): quantity for pk, quantity in quantities.items()}
        for name in ("cart_offers", "cart_upgrades"):  # what leaves the cart takes its notes along
            if name in self._session:
                self._session[name] = {str(pk): value for pk, value in self._of_variants(name).items()}
        self.new_key()
        self.__dict__.pop("lines", None)

    @cached_property
    def lines(self) -> list[CartLine]:
        """The lines in the order they were put in, a few queries for any number of them."""
        variants = (
            Variant.objects.filter(pk__in=self.quantities)
            .select_related("product__cover")
            .defer("product__description", "product__search_text")
            .annotate(has_offers=Exists(Offer.objects.current().touching_variants()))
            .prefetch_related(Prefetch("prices", Price.objects.with_tiers()))
            .in_bulk()
        )
        wanted: dict[Variant, int] = {
            variants[pk]: quantity for pk, quantity in self.quantities.items() if pk in variants
        }
        load_contents([variant.product for variant in wanted], self.currency)
        lines = [self._line(variant, quantity) for variant, quantity in wanted.items()]
        reasons = reasons_not_to_sell(wanted)
        return [
            replace(line, unit_amount=0, problem=line.problem or reasons[line.variant.pk])
            if line.variant.pk in reasons
            else line
            for line in lines
        ]

    def drop_gone(self) -> None:
        """Take out what was deleted from the shop, so that nothing is counted that is not shown."""
        shown = {line.variant.pk for line in self.lines}
        if len(shown) < len(self.quantities):
            self._write({pk: quantity for pk, quantity in self.quantities.items() if pk in shown})

    def _line(self, variant: Variant, quantity: int) -> CartLine:
        price = variant.price_in(self.currency)
        if not variant.is_active or not variant.product.is_on_sale:
            return CartLine(variant, quantity, 0, _("This is no longer on sale."))
        if price is None:
            words = _("This has no price in %(currency)s.") % {"currency": self.currency}
            return CartLine(variant, quantity, 0, words)
        tag = price.tag_at(timezone.now())
        amount = tag.list_amount
        if tag.is_minimum:  # which may have risen since the buyer named theirs
            chosen = self.chosen(variant.pk)
            amount = max(tag.proposed if chosen is None else chosen, tag.amount)
        return CartLine(variant, quantity, amount, "", tag)
