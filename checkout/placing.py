"""A cart becomes an order: copied prices, frozen from then on."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from checkout.availability import set_aside
from checkout.buyer import Buyer
from checkout.cart import Cart
from checkout.errors import CartNotUsable, CouponNotUsable, GiftNotPossible, PriceChanged, TooManyOrders
from checkout.gifts import GiftWish, is_same_gift, wrap
from checkout.models import BundledVariant, Order, OrderEvent, OrderLine
from checkout.place import note_place
from checkout.quoting import Quote, QuotedLine, quote_cart
from checkout.redeeming import hold_coupons, redeem
from checkout.upgrades import write_upgrades
from storefront.limits import within_limit
from storefront.text import fold_email, isolate_text


def place_order(
    cart: Cart, buyer: Buyer, *, shown_total: int | None = None, gift: GiftWish | None = None
) -> Order:
    """Place an order for what is in the cart; an order that costs nothing is paid at once.

    One state of the cart makes one order: sent twice, at once or later, it gives the order that is there,
    at the price that it froze, unless the buyer, the sum or the gift is another.

    Raises CartNotUsable, PriceChanged when the sum in minor units isn't the one shown, CouponNotUsable where
    that is for a coupon which does not hold (any more), GiftNotPossible, and TooManyOrders beyond the limits
    for free orders; then nothing is written.
    """
    quote = quote_cart(cart, buyer)
    if not quote.can_checkout:
        raise CartNotUsable(
            _("Something in your cart can't be bought any more.") if quote.lines else _("Your cart is empty.")
        )
    total = quote.total if shown_total is None else shown_total
    if placed := _placed_before(cart, quote, buyer, gift, total):
        return placed
    _check_sum(quote, shown_total)
    if gift and not quote.can_be_given:
        raise GiftNotPossible(_("This can't be a gift."))
    try:
        order = _write_order(cart, quote, buyer, gift)
    except IntegrityError:
        # The same cart was sent at the same moment: its order is this one's, or this one has a new key now.
        placed = _placed_before(cart, quote, buyer, gift, quote.total)
        order = placed or _write_order(cart, quote, buyer, gift)
    cart.note_placed(order.pk)
    return order


def _check_sum(quote: Quote, shown_total: int | None) -> None:
    """Nobody pays another sum than they saw, or without a coupon that they count on."""
    if quote.refused and shown_total != quote.total:
        code = isolate_text(quote.refused.coupon.code)
        raise CouponNotUsable(f"{code}: {quote.refused.why_not}")
    if shown_total is not None and shown_total != quote.total:
        raise PriceChanged(_("The price has changed. Please look at the new sum before you pay."))


def _placed_before(cart: Cart, quote: Quote, buyer: Buyer, gift: GiftWish | None, total: int) -> Order | None:
    order = Order.objects.filter(cart_key=cart.key).first()
    if order is None:
        return None
    mine = (fold_email(buyer.email), buyer.country, buyer.company, buyer.vat_id, quote.taxation.region)
    its = (order.email_folded, order.country, order.company, order.vat_id, order.tax_region)
    is_same = mine == its and order.total == total and is_same_gift(order, gift)
    if not is_same or order.status == Order.Status.EXPIRED:
        cart.new_key()
        return None
    return order


@transaction.atomic
def _write_order(cart: Cart, quote: Quote, buyer: Buyer, gift: GiftWish | None) -> Order:
    hold_coupons(quote.coupons, cart, buyer)
    order = Order.objects.create(
        cart_key=cart.key,
        user=buyer.user,
        email=buyer.email,
        language=buyer.language,
        country=buyer.country,
        company=buyer.company,
        vat_id=buyer.vat_id,
        tax_country=quote.taxation.country,
        tax_region=quote.taxation.region,
        tax_treatment=quote.taxation.treatment,
        currency=quote.currency,
        total=quote.total,
        client_address=buyer.client_address,
        referral=cart.referral,
        is_gift=gift is not None,
    )
    lines = OrderLine.objects.bulk_create(_line(order, line) for line in quote.lines)
    BundledVariant.objects.bulk_create(_parts(lines, quote))
    redeem(order, quote.coupons, quote.totals, cart.placed)
    set_aside(order, lines)
    note_place(order, buyer)
    write_upgrades(lines, quote.offered.upgrades)
    if gift:
        wrap(order, gift)
    OrderEvent.record(order, "order.placed", once="order.placed")
    if order.total == 0:
        _check_free_limits(quote, buyer)
        order.mark_paid()
    return order


def _line(order: Order, line: QuotedLine) -> OrderLine:
    tax = line.total.item.tax
    return OrderLine(
        order=order,
        variant=line.variant,
        product_title=line.product.title,
        variant_title=line.variant.title,
        quantity=line.quantity,
        unit_amount=line.unit_amount,
        discount_amount=line.total.discount,
        discounts=[asdict(part) for part in line.total.parts],
        net_amount=line.total.net,
        tax_amount=line.total.tax,
        tax_rate_bps=tax.rate_bps if tax.is_charged else 0,
        tax_label=tax.label,
        tax_is_included=tax.is_included,
        amount=line.amount,
        refund_days=line.product.refund_window_days,
        is_bundle=bool(line.contents),
    )


def _parts(lines: list[OrderLine], quote: Quote) -> Iterator[BundledVariant]:
    """What bundles bring: of what their buyer has, one less, since it was taken off the price."""
    for line, quoted in zip(lines, quote.lines, strict=True):
        is_completed = any(part.reason == "bundle" for part in quoted.total.parts)
        for content in quoted.contents:
            quantity = line.quantity - (is_completed and content.is_owned)
            yield BundledVariant(line=line, variant_id=content.variant_id, quantity=quantity)


def _check_free_limits(quote: Quote, buyer: Buyer) -> None:
    """Free things can be taken by machines: limits by address, by product and by place, each of its own."""
    day, hour = timedelta(days=1), timedelta(hours=1)
    allowed = within_limit("free.address", fold_email(buyer.email), limit=20, per=day) and within_limit(
        "free.client", buyer.client_address or "", limit=60, per=hour
    )
    for product in sorted({line.product.pk for line in quote.lines}):  # always so, or two carts could lock up
        allowed = allowed and within_limit("free.product", str(product), limit=1000, per=hour)
    if not allowed:
        raise TooManyOrders(_("Too many free orders were placed just now. Please try again in an hour."))
