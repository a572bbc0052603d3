"""Which coupons of a cart take something off for one buyer, and in words why the others don't."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import Count, Q, Value
from django.utils.translation import gettext as _

from catalog.models import Product
from checkout import coupon_words
from checkout.buyer import Buyer
from checkout.cart import Cart, CartLine
from checkout.models import Coupon, Order, Redemption
from checkout.models.coupon import LISTS
from checkout.pricing import Discount, Item, price
from storefront.money import STEPS

REASON = "coupon"


@dataclass(frozen=True)
class CartCoupon:
    """A coupon that lies in a cart: what it takes off, or in words why it takes nothing off."""

    coupon: Coupon
    discount: Discount | None = None
    why_not: str = ""
    is_outdone: bool = False

    @property
    def applies(self) -> bool:
        return self.discount is not None

    @property
    def is_refused(self) -> bool:
        """It does not hold, whatever else lies in the cart: whoever counts on it must be told."""
        return not self.applies and not self.is_outdone


@dataclass(frozen=True)
class Uses:
    """How often a coupon is used: in all, and by the buyer as far as one is known."""

    total: int = 0
    by_buyer: int = 0


@dataclass(frozen=True)
class _Facts:
    """What rows say about the coupons of a cart; pairs of a coupon's id and a list's name lead to ids."""

    uses: dict[int, Uses] = field(default_factory=dict)
    chosen: dict[tuple[int, str], set[int]] = field(default_factory=dict)
    categories: dict[int, set[int]] = field(default_factory=dict)
    has_bought: bool | None = None
    email: str = ""

    def of(self, coupon: Coupon, name: str) -> set[int]:
        return self.chosen.get((coupon.pk, name), set())


def quote_coupons(
    cart: Cart, buyer: Buyer, items: Sequence[Item], earlier: Sequence[Discount]
) -> tuple[CartCoupon, ...]:
    """How each coupon in the cart stands, after the `earlier` discounts. Nothing is written or promised.

    Coupons that combine are taken together, shares before amounts; one that doesn't stands alone. Of all
    these the buyer gets what leaves the least to pay. Conditions on a buyer who is not known yet hold so far.
    """
    if not cart.coupons:
        return ()
    found = {coupon.code_folded: coupon for coupon in Coupon.objects.filter(code_folded__in=cart.coupons)}
    coupons = [found[code] for code in cart.coupons if code in found]
    step = STEPS.get(cart.currency, 1)
    sold = [line.item.list_amount - line.discount for line in price(items, earlier, step=step).lines]
    facts = _facts(coupons, cart, buyer)
    judged = [_judge(coupon, cart.lines, sold, cart.currency, facts) for coupon in coupons]
    return tuple(keep_best(judged, items, earlier, step))


# --- One coupon ----------------------------------------------------------------------------------


def _judge(
    coupon: Coupon, lines: Sequence[CartLine], sold: Sequence[int], currency: str, facts: _Facts
) -> CartCoupon:
    """Whether it would apply if it were the only one."""
    uses = facts.uses.get(coupon.pk, Uses())
    if words := why_used_up(coupon, uses) or _why_not_theirs(coupon, facts):
        return CartCoupon(coupon, why_not=words)
    on = tuple(
        place for place, line in enumerate(lines) if sold[place] and _is_for(coupon, line.product.pk, facts)
    )
    if words := _why_not_in_cart(coupon, lines, sum(sold[place] for place in on), currency, facts):
        return CartCoupon(coupon, why_not=words)
    amount = coupon.amounts.get(currency, 0)
    return CartCoupon(coupon, Discount(REASON, coupon.code, on, coupon.rate_bps, amount))


def why_used_up(coupon: Coupon, uses: Uses) -> str:
    """Why nobody, or not this buyer, can use it now; empty where they can."""
    if words := coupon_words.closed(coupon, uses.total):
        return words
    limit = coupon.limit_per_buyer
    return coupon_words.used_by_buyer(limit) if limit and uses.by_buyer >= limit else ""


def _why_not_theirs(coupon: Coupon, facts: _Facts) -> str:
    if facts.email and not coupon.is_for_mailbox(facts.email):
        return _("This coupon is for another e-mail address.")
    if coupon.buyers == Coupon.Buyers.NEW and facts.has_bought:
        return _("This coupon is for a first order.")
    if coupon.buyers == Coupon.Buyers.EARLIER and facts.has_bought is False:
        return _("This coupon is for those who have bought here before.")
    return ""


def _why_not_in_cart(
    coupon: Coupon, lines: Sequence[CartLine], worth: int, currency: str, facts: _Facts
) -> str:
    """`worth` is what the lines come to that it is for."""
    is_fixed = coupon.kind == Coupon.Kind.FIXED
    if (is_fixed and currency not in coupon.amounts) or (coupon.minimums and currency not in coupon.minimums):
        return coupon_words.other_currency(currency)
    products = {line.product.pk for line in lines}
    if missing := _missing(coupon, products, facts):
        titles = {product.pk: product.title for product in Product.objects.filter(pk__in=missing)}
        return coupon_words.needs([titles[pk] for pk in sorted(titles)], all_of_them=coupon.requires_all)
    if not worth:
        is_for_some = any(_is_for(coupon, product, facts) for product in products)
        return (
            _("There is nothing to pay for what this coupon is for.")
            if is_for_some
            else _("This coupon is for other things than those in your cart.")
        )
    minimum = coupon.minimums.get(currency, 0)
    return coupon_words.minimum_missing(minimum - worth, minimum, currency) if worth < minimum else ""


def _missing(coupon: Coupon, products: set[int], facts: _Facts) -> set[int]:
    """What must be in the cart and isn't."""
    required = facts.of(coupon, "required_products")
    if coupon.requires_all:
        return required - products
    return set() if required & products else required


def _is_for(coupon: Coupon, product: int, facts: _Facts) -> bool:
    categories = facts.categories.get(product, set())
    if product in facts.of(coupon, "excluded_products") or categories & facts.of(
        coupon, "excluded_categories"
    ):
        return False
    return (
        coupon.is_for_all
        or product in facts.of(coupon, "products")
        or bool(categories & facts.of(coupon, "categories"))
    )


# --- All of them ---------------------------------------------------------------------------------


def discounts_of(coupons: Iterable[CartCoupon]) -> list[Discount]:
    """What the coupons that apply take off: shares first, then amounts."""
    applied = [each for each in coupons if each.discount]
    applied.sort(key=lambda each: each.coupon.kind == Coupon.Kind.FIXED)
    return [each.discount for each in applied if each.discount]


def keep_best(
    judged: Sequence[CartCoupon], items: Sequence[Item], earlier: Sequence[Discount], step: int
) -> list[CartCoupon]:
    """Of those that apply, keep together what leaves the least to pay; the first entered among equals."""
    choices: dict[int, list[CartCoupon]] = {}
    for each in judged:
        if each.applies:
            choices.setdefault(0 if each.coupon.is_stackable else each.coupon.pk, []).append(each)
    if not choices:
        return list(judged)
    totals = {
        key: price(items, [*earlier, *discounts_of(choice)], step=step) for key, choice in choices.items()
    }
    best = min(choices, key=lambda key: totals[key].total)
    takes = {part.label for part in totals[best].parts if part.reason == REASON}
    return [_among(each, choices[best], takes) if each.applies else each for each in judged]


def _among(each: CartCoupon, kept: Sequence[CartCoupon], takes: set[str]) -> CartCoupon:
    """The coupon beside those that are kept, of which these codes take something off."""
    if each not in kept:
        words = coupon_words.outdone(kept[0].coupon.code)
    elif each.coupon.code not in takes:
        words = _("Nothing is left to pay that this coupon could take off.")
    else:
        return each
    return replace(each, discount=None, why_not=words, is_outdone=True)


# --- What rows say -------------------------------------------------------------------------------


def _facts(coupons: list[Coupon], cart: Cart, buyer: Buyer) -> _Facts:
    """One query for what is chosen, and one each for uses, history and categories where it matters."""
    chosen = _chosen(coupons)
    needs_categories = any("categories" in name for _coupon, name in chosen)
    needs_history = any(coupon.buyers != Coupon.Buyers.ANYONE for coupon in coupons)
    return _Facts(
        uses=count_uses(coupons, cart, buyer),
        chosen=chosen,
        categories=_categories(cart.lines) if needs_categories else {},
        has_bought=_has_bought(buyer) if needs_history else None,
        email=email_of(buyer),
    )


def email_of(buyer: Buyer) -> str:
    """The address that is typed, else the account's; empty while neither is known."""
    return buyer.email or (buyer.user.email if buyer.user else "")


def count_uses(coupons: Sequence[Coupon], cart: Cart, buyer: Buyer) -> dict[int, Uses]:
    """By the id of each coupon that is limited; what this cart's own order has taken is free to it again."""
    limited = [coupon.pk for coupon in coupons if coupon.is_limited]
    if not limited:
        return {}
    own = Q(cart_key=cart.key) | Q(pk=cart.placed, status=Order.Status.PENDING)
    uses = Redemption.objects.counted().filter(coupon__in=limited)
    uses = uses.exclude(order__in=Order.objects.filter(own)).order_by()
    theirs = Q(order__in=Order.objects.bought_by(email_of(buyer), buyer.user))
    counts = uses.values("coupon").annotate(total=Count("pk"), theirs=Count("pk", filter=theirs))
    return {row["coupon"]: Uses(row["total"], row["theirs"]) for row in counts}


def _has_bought(buyer: Buyer) -> bool | None:
    """Whether they have paid for something and kept some of it; None while nobody knows who buys."""
    if not email_of(buyer):
        return None
    return Order.objects.bought_by(email_of(buyer), buyer.user).paid().filter(total__gt=0).exists()


def _chosen(coupons: list[Coupon]) -> dict[tuple[int, str], set[int]]:
    """What stands in the coupons' lists, in one query."""
    pks = [coupon.pk for coupon in coupons]
    found: dict[tuple[int, str], set[int]] = defaultdict(set)
    queries = []
    for name in LISTS:
        rows = getattr(Coupon, name).through.objects.filter(coupon__in=pks)
        target = "category" if name.endswith("categories") else "product"
        queries.append(rows.values_list("coupon", target, Value(name)))
    for coupon, target_id, name in queries[0].union(*queries[1:], all=True):
        found[coupon, name].add(target_id)
    return dict(found)


def _categories(lines: Sequence[CartLine]) -> dict[int, set[int]]:
    pairs = Product.categories.through.objects.filter(product__in={line.product.pk for line in lines})
    found: dict[int, set[int]] = defaultdict(set)
    for product, category in pairs.values_list("product", "category"):
        found[product].add(category)
    return found
