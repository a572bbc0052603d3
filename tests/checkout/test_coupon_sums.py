"""Whatever coupons lie in a cart, its sums stay exact, and no other choice among them would be cheaper."""

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from checkout.coupons import REASON, CartCoupon, discounts_of, keep_best
from checkout.models import Coupon
from checkout.pricing import Discount, Item, price

Cart = tuple[list[Item], list[Discount], list[CartCoupon], int]


@st.composite
def carts(draw: st.DrawFn) -> Cart:
    """Items, some of them free, an offer, and coupons that would each apply alone; some take far too much."""
    step = draw(st.sampled_from([1, 10]))
    amounts = st.integers(0, 10**5).map(lambda number: number * step)
    items = draw(st.lists(st.builds(Item, st.integers(1, 9), amounts), min_size=1, max_size=5))
    places = st.lists(st.integers(0, len(items) - 1), min_size=1, unique=True).map(tuple)
    offers = [Discount("sale", "", draw(places), rate_bps=draw(st.sampled_from([0, 3000, 10_000])))]
    numbers = count(1)

    def coupon(on: tuple[int, ...], rate: int, amount: int, *, is_stackable: bool) -> CartCoupon:
        number = next(numbers)
        kind = Coupon.Kind.PERCENT if rate else Coupon.Kind.FIXED
        row = Coupon(pk=number, code=f"C{number}", kind=kind, rate_bps=rate, is_stackable=is_stackable)
        return CartCoupon(row, Discount(REASON, row.code, on, rate, 0 if rate else amount))

    coupons = [
        coupon(
            draw(places),
            draw(st.sampled_from([0, 1, 1000, 3333, 10_000])),
            draw(amounts),
            is_stackable=draw(st.booleans()),
        )
        for _each in range(draw(st.integers(0, 5)))
    ]
    return items, offers, coupons, step


@given(carts())
def test_the_sums_are_exact_and_the_choice_is_the_best(cart: Cart) -> None:
    items, offers, coupons, step = cart
    before = price(items, offers, step=step)

    kept = keep_best(coupons, items, offers, step)
    totals = price(items, [*offers, *discounts_of(kept)], step=step)

    assert 0 <= totals.total <= before.total
    assert totals.total == totals.list_amount - totals.discount == sum(line.amount for line in totals.lines)
    assert all(line.amount >= 0 and line.amount % step == 0 for line in totals.lines)
    taken = [part.label for part in totals.parts if part.reason == REASON]
    assert sorted(taken) == sorted(each.coupon.code for each in kept if each.applies)
    stack = [each for each in coupons if each.coupon.is_stackable]
    for choice in ([each] for each in coupons):
        assert totals.total <= price(items, [*offers, *discounts_of(choice)], step=step).total
    assert totals.total <= price(items, [*offers, *discounts_of(stack)], step=step).total


@given(carts())
def test_all_of_them_stay_in_their_order_and_whoever_takes_nothing_says_why(cart: Cart) -> None:
    items, offers, coupons, step = cart

    kept = keep_best(coupons, items, offers, step)

    assert [each.coupon for each in kept] == [each.coupon for each in coupons]
    assert all(each.applies != bool(each.why_not) for each in kept)
    assert not any(each.is_refused for each in kept)
    alone = [each for each in kept if each.applies and not each.coupon.is_stackable]
    assert not alone or sum(each.applies for each in kept) == 1


@given(carts(), st.randoms())
def test_the_order_of_entering_changes_no_sum(cart: Cart, random: object) -> None:
    items, offers, coupons, step = cart
    shuffled = list(coupons)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    totals = [
        price(items, [*offers, *discounts_of(keep_best(each, items, offers, step))], step=step).total
        for each in (coupons, shuffled)
    ]

    assert totals[0] == totals[1]
