"""One more thing after the payment: an order of its own, placed by one click on the page of another."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from checkout.buyer import Buyer
from checkout.cart import Cart
from checkout.errors import OfferOver
from checkout.models import Offer, Order, OrderLine, Payment, Upsell
from checkout.placing import place_order
from checkout.pricing import price
from checkout.quoting import quote_cart
from storefront.money import STEPS


@dataclass(frozen=True)
class Upsold:
    """What the page of an order offers, until when, and what it comes to, in minor units.

    `list_amount` is what it would come to without the offer.
    """

    offer: Offer
    list_amount: int
    total: int
    until: datetime


def upsell_for(order: Order) -> Upsold | None:
    """What may be had by one click after this order: the oldest offer that fits, once an order.

    None after an order that cost nothing, brought something back, was a gift, or came by such a click
    itself; then, and where there is no such offer, one query at most.
    """
    if order.status != Order.Status.PAID or order.is_held or order.is_gift or not order.total:
        return None
    for offer in _fitting(order):
        until = _until(order, offer)
        if timezone.now() >= until or not offer.can_be_bought:
            continue
        quote = quote_cart(_cart(order, offer), _buyer(order))
        if not quote.can_checkout:  # sold out
            continue
        item = replace(quote.totals.lines[0].item, unit_amount=vars(offer)["list_amount"])
        listed = price([item], step=STEPS.get(quote.currency, 1))
        return Upsold(offer, listed.total, quote.total, until)
    return None


def _fitting(order: Order) -> list[Offer]:
    """Upsells because of what is in the order, of products that its buyer does not have."""
    offers = Offer.objects.current().filter(kind=Offer.Kind.UPSELL).priced_in(order.currency)
    offered = OuterRef("variant__product")
    same_buyer = OrderLine.objects.filter(
        Q(variant__product=offered) | Q(bundled__variant__product=offered, bundled__quantity__gt=0),
        order__in=Order.objects.paid().filter(email_folded=order.email_folded),
    )
    clicked = Upsell.objects.filter(Q(source=order) | Q(order=order))
    fitting = offers.for_products(order.lines.values("variant__product"))
    return list(fitting.exclude(Exists(same_buyer) | Exists(clicked)))


def _until(order: Order, offer: Offer) -> datetime:
    over = (order.paid_at or timezone.now()) + timedelta(hours=offer.hours)
    return min(over, offer.ends_at or over)


def take_upsell(
    source: Order,
    offer_id: int,
    *,
    client_address: str | None,
    shown_total: int,
    network_country: str = "",
) -> Order:
    """Place the order that the page of another offers, for the same buyer: once, however often it is sent.

    The price is what the offer says now, whatever was sent; PriceChanged where the page showed another sum.
    Raises OfferOver where it is offered no more; then nothing is written.
    """
    with transaction.atomic():
        source = Order.objects.select_for_update().get(pk=source.pk)
        taken = Upsell.objects.filter(source=source, offer=offer_id).select_related("order").first()
        if taken:
            return taken.order
        upsold = upsell_for(source)
        if upsold is None or upsold.offer.pk != offer_id:
            raise OfferOver(_("This offer is over."))
        buyer = replace(
            _buyer(source),
            client_address=client_address,
            network_country=network_country,
            is_place_confirmed=source.is_place_confirmed,
        )
        cart = _cart(source, upsold.offer)
        with override(source.language):
            order = place_order(cart, buyer, shown_total=shown_total)
        Upsell.objects.create(source=source, offer=upsold.offer, order=order)
        return order


def _cart(source: Order, offer: Offer) -> Cart:
    """A cart of its own, in memory alone: what the buyer has in theirs stays there."""
    cart = Cart(SessionStore())
    cart.take_over(offer.variant_id, source.currency, source.referral)
    cart.accept(offer.variant_id, offer.pk)
    return cart


def _buyer(source: Order) -> Buyer:
    return Buyer(
        email=source.email,
        country=source.country,
        region=source.tax_region,
        company=source.company,
        vat_id=source.vat_id,
        language=source.language,
        user=source.user,
    )


def provider_of(order: Order) -> str:
    """How an order was paid, so that the next one may be paid the same way; nothing for a free one."""
    paid = order.payments.filter(status=Payment.Status.SUCCEEDED, is_duplicate=False)
    return paid.values_list("provider", flat=True).first() or ""
