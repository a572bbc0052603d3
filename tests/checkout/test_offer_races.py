"""Clicks, payments and acceptances at once, in real threads, on either database."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core import mail

from accounts.models import User
from checkout import tasks
from checkout.cart import Cart
from checkout.errors import CartNotUsable, GiftNotPossible, PriceChanged
from checkout.gifts import accept, keep, readdress, send_again
from checkout.models import DemoCharge, Gift, Order, OrderLine, Payment, Upgrade, Upsell
from checkout.payments import start_payment, sync_payment
from checkout.placing import place_order
from checkout.providers import demo
from checkout.upgrades import choose_upgrade
from checkout.upselling import take_upsell
from delivery.models import DownloadGrant, License
from storefront.models import OutgoingMail
from tests.checkout.test_races import at_once
from tests.delivery.test_gifting import WISH
from tests.factories import (
    give_back,
    make_buyer,
    make_cart,
    make_offer,
    make_plan,
    make_product,
    make_user,
    make_variant,
    paid_order,
)

pytestmark = pytest.mark.django_db(transaction=True)


def outcome(deed: Callable[[], Any], *refusals: type[Exception]) -> Callable[[], Any]:
    """What the deed gives, or the name of the refusal that is expected of a loser."""

    def run() -> Any:
        try:
            return deed()
        except refusals as refusal:
            return type(refusal).__name__

    return run


def test_many_clicks_on_an_upsell_are_one_order() -> None:
    book = make_product(2400)
    offer = make_offer("upsell", make_product(1900), book, amount=900)
    source = paid_order(book)

    def click() -> int:
        order = take_upsell(
            Order.objects.get(pk=source.pk), offer.pk, client_address="10.0.0.1", shown_total=900
        )
        return start_payment(order, "demo").order_id

    orders = at_once(*[click] * 8)

    assert len(set(orders)) == 1
    assert (Order.objects.count(), Upsell.objects.count(), DemoCharge.objects.count()) == (2, 1, 2)


def test_many_free_upgrades_of_one_line_are_one_order() -> None:
    plan, mona = make_plan(make_product(1900)), make_user()
    agency = make_variant(plan.product, 1500, title_en="Agency")
    make_plan(plan.product, variant=agency, activation_limit=25)
    make_offer("upgrade", agency, plan.product)
    line = paid_order(plan.product, user=mona).lines.get()
    carts = [upgrade_cart(line, agency.pk, mona) for _each in range(6)]

    def order(cart: Cart) -> str:
        return place_order(cart, make_buyer(user=mona), shown_total=0).status

    results = at_once(*[outcome(partial(order, cart), CartNotUsable, PriceChanged) for cart in carts])

    assert Counter(results)["paid"] == 1
    assert (Order.objects.count(), Upgrade.objects.get().taken_at is not None) == (2, True)
    license_ = License.objects.get()
    assert (license_.variant, license_.activation_limit) == (agency, 25)


def test_of_many_paid_upgrades_of_one_line_one_counts_and_the_others_are_held() -> None:
    plan, mona = make_plan(make_product(1900)), make_user()
    agency = make_variant(plan.product, 4900, title_en="Agency")
    make_plan(plan.product, variant=agency, activation_limit=25)
    make_offer("upgrade", agency, plan.product)
    line = paid_order(plan.product, user=mona).lines.get()
    orders = [place_order(upgrade_cart(line, agency.pk, mona), make_buyer(user=mona)) for _each in range(4)]
    payments = [start_payment(order, "demo") for order in orders]
    for payment in payments:
        demo.decide(DemoCharge.objects.get(key=payment.key), "pay")

    at_once(*[lambda pk=payment.pk: sync_payment(Payment.objects.get(pk=pk)) for payment in payments])
    tasks.handle_due_events()

    assert Upgrade.objects.filter(taken_at__isnull=False).count() == 1
    winner = Upgrade.objects.get(taken_at__isnull=False).line.order_id
    held = Order.objects.filter(pk__in=[order.pk for order in orders], held_at__isnull=False)
    assert {order.pk for order in held} == {order.pk for order in orders} - {winner}
    assert set(DownloadGrant.objects.values_list("line__order", flat=True)) == {line.order_id, winner}
    assert License.objects.get().activation_limit == 25


def test_an_upgrade_and_the_refund_of_what_it_stands_on_end_alike() -> None:
    plan, mona = make_plan(make_product(1900)), make_user()
    agency = make_variant(plan.product, 4900, title_en="Agency")
    make_plan(plan.product, variant=agency, activation_limit=25)
    make_offer("upgrade", agency, plan.product)
    line = paid_order(plan.product, user=mona).lines.get()
    order = place_order(upgrade_cart(line, agency.pk, mona), make_buyer(user=mona))
    payment = start_payment(order, "demo")
    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    former = line.order

    at_once(
        lambda: sync_payment(Payment.objects.get(pk=payment.pk)),
        lambda: give_back(former),
    )
    tasks.handle_due_events()

    license_ = License.objects.get()
    assert (license_.standing, license_.variant_id) == ("revoked", line.variant_id)
    assert not DownloadGrant.objects.usable().exists()


def upgrade_cart(line: OrderLine, variant_id: int, user: User) -> Cart:
    cart = Cart(SessionStore())
    choose_upgrade(cart, user, line.pk, variant_id)
    return cart


@pytest.fixture
def gift() -> Gift:
    order = place_order(make_cart(), make_buyer(), gift=WISH)
    payment = start_payment(order, "demo")
    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    sync_payment(payment)
    return Gift.objects.select_related("order").get()


def test_a_gift_is_accepted_by_one_of_many_or_kept(gift: Gift) -> None:
    readers = [make_user() for _each in range(6)]

    results = at_once(
        *[outcome(partial(accept, gift, reader), GiftNotPossible) for reader in readers],
        outcome(lambda: keep(Order.objects.get()).is_kept, GiftNotPossible),
    )

    assert Counter(results) == {True: 1, "GiftNotPossible": 6}
    gift.refresh_from_db()
    assert (gift.claimed_by_id is None) == gift.is_kept
    assert Order.objects.get().events.filter(name__in=["order.gift_accepted", "order.gift_kept"]).count() == 1
    assert DownloadGrant.objects.count() == 1


def test_many_workers_write_a_gift_once_and_a_corrected_address_is_not_lost(gift: Gift) -> None:
    Gift.objects.update(handled_at=None, attempts=0)
    OutgoingMail.objects.all().delete()
    mail.outbox.clear()
    Gift.objects.filter(pk=gift.pk).update(next_attempt_at=gift.order.placed_at)

    at_once(
        *[tasks.send_due_gifts] * 4,
        lambda: readdress(Order.objects.get(), "Mona", "mona@example.org"),
        lambda: send_again(Order.objects.get()),
    )
    Gift.objects.update(next_attempt_at=gift.order.placed_at)
    tasks.send_due_gifts()

    gift.refresh_from_db()
    written = OutgoingMail.objects.filter(cause__startswith=f"gift:{gift.pk}:")
    assert gift.handled_at is not None
    assert written.filter(cause=f"gift:{gift.pk}:{gift.wishes}", to="mona@example.org").count() == 1
    assert len(set(written.values_list("cause", flat=True))) == written.count() <= 3
