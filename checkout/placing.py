"""A cart becomes an order: copied prices, frozen from then on."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from checkout.availability import set_aside
from checkout.cart import Cart
from checkout.errors import CartNotUsable, PriceChanged, TooManyOrders
from checkout.models import Order, OrderEvent, OrderLine
from storefront.limits import within_limit
from storefront.text import fold_email


@dataclass(frozen=True)
class Buyer:
    email: str
    country: str
    language: str
    client_address: str | None = None
    user: User | None = None


def place_order(cart: Cart, buyer: Buyer, *, shown_total: int | None = None) -> Order:
    """Place an order for what is in the cart; an order that costs nothing is paid at once.

    One state of the cart makes one order: sent twice, at once or later, it gives the order that is there,
    unless the buyer or the sum is another. Raises CartNotUsable, PriceChanged when the sum in minor units
    isn't the one shown, and TooManyOrders beyond the limits for free orders; then nothing is written.
    """
    if not cart.can_checkout:
        raise CartNotUsable(
            _("Something in your cart can't be bought any more.") if cart.lines else _("Your cart is empty.")
        )
    if shown_total is not None and shown_total != cart.total:
        raise PriceChanged(_("The price has changed. Please look at the new sum before you pay."))
    if placed := _placed_before(cart, buyer):
        return placed
    try:
        return _write_order(cart, buyer)
    except IntegrityError:
        # The same cart was sent at the same moment: its order is this one's, or this one has a new key now.
        return _placed_before(cart, buyer) or _write_order(cart, buyer)


def _placed_before(cart: Cart, buyer: Buyer) -> Order | None:
    order = Order.objects.filter(cart_key=cart.key).first()
    if order is None:
        return None
    is_same = order.email_folded == fold_email(buyer.email) and order.total == cart.total
    if not is_same or order.status == Order.Status.EXPIRED:
        cart.new_key()
        return None
    return order


@transaction.atomic
def _write_order(cart: Cart, buyer: Buyer) -> Order:
    order = Order.objects.create(
        cart_key=cart.key,
        user=buyer.user,
        email=buyer.email,
        language=buyer.language,
        country=buyer.country,
        currency=cart.currency,
        total=cart.total,
        client_address=buyer.client_address,
    )
    lines = OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            variant=line.variant,
            product_title=line.product.title,
            variant_title=line.variant.title,
            quantity=line.quantity,
            unit_amount=line.unit_amount,
            amount=line.amount,
            refund_days=line.product.refund_window_days,
        )
        for line in cart.lines
    )
    set_aside(order, lines)
    OrderEvent.record(order, "order.placed", once="order.placed")
    if order.total == 0:
        _check_free_limits(cart, buyer)
        order.mark_paid()
    return order


def _check_free_limits(cart: Cart, buyer: Buyer) -> None:
    """Free things can be taken by machines: limits by address, by product and by place, each of its own."""
    day, hour = timedelta(days=1), timedelta(hours=1)
    allowed = within_limit("free.address", fold_email(buyer.email), limit=20, per=day) and within_limit(
        "free.client", buyer.client_address or "", limit=60, per=hour
    )
    for product in sorted({line.product.pk for line in cart.lines}):  # always so, or two carts could lock up
        allowed = allowed and within_limit("free.product", str(product), limit=1000, per=hour)
    if not allowed:
        raise TooManyOrders(_("Too many free orders were placed just now. Please try again in an hour."))
