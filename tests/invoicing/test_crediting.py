from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from checkout.pricing import Item, Tax, price, share
from invoicing.crediting import Left, Part, credit

rates = st.sampled_from([0, 500, 700, 750, 1500, 1900, 2100])


@st.composite
def sold_lines(draw: st.DrawFn) -> tuple[list[Part], int]:
    """The lines of an order as the price function makes them, and the step of its currency."""
    step = draw(st.sampled_from([1, 10]))
    items = [
        Item(
            draw(st.integers(1, 5)),
            draw(st.integers(0, 3000)) * step,
            Tax(draw(rates), is_included=draw(st.booleans()), label="VAT"),
        )
        for _each in range(draw(st.integers(1, 4)))
    ]
    totals = price(items, step=step)
    return [Part(number, line.net, line.tax) for number, line in enumerate(totals.lines)], step


class Ledger:
    """What documents leave of each line, as books keep it."""

    def __init__(self, sold: list[Part]) -> None:
        self.sold, self.notes = sold, list[list[Part]]()
        self.net = [part.net for part in sold]
        self.tax = [part.tax for part in sold]

    def left(self) -> list[Left]:
        return [Left(part.line, part, self.net[part.line], self.tax[part.line]) for part in self.sold]

    def book(self, parts: list[Part], sign: int) -> None:
        for part in parts:
            self.net[part.line] += sign * part.net
            self.tax[part.line] += sign * part.tax
            assert 0 <= self.net[part.line] <= self.sold[part.line].net
            assert 0 <= self.tax[part.line] <= self.sold[part.line].tax

    @property
    def amount(self) -> int:
        return sum(self.net) + sum(self.tax)


def take(draw: Any, ledger: Ledger, step: int) -> None:
    """A refund of any amount that is left, with or without lines, which may say more than is left of them."""
    amount = draw(st.integers(1, ledger.amount))
    named: dict[int, int] = {}
    if draw(st.booleans()):
        rest = amount
        for part in ledger.sold:
            named[part.line] = draw(st.integers(0, min(rest, part.amount)))
            rest -= named[part.line]
    before = ledger.amount
    note = credit(amount, named, ledger.left(), step)
    assert all(part.net >= 0 and part.tax >= 0 and part.amount for part in note)
    ledger.book(note, -1)
    ledger.notes.append(note)
    assert ledger.amount == before - amount


@given(st.data(), sold_lines())
def test_any_refunds_sum_to_what_was_sold_tax_parts_too(
    data: st.DataObject, lines: tuple[list[Part], int]
) -> None:
    sold, step = lines
    ledger, draw = Ledger(sold), cast(Any, data.draw)
    for _each in range(draw(st.integers(0, 6))):
        if ledger.notes and draw(st.booleans()):
            taken_back = ledger.notes.pop(draw(st.integers(0, len(ledger.notes) - 1)))
            ledger.book(taken_back, +1)  # the refund failed after all
        elif ledger.amount:
            take(draw, ledger, step)
    if ledger.amount:
        ledger.book(credit(ledger.amount, {}, ledger.left(), step), -1)

    assert (set(ledger.net), set(ledger.tax)) == ({0}, {0})


@given(sold_lines(), st.lists(st.integers(1, 2000), max_size=6))
def test_taxes_are_the_shares_of_the_amounts(lines: tuple[list[Part], int], amounts: list[int]) -> None:
    (sold, *_others), _step = lines
    ledger, before = Ledger([sold]), 0
    for amount in amounts:
        amount = min(amount, ledger.amount)
        note = credit(amount, {}, ledger.left())
        ledger.book(note, -1)

        assert sum(part.tax for part in note) == share(sold.tax, sold.amount, before, amount)
        before += amount


def test_a_refund_without_lines_is_spread_in_steps_of_the_currency() -> None:
    sold = [Part(1, 10_000, 0), Part(2, 20_000, 0), Part(3, 20, 0)]
    left = [Left(part.line, part, part.net, part.tax) for part in sold]

    assert credit(10_000, {}, left, 10) == [Part(1, 3330, 0), Part(2, 6660, 0), Part(3, 10, 0)]
    assert sum(part.amount for part in credit(10_001, {}, left, 10)) == 10_001


def test_what_is_named_goes_first_and_the_rest_where_something_is_left() -> None:
    sold = [Part(1, 1000, 190), Part(2, 500, 0)]
    left = [Left(1, sold[0], 100, 19), Left(2, sold[1], 500, 0)]

    assert credit(300, {1: 300}, left) == [Part(1, 100, 19), Part(2, 181, 0)]
    assert credit(700, {}, left) == [Part(1, 100, 19), Part(2, 500, 0)]
