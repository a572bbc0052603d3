"""From personal to agency: the buyer pays the difference, the key moves, and goes back with the money."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.utils import timezone

from checkout.cart import Cart
from checkout.errors import CartNotUsable, OrderNotPayable, PriceChanged
from checkout.models import DemoCharge, Dispute, Order, OrderLine, Refund, Upgrade
from checkout.money_back import money_back
from checkout.payments import start_payment, sync_payment
from checkout.placing import place_order
from checkout.providers import demo
from checkout.quoting import quote_cart
from checkout.refunds import request_refund
from checkout.upgrades import choose_upgrade, paid_for
from delivery.access import update_access
from delivery.models import License
from delivery.pages import shelves
from storefront.models import OutgoingMail
from tests.delivery.editions import Shop, fail, files_of, pay, take_back, the_key
from tests.factories import (
    handle_events_of,
    make_bundle,
    make_buyer,
    make_cart,
    make_offer,
    make_plan,
    make_product,
    make_user,
    paid_order,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_the_difference_is_paid_and_the_key_moves(shop: Shop) -> None:
    line = shop.bought()
    key = License.objects.get().key

    order = shop.upgraded(line, shop.many)

    assert order.total == 9900 - 1900
    assert order.lines.get().discounts == [{"reason": "upgrade", "label": str(line), "amount": 1900}]
    license_ = License.objects.get()
    assert (license_.key, license_.variant, license_.activation_limit) == (key, shop.many, 0)
    assert license_.expires_at is None
    assert files_of(line.order) == ["1.zip", "book.pdf"]
    assert files_of(order) == ["0.zip", "book.pdf"]


def test_twice_up_counts_all_that_was_paid(shop: Shop) -> None:
    first = shop.bought()
    second = shop.upgraded(first, shop.five)
    assert (second.total, the_key()) == (2000, ("Five", 5))

    third = shop.upgraded(second.lines.get(), shop.many)

    assert (third.total, the_key()) == (9900 - 3900, ("Many", 0))


def test_a_time_that_runs_begins_anew_and_is_never_shorter(shop: Shop) -> None:
    line = shop.bought()
    License.objects.get().set_expiry(timezone.now() + timedelta(days=100))

    shop.upgraded(line, shop.five)

    expires_at = License.objects.get().expires_at
    assert expires_at is not None
    assert abs(expires_at - timezone.now() - timedelta(days=365)) < timedelta(minutes=1)


class TestMoneyBack:
    def test_of_the_upgrade_the_key_goes_back_and_the_old_files_stay(self, shop: Shop) -> None:
        line = shop.bought()
        before = License.objects.get()
        order = shop.upgraded(line, shop.five)

        take_back(order)

        license_ = License.objects.get()
        assert (license_.standing, license_.variant, license_.activation_limit) == ("active", shop.one, 1)
        assert license_.expires_at == before.expires_at
        assert (files_of(order), files_of(line.order)) == ([], ["1.zip", "book.pdf"])

    def test_that_fails_lets_the_key_move_again(self, shop: Shop) -> None:
        order = shop.upgraded(shop.bought(), shop.five)
        refund = take_back(order)

        fail(refund)

        assert the_key() == ("Five", 5)
        assert files_of(order) == ["5.zip", "book.pdf"]
        moves = License.objects.get().moves.exclude(name="money").values_list("name", flat=True)
        assert list(moves) == ["upgraded", "downgraded", "upgraded"]

    def test_of_the_middle_one_takes_the_last_along(self, shop: Shop) -> None:
        first = shop.bought()
        second = shop.upgraded(first, shop.five)
        third = shop.upgraded(second.lines.get(), shop.many)

        refund = take_back(second)

        assert (the_key(), files_of(third)) == (("", 1), [])
        fail(refund)
        assert (the_key(), files_of(third)) == (("Many", 0), ["0.zip", "book.pdf"])

    def test_of_the_last_one_leads_to_the_one_before(self, shop: Shop) -> None:
        second = shop.upgraded(shop.bought(), shop.five)
        third = shop.upgraded(second.lines.get(), shop.many)

        take_back(third)

        assert (the_key(), files_of(second)) == (("Five", 5), ["5.zip", "book.pdf"])

    def test_of_the_first_one_closes_what_stands_on_it(self, shop: Shop) -> None:
        first = shop.bought()
        second = shop.upgraded(first, shop.five)

        take_back(first.order)

        assert License.objects.get().standing == "revoked"
        assert (files_of(first.order), files_of(second)) == ([], [])

    def test_a_dispute_of_the_upgrade_takes_the_key_back_until_it_is_won(self, shop: Shop) -> None:
        line = shop.bought()
        order = shop.upgraded(line, shop.five)
        event = order.events.get(name="order.paid")
        dispute = Dispute.objects.create(
            payment=order.payments.get(), reference="dp_1", amount=order.total, status="open"
        )

        update_access(event)
        assert the_key() == ("", 1)
        with pytest.raises(CartNotUsable):
            shop.cart(line, shop.five)

        Dispute.objects.filter(pk=dispute.pk).update(status="won")
        update_access(event)
        assert the_key() == ("Five", 5)

    def test_days_that_were_added_meanwhile_stay_added(self, shop: Shop) -> None:
        order = shop.upgraded(shop.bought(), shop.five)
        License.objects.get().extend(365, once="renewal")
        later = License.objects.get().expires_at

        take_back(order)

        assert License.objects.get().expires_at == later

    def test_the_buyer_gives_the_upgrade_back_first(self, shop: Shop) -> None:
        line = shop.bought()
        order = shop.upgraded(line, shop.five)

        assert "the upgrade first" in standing(line.order).why_not
        assert standing(order).amount == order.total
        take_back(order)
        assert standing(line.order).amount == line.amount


def standing(order: Order) -> Any:
    order.refresh_from_db()
    return money_back(order, order.lines.with_upgrades().select_related("order"))


class TestWhatWasPaid:
    def test_less_what_went_back_of_the_line_or_its_share(self, shop: Shop) -> None:
        order = paid_order(shop.plugin, make_product(1900), user=shop.mona)
        line, other = order.lines.all()
        assert paid_for([line]) == {line.pk: 1900}

        take_back(order, 400, lines={line: 400})
        assert paid_for([line]) == {line.pk: 1500}
        assert paid_for([other]) == {other.pk: 1900}
        take_back(order, 340)
        assert paid_for([line, other]) == {line.pk: 1350, other.pk: 1710}

    def test_is_counted_before_tax_that_is_added(self, shop: Shop) -> None:
        line = shop.bought()
        OrderLine.objects.filter(pk=line.pk).update(tax_amount=380, amount=2280, tax_rate_bps=2000)
        Order.objects.update(total=2280)
        line.refresh_from_db()

        assert paid_for([line]) == {line.pk: 1900}

    def test_more_than_the_new_one_costs_makes_it_free(self, shop: Shop) -> None:
        offer = make_offer("upgrade", make_product(1000), shop.plugin)
        line = shop.bought()

        order = shop.ordered(line, offer.variant)

        assert (order.total, order.status) == (0, "paid")
        handle_events_of(order)
        assert Upgrade.objects.get().taken_at is not None


class TestRefusals:
    def test_another_account_and_another_line(self, shop: Shop) -> None:
        line, cart = shop.bought(), Cart(SessionStore())

        for user, line_id, variant in (
            (make_user(), line.pk, shop.five),
            (shop.mona, line.pk + 99, shop.five),
            (shop.mona, line.pk, shop.one),
            (shop.mona, line.pk, make_product().variants.get()),
        ):
            with pytest.raises(CartNotUsable):
                choose_upgrade(cart, user, line_id, variant.pk)
        assert cart.count == 0

    def test_once_a_line(self, shop: Shop) -> None:
        line = shop.bought()
        early = shop.cart(line, shop.many)
        shop.upgraded(line, shop.five)

        with pytest.raises(CartNotUsable):
            shop.cart(line, shop.many)
        assert quote_cart(Cart(early._session), make_buyer(user=shop.mona)).total == 9900

    def test_a_line_is_credited_to_one_edition_in_a_cart(self, shop: Shop) -> None:
        line = shop.bought()
        cart = shop.cart(line, shop.five)
        choose_upgrade(cart, shop.mona, line.pk, shop.many.pk)

        order = place_order(cart, make_buyer(user=shop.mona))

        assert order.total == 3900 + 9900 - 1900
        assert Upgrade.objects.get().line.variant == shop.many

    def test_once_more_after_the_upgrade_alone_was_given_back_of_an_order(self, shop: Shop) -> None:
        line = shop.bought()
        cart = shop.cart(line, shop.five)
        cart.add(make_product(500).variants.get(), 1)
        order = pay(place_order(cart, make_buyer(user=shop.mona)))
        handle_events_of(order)
        upgraded = order.lines.get(variant=shop.five)
        take_back(order, 2000, lines={upgraded: 2000}, revokes_access=True)
        assert the_key() == ("", 1)

        assert shop.upgraded(line, shop.many).total == 9900 - 1900
        assert the_key() == ("Many", 0)

    def test_what_was_given_back_between_cart_and_order_is_no_credit(
        self, shop: Shop, monkeypatch: Any
    ) -> None:
        line = shop.bought()
        cart = shop.cart(line, shop.five)
        quote = quote_cart(cart, make_buyer(user=shop.mona))
        take_back(line.order, 500)
        monkeypatch.setattr("checkout.placing.quote_cart", lambda *_args: quote)

        with pytest.raises(PriceChanged):
            place_order(cart, make_buyer(user=shop.mona))

        assert (Order.objects.count(), Upgrade.objects.count()) == (1, 0)

    def test_the_second_of_two_that_were_paid_is_held_and_brings_nothing(self, shop: Shop) -> None:
        line = shop.bought()
        orders = shop.ordered(line, shop.five), shop.ordered(line, shop.many)

        for order in orders:
            handle_events_of(pay(order))

        first, second = Order.objects.exclude(pk=line.order_id).order_by("pk")
        assert (first.is_held, second.is_held) == (False, True)
        assert (the_key(), files_of(second)) == (("Five", 5), [])
        mailed = OutgoingMail.objects.filter(cause__startswith="order.delivered:")
        assert set(mailed.values_list("about", flat=True)) == {line.order.number, first.number}
        take_back(second)
        assert the_key() == ("Five", 5)

    def test_one_paid_after_its_former_line_was_given_back_is_held(self, shop: Shop) -> None:
        line = shop.bought()
        order = shop.ordered(line, shop.five)
        take_back(line.order)

        handle_events_of(pay(order))

        order.refresh_from_db()
        assert (order.is_held, files_of(order)) == (True, [])

    def test_one_paid_while_money_for_its_former_line_is_on_its_way_back_is_held(self, shop: Shop) -> None:
        line = shop.bought()
        order = shop.ordered(line, shop.five)
        request_refund(
            *(line.order.payments.get(), line.amount),
            reason=Refund.Reason.OTHER,
            source=Refund.Source.STAFF,
            revokes_access=True,
        )
        assert Refund.objects.get().status == Refund.Status.PENDING

        handle_events_of(pay(order))

        order.refresh_from_db()
        assert (order.is_held, files_of(order)) == (True, [])

    def test_fewer_than_there_were_are_no_upgrade(self, shop: Shop) -> None:
        cart = make_cart(shop.plugin)
        cart.change(shop.one.pk, 3)
        three = pay(place_order(cart, make_buyer(user=shop.mona)))
        handle_events_of(three)
        (shelf,) = shelves(shop.mona.pk)
        assert [path.amount for path in shelf["upgrades"]] == [3 * 2000, 3 * 8000]
        cart = shop.cart(three.lines.get(), shop.five)
        assert cart.quantities == {shop.five.pk: 3}
        assert quote_cart(cart, make_buyer(user=shop.mona)).total == 3 * (3900 - 1900)

        cart.change(shop.five.pk, 2)
        assert quote_cart(cart, make_buyer(user=shop.mona)).total == 2 * 3900

        cart.change(shop.five.pk, 4)
        order = pay(place_order(cart, make_buyer(user=shop.mona)))
        handle_events_of(order)
        assert order.total == 4 * 3900 - 3 * 1900
        assert sorted(License.objects.values_list("line", "number", "activation_limit")) == sorted(
            [(three.lines.get().pk, number, 5) for number in (1, 2, 3)] + [(order.lines.get().pk, 4, 5)]
        )


def test_a_gift_of_an_upgrade_is_not_offered(shop: Shop) -> None:
    cart = shop.cart(shop.bought(), shop.five)

    assert not quote_cart(cart, make_buyer(user=shop.mona)).can_be_given
    assert quote_cart(make_cart(shop.plugin), make_buyer(user=shop.mona)).can_be_given


def test_codes_of_another_program_do_not_move(shop: Shop) -> None:
    line = shop.bought()
    plan = License.objects.get().plan
    type(plan).objects.filter(pk=plan.pk).update(source="codes")

    order = shop.upgraded(line, shop.five)

    old, new = License.objects.order_by("pk")
    assert (old.variant, old.activation_limit) == (shop.one, 1)
    assert (new.line, new.variant) == (order.lines.get(), shop.five)


def test_the_library_tells_what_it_costs_and_the_cart_suggests_it(shop: Shop) -> None:
    line = shop.bought()

    (shelf,) = shelves(shop.mona.pk)
    assert [(path.offer.variant, path.amount) for path in shelf["upgrades"]] == [
        (shop.five, 2000),
        (shop.many, 8000),
    ]
    cart = Cart(SessionStore())
    cart.add(shop.five, 1)
    suggestions = quote_cart(cart, make_buyer(user=shop.mona)).offered.suggestions
    assert [(each.line, each.amount, each.list_amount) for each in suggestions] == [(line, 2000, 3900)]

    order = shop.upgraded(line, shop.five)
    new, old = shelves(shop.mona.pk)
    assert (new["order"], old["upgrades"]) == (order, [])
    assert [path.amount for path in new["upgrades"]] == [9900 - 3900]
    assert [key.license.variant for key in new["licenses"]] == [shop.five]
    assert old["licenses"] == []


def test_a_late_payment_of_an_expired_upgrade_counts_if_nobody_was_quicker(shop: Shop) -> None:
    line = shop.bought()
    order = shop.ordered(line, shop.five)
    payment = start_payment(order, "demo")
    order.expire()
    with pytest.raises(OrderNotPayable):
        start_payment(order, "demo")

    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    sync_payment(payment)
    order.refresh_from_db()
    handle_events_of(order)

    assert (order.status, the_key()) == ("paid", ("Five", 5))


def test_a_key_for_another_part_of_a_bundle_stays_what_it_is(shop: Shop) -> None:
    kit = make_bundle(shop.plugin, amount=2900)
    make_plan(kit, activation_limit=7)
    make_offer("upgrade", shop.many, kit)
    order = paid_order(kit, user=shop.mona)
    handle_events_of(order)
    assert sorted(License.objects.values_list("activation_limit", flat=True)) == [1, 7]

    shop.upgraded(order.lines.get(), shop.many)

    told = License.objects.order_by("pk").values_list("bundled", "activation_limit", "upgraded_by")
    assert [(part is None, limit, up is None) for part, limit, up in told] == [
        (True, 0, False),
        (False, 1, True),
    ]
