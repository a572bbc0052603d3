"""A plugin in three editions for tests of upgrades, and what happens to its orders."""

from typing import Any

from django.contrib.sessions.backends.signed_cookies import SessionStore

from accounts.models import User
from catalog.models import Product, Variant
from checkout.cart import Cart
from checkout.models import DemoCharge, Order, OrderLine, Refund
from checkout.payments import start_payment, sync_payment
from checkout.placing import place_order
from checkout.providers import demo
from checkout.providers.base import RefundResult, RefundState
from checkout.refunds import settle_refund
from checkout.upgrades import choose_upgrade
from delivery.models import DownloadGrant, License
from tests.factories import (
    give_back,
    handle_events_of,
    make_buyer,
    make_file,
    make_offer,
    make_plan,
    make_product,
    make_user,
    make_variant,
    paid_order,
)


class Shop:
    """A plugin in three editions, each with a plan, a file of its own, and a way up to the next."""

    def __init__(self) -> None:
        self.plugin: Product = make_product(1900, files=1)
        self.one: Variant = self.plugin.variants.get()
        self.five = make_variant(self.plugin, 3900, title_en="Five")
        self.many = make_variant(self.plugin, 9900, title_en="Many")
        for variant, limit, days in ((self.one, 1, 365), (self.five, 5, 365), (self.many, 0, None)):
            make_plan(self.plugin, variant=variant, activation_limit=limit, valid_days=days)
            make_file(self.plugin, filename=f"{limit}.zip").variants.set([variant])
        make_offer("upgrade", self.five, former=self.one)
        make_offer("upgrade", self.many, self.plugin)
        self.mona: User = make_user()

    def bought(self) -> OrderLine:
        order = paid_order(self.plugin, user=self.mona)
        handle_events_of(order)
        return order.lines.get()

    def cart(self, line: OrderLine, variant: Variant) -> Cart:
        cart = Cart(SessionStore())
        choose_upgrade(cart, self.mona, line.pk, variant.pk)
        return cart

    def ordered(self, line: OrderLine, variant: Variant) -> Order:
        return place_order(self.cart(line, variant), make_buyer(user=self.mona))

    def upgraded(self, line: OrderLine, variant: Variant) -> Order:
        order = pay(self.ordered(line, variant))
        handle_events_of(order)
        return order


def pay(order: Order) -> Order:
    payment = start_payment(order, "demo")
    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    sync_payment(payment)
    order.refresh_from_db()
    return order


def take_back(order: Order, amount: int | None = None, **options: Any) -> Refund:
    """A refund, with what follows from it."""
    refund = give_back(order, amount, **options)
    handle_events_of(order)
    return refund


def files_of(order: Order) -> list[str]:
    return sorted(
        DownloadGrant.objects.usable().filter(line__order=order).values_list("file__filename", flat=True)
    )


def the_key() -> tuple[str, int]:
    license_ = License.objects.get()
    return license_.variant.title, license_.activation_limit


def fail(refund: Refund) -> None:
    settle_refund(refund, RefundResult(RefundState.FAILED, refund.key, refund.amount, refund.key))
    handle_events_of(refund.payment.order)
