from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.pricing import Discount, Item, Part, Tax, TaxTotal, Totals, price, share

VAT = Tax(1500, label="VAT")
VAT_INSIDE = replace(VAT, is_included=True)
STEPS = st.sampled_from([1, 10])
TAXES = st.builds(
    Tax,
    st.sampled_from([0, 1, 500, 1500, 1999, 2700, 10_000]),
    is_included=st.booleans(),
    is_charged=st.booleans(),
)


@st.composite
def carts(draw: st.DrawFn) -> tuple[list[Item], list[Discount], int]:
    """Items whose prices are payable, with discounts on any of them, some of them far too large."""
    step = draw(STEPS)
    items = draw(
        st.lists(
            st.builds(Item, st.integers(0, 99), st.integers(0, 10**7).map(lambda n: n * step), TAXES),
            min_size=1,
            max_size=6,
        )
    )
    places = st.lists(st.integers(0, len(items) - 1), min_size=1, unique=True).map(tuple)
    off = st.one_of(
        st.fixed_dictionaries({"rate_bps": st.integers(0, 12_000)}),
        st.fixed_dictionaries({"amount": st.integers(0, 10**9)}),
    )
    discounts = draw(
        st.lists(
            st.tuples(places, off).map(lambda each: Discount("coupon", "X", each[0], **each[1])), max_size=4
        )
    )
    return items, discounts, step


def amounts(totals: Totals) -> list[tuple[int, int, int]]:
    return [(line.net, line.tax, line.amount) for line in totals.lines]


@given(carts())
def test_nothing_is_lost_negative_or_above_its_list_price(
    cart: tuple[list[Item], list[Discount], int],
) -> None:
    items, discounts, step = cart
    totals = price(items, discounts, step=step)

    assert totals.total == totals.net + totals.tax == sum(line.amount for line in totals.lines)
    assert totals.discount == sum(part.amount for part in totals.parts)
    assert sum(each.amount for each in totals.taxes) == totals.tax
    for item, line in zip(items, totals.lines, strict=True):
        sold = item.list_amount - line.discount
        assert min(line.net, line.tax, line.discount, sold) >= 0
        assert line.amount % step == line.discount % step == 0
        if item.tax.is_included and item.tax.is_charged:
            assert line.amount == sold
        elif item.tax.is_included:
            assert line.amount <= sold
            assert line.tax == 0
        else:
            assert line.net == sold


@given(carts())
def test_a_further_discount_never_makes_anything_dearer(
    cart: tuple[list[Item], list[Discount], int],
) -> None:
    items, discounts, step = cart
    totals = [price(items, discounts[:count], step=step).total for count in range(len(discounts) + 1)]

    assert totals == sorted(totals, reverse=True)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8), st.integers(0, 10**7))
def test_however_a_line_is_given_back_its_shares_sum_to_the_part(refunds: list[int], part: int) -> None:
    whole, before, shares = sum(refunds), 0, []
    part = min(part, whole)
    for amount in refunds:
        shares.append(share(part, whole, before, amount))
        before += amount

    assert sum(shares) == part
    assert all(0 <= each <= amount for each, amount in zip(shares, refunds, strict=True))


def test_a_share_is_taken_once_of_all_and_spread_by_what_is_left_of_each() -> None:
    items = [Item(3, 333), Item(1, 1), Item(1, 1000)]
    totals = price(items, [Discount("coupon", "TEN", (0, 1, 2), rate_bps=1000)])

    assert [line.discount for line in totals.lines] == [100, 0, 100]
    assert totals.parts == [Part("coupon", "TEN", 200)]


def test_discounts_are_taken_one_after_the_other() -> None:
    totals = price(
        [Item(1, 1000)], [Discount("sale", "", (0,), amount=200), Discount("coupon", "H", (0,), 5000)]
    )

    assert totals.lines[0].parts == (Part("sale", "", 200), Part("coupon", "H", 400))
    assert totals.total == 400


@pytest.mark.parametrize(
    "discounts",
    [
        [Discount("coupon", "ALL", (0, 1), rate_bps=10_000)],
        [Discount("coupon", "MORE", (0, 1), rate_bps=25_000)],
        [Discount("coupon", "OFF", (0, 1), amount=10**9), Discount("coupon", "TWICE", (0, 1), amount=5)],
    ],
)
def test_more_than_everything_is_everything(discounts: list[Discount]) -> None:
    totals = price([Item(1, 1000, VAT), Item(2, 0, VAT)], discounts)

    assert amounts(totals) == [(0, 0, 0), (0, 0, 0)]
    assert totals.discount == 1000


@pytest.mark.parametrize(
    ("tax", "paid"),
    [
        (VAT, (1000, 150, 1150)),
        (VAT_INSIDE, (870, 130, 1000)),
        (replace(VAT, is_charged=False), (1000, 0, 1000)),
        (replace(VAT_INSIDE, is_charged=False), (870, 0, 870)),
        (Tax(), (1000, 0, 1000)),
    ],
)
def test_a_tax_is_added_contained_or_left_out(tax: Tax, paid: tuple[int, int, int]) -> None:
    assert amounts(price([Item(1, 1000, tax)])) == [paid]


def test_dinars_are_paid_in_steps_of_ten_thousandths_of_a_hundred() -> None:
    item, step = Item(1, 1230, VAT), 10  # 1.230 KWD

    half = price([item], [Discount("coupon", "H", (0,), rate_bps=5000)], step=step)

    assert amounts(half) == [(610, 90, 700)]
    assert price([Item(1, 10)], [Discount("coupon", "H", (0,), rate_bps=4000)], step=step).total == 10


def test_taxes_are_summed_by_rate() -> None:
    books = Tax(500, label="VAT")
    totals = price([Item(1, 1000, VAT), Item(1, 99, books), Item(1, 200, VAT), Item(1, 50)])

    assert totals.taxes == [TaxTotal(VAT, 1200, 180), TaxTotal(books, 99, 5)]
