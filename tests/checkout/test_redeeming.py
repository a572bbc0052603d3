"""A coupon's uses are rows that follow their order: taken with it, free when it lapses or goes back."""

from typing import Any

import pytest

from checkout.cart import Cart
from checkout.errors import CouponNotUsable, PriceChanged
from checkout.models import Coupon, DemoCharge, Order, OrderEvent, Redemption, Refund
from checkout.payments import expire_order, start_payment, sync_payment
from checkout.placing import place_order
from checkout.providers import demo
from checkout.quoting import quote_cart
from checkout.refunds import request_refund
from tests.factories import make_buyer, make_cart, make_coupon, make_product, paid_order, pending_order

pytestmark = pytest.mark.django_db


def pay(order: Order) -> Order:
    payment = start_payment(order, "demo")
    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    sync_payment(payment)
    order.refresh_from_db()
    return order


def uses(coupon: Coupon) -> int:
    return Redemption.objects.counted().filter(coupon=coupon).count()


def nothing_was_written() -> bool:
    return not (Order.objects.exists() or Redemption.objects.exists() or OrderEvent.objects.exists())


# --- Taken ---------------------------------------------------------------------------------------


def test_an_order_keeps_what_its_coupons_took_off() -> None:
    coupons = [make_coupon("TENTH", is_stackable=True), make_coupon(amounts={"USD": 300}, is_stackable=True)]

    order = pending_order(make_product(1000), make_product(500), coupons=coupons)

    assert order.total == 1050
    assert {use.coupon: use.amount for use in order.redemptions.all()} == {coupons[0]: 150, coupons[1]: 300}
    first, second = order.lines.all()
    assert [(part.reason, part.label) for part in first.total.parts] == [
        ("coupon", "TENTH"),
        ("coupon", coupons[1].code),
    ]
    assert (first.discount_amount + second.discount_amount, first.amount + second.amount) == (450, 1050)


def test_a_coupon_that_takes_nothing_off_is_not_used() -> None:
    better, worse = make_coupon(rate_bps=5000), make_coupon()

    order = pending_order(coupons=[worse, better])

    assert [use.coupon for use in order.redemptions.all()] == [better]


def test_a_free_order_by_a_coupon_is_paid_and_used_at_once() -> None:
    coupon = make_coupon(rate_bps=10_000, max_uses=1)

    order = pending_order(coupons=[coupon])

    assert (order.status, order.total, uses(coupon)) == ("paid", 0, 1)


def test_the_order_is_frozen_when_the_coupon_ends_while_it_is_paid() -> None:
    coupon = make_coupon(max_uses=5)
    order = pending_order(make_product(1000), coupons=[coupon])
    Coupon.objects.update(is_active=False, max_uses=1)

    assert (pay(order).total, order.status, uses(coupon)) == (900, "paid", 1)


def test_who_goes_back_after_the_coupon_has_ended_gets_the_order_that_froze_it() -> None:
    coupon = make_coupon(max_uses=1)
    cart = make_cart(make_product(1000), coupons=[coupon])
    order = place_order(cart, make_buyer(), shown_total=900)
    Coupon.objects.update(is_active=False)

    assert place_order(Cart(cart._session), make_buyer(), shown_total=900) == order
    with pytest.raises(CouponNotUsable, match="not valid any more"):
        place_order(Cart(cart._session), make_buyer("other@example.com"), shown_total=900)
    assert Order.objects.count() == 1


# --- Refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"is_active": False}, "not valid any more"),
        ({"max_uses": 1}, "used up"),
        ({"email": "other@example.com"}, "another e-mail"),
        ({"minimums": {"USD": 10_000}}, "is missing"),
    ],
)
def test_who_counts_on_a_coupon_that_does_not_hold_is_told_and_nothing_is_written(
    change: dict[str, Any], words: str
) -> None:
    coupon = make_coupon(max_uses=3)
    cart = make_cart(make_product(1000), coupons=[coupon])
    shown = quote_cart(Cart(cart._session), make_buyer()).total
    Coupon.objects.update(**change)
    if "max_uses" in change:
        other = pending_order(make_product(1000), coupons=[coupon], email="other@example.com")
    before, contents = Order.objects.count(), dict(cart._session.items())

    for seen in (shown, None):
        with pytest.raises(CouponNotUsable, match=words):
            place_order(Cart(cart._session), make_buyer(), shown_total=seen)

    assert Order.objects.count() == before == Redemption.objects.count()
    assert dict(cart._session.items()) == contents
    full = place_order(Cart(cart._session), make_buyer(), shown_total=1000)
    assert (full.total, full.redemptions.count()) == (1000, 0)
    assert uses(coupon) == (1 if "max_uses" in change and other else 0)


def test_the_last_use_that_goes_while_the_order_is_written_is_refused(monkeypatch: Any) -> None:
    coupon = make_coupon(max_uses=1)
    cart = make_cart(make_product(1000), coupons=[coupon])
    quote = quote_cart(cart, make_buyer())
    pending_order(coupons=[coupon], email="quicker@example.com")
    monkeypatch.setattr("checkout.placing.quote_cart", lambda _cart, _buyer: quote)

    with pytest.raises(CouponNotUsable, match="used up"):
        place_order(cart, make_buyer(), shown_total=900)

    assert (Order.objects.count(), Redemption.objects.count(), OrderEvent.objects.count()) == (1, 1, 1)


def test_a_coupon_that_is_deleted_while_the_order_is_written_is_refused(monkeypatch: Any) -> None:
    coupon = make_coupon(max_uses=1)
    cart = make_cart(coupons=[coupon])
    quote = quote_cart(cart, make_buyer())
    coupon.delete()
    monkeypatch.setattr("checkout.placing.quote_cart", lambda _cart, _buyer: quote)

    with pytest.raises(CouponNotUsable, match="not valid any more"):
        place_order(cart, make_buyer())

    assert nothing_was_written()


def test_another_sum_without_a_refused_coupon_is_a_changed_price() -> None:
    with pytest.raises(PriceChanged):
        place_order(make_cart(coupons=[make_coupon()]), make_buyer(), shown_total=1)

    assert nothing_was_written()


def test_a_first_order_is_one_even_for_two_placed_at_once() -> None:
    coupon = make_coupon(buyers="new")
    pending_order(coupons=[coupon], email="mona@gmail.com")

    with pytest.raises(CouponNotUsable, match="already"):
        pending_order(coupons=[coupon], email="m.o.n.a@gmail.com")


# --- Free again ----------------------------------------------------------------------------------


def test_an_order_that_lapses_frees_its_uses_and_one_paid_late_has_them_again() -> None:
    coupon = make_coupon(max_uses=1)
    order = pending_order(coupons=[coupon])
    late = start_payment(order, "demo")
    Order.objects.filter(pk=order.pk).update(status="expired")
    assert uses(coupon) == 0
    paid_order(coupons=[coupon], email="next@example.com")

    demo.decide(DemoCharge.objects.get(key=late.key), "pay")
    sync_payment(late)

    order.refresh_from_db()
    assert (order.status, order.is_held) == ("paid", False)
    assert uses(coupon) == 2  # money came, so the order is honoured beyond the limit


def test_an_order_that_nobody_paid_frees_its_uses_when_it_expires() -> None:
    coupon = make_coupon(max_uses=1)
    order = pending_order(coupons=[coupon])

    expire_order(order)

    assert (uses(coupon), Redemption.objects.count()) == (0, 1)
    assert pending_order(coupons=[coupon]).redemptions.exists()


def test_a_full_refund_frees_a_use_a_partial_one_does_not_and_a_failed_one_takes_it_back(
    commits: Any,
) -> None:
    coupon = make_coupon(max_uses=1)
    order = paid_order(make_product(1000), coupons=[coupon])
    payment = order.payments.get()

    def give_back(amount: int) -> Refund:
        with commits():
            return request_refund(payment, amount, reason=Refund.Reason.OTHER, source=Refund.Source.STAFF)

    give_back(400)
    assert uses(coupon) == 1
    give_back(500)
    assert uses(coupon) == 0
    Order.objects.get().follow_money(400)
    assert uses(coupon) == 1


# --- Passed on -----------------------------------------------------------------------------------


def changed(cart: Cart) -> Cart:
    """The same reader, who went back and put in one more of everything."""
    cart = Cart(cart._session)
    for variant, quantity in cart.quantities.items():
        cart.change(variant, quantity + 1)
    return Cart(cart._session)


def test_sending_the_same_cart_again_is_the_same_order_and_one_use() -> None:
    coupon = make_coupon(max_uses=1)
    cart = make_cart(make_product(1000), coupons=[coupon])

    orders = {place_order(Cart(cart._session), make_buyer(), shown_total=900) for _each in range(3)}

    assert (len(orders), uses(coupon)) == (1, 1)


def test_who_goes_back_and_changes_the_cart_or_the_address_keeps_their_use() -> None:
    coupon = make_coupon(max_uses=1, max_uses_per_buyer=1)
    cart = make_cart(make_product(1000), coupons=[coupon])

    first = place_order(cart, make_buyer("monna@example.com"))
    second = place_order(Cart(cart._session), make_buyer("mona@example.com"))
    third = place_order(changed(cart), make_buyer("mona@example.com"))

    assert [order.total for order in (first, second, third)] == [900, 900, 1800]
    assert uses(coupon) == 1
    assert set(Redemption.objects.values_list("order", "yielded_to")) == {
        (first.pk, third.pk),
        (second.pk, third.pk),
        (third.pk, None),
    }
    with pytest.raises(CouponNotUsable):
        pending_order(coupons=[coupon], email="else@example.com")


@pytest.mark.parametrize("paid_first", [0, 1, 2])
def test_whichever_is_paid_has_the_use_and_a_second_one_waits_for_staff(paid_first: int) -> None:
    coupon = make_coupon(max_uses=1)
    cart = make_cart(make_product(1000), coupons=[coupon])
    orders = [place_order(cart, make_buyer())]
    orders += [place_order(changed(cart), make_buyer()) for _each in range(2)]

    first = pay(orders.pop(paid_first))
    assert (first.is_held, first.redemptions.get().yielded_to, uses(coupon)) == (False, None, 1)

    for other in orders:
        assert (pay(other).status, other.is_held) == ("paid", True)
        assert "paid with this coupon" in other.held_reason
    assert uses(coupon) == 1


def test_a_second_order_may_be_paid_too_where_the_coupon_has_uses_left() -> None:
    coupon = make_coupon(max_uses=2)
    cart = make_cart(make_product(1000), coupons=[coupon])
    first = place_order(cart, make_buyer())
    second = place_order(changed(cart), make_buyer())

    assert not any(pay(order).is_held for order in (second, first))
    assert uses(coupon) == 2


def test_an_order_that_somebody_else_paid_for_meanwhile_keeps_its_use() -> None:
    coupon = make_coupon(max_uses=2)
    cart = make_cart(make_product(1000), coupons=[coupon])
    first = pay(place_order(cart, make_buyer()))
    place_order(changed(cart), make_buyer())

    assert first.redemptions.get().yielded_to is None
    assert uses(coupon) == 2


def test_what_a_paid_order_took_over_stays_with_it_when_its_reader_orders_again() -> None:
    coupon = make_coupon(max_uses=2)
    cart = make_cart(make_product(1000), coupons=[coupon])
    first = place_order(cart, make_buyer())
    second = pay(place_order(changed(cart), make_buyer()))
    third = place_order(changed(cart), make_buyer())

    assert first.redemptions.get().yielded_to == second
    assert third.redemptions.get().yielded_to is None
    assert uses(coupon) == 2


def test_a_coupon_without_a_limit_is_passed_on_to_nobody() -> None:
    coupon = make_coupon()
    cart = make_cart(make_product(1000), coupons=[coupon])
    place_order(cart, make_buyer())
    place_order(changed(cart), make_buyer())

    assert set(Redemption.objects.values_list("yielded_to", flat=True)) == {None}


def test_what_was_paid_is_out_of_the_cart_with_its_coupons() -> None:
    coupon = make_coupon()
    cart = make_cart(coupons=[coupon])
    place_order(cart, make_buyer())

    cart.clear()

    assert (cart.coupons, cart.placed) == ([], None)
