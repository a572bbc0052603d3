from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from checkout.pricing import Item, price
from checkout.terms import Choice, Credit, Reader, Terms, Wanted, choose

SMALL = st.integers(1, 4)  # ids of variants and products: so few that they meet
STEP = st.sampled_from([1, 10])


@st.composite
def carts(draw: Any) -> tuple[list[Wanted], list[Item], list[Terms], Reader, int]:
    step = draw(STEP)
    amounts = st.integers(0, 500).map(lambda amount: amount * step)
    variants = draw(st.lists(SMALL, min_size=1, max_size=4, unique=True))
    items = [Item(draw(st.integers(1, 5)), draw(amounts)) for _each in variants]
    lines = [
        Wanted(variant, draw(SMALL), item.quantity, item.list_amount)
        for variant, item in zip(variants, items, strict=True)
    ]
    terms = [
        Terms(number, draw(st.sampled_from(KINDS)), draw(SMALL), draw(st.frozensets(SMALL)), draw(amounts))
        for number in range(1, draw(st.integers(1, 6)))
    ]
    credits = st.builds(Credit, SMALL, st.integers(1, 3), st.integers(0, 6000))
    reader = Reader(
        accepted=draw(st.frozensets(st.integers(1, 6))),
        owned=draw(st.frozensets(SMALL)),
        credits=draw(st.dictionaries(SMALL, credits)),
    )
    return lines, items, terms, reader, step


KINDS = ["cross", "bump", "upsell", "loyal"]


def most_off(lines: list[Wanted], terms: list[Terms], reader: Reader, place: int, step: int) -> int:
    """The same rule, told in another way: unit by unit."""
    line = lines[place]
    others = [
        each.product_id for number, each in enumerate(lines) if number != place for _ in range(each.quantity)
    ]
    offs = [0]
    for each in terms:
        if each.variant_id != line.variant_id:
            continue
        because_of = [product for product in others if product in each.product_ids]
        units = {
            "cross": min(len(because_of), line.quantity),
            "bump": 1 if each.offer_id in reader.accepted and (because_of or not each.product_ids) else 0,
            "upsell": 1 if each.offer_id in reader.accepted else 0,
            "loyal": line.quantity if reader.owned & each.product_ids else 0,
        }[each.kind]
        offs.append(sum(max(line.amount // line.quantity - each.amount, 0) for _unit in range(units)))
    credit = reader.credits.get(line.variant_id)
    if credit and credit.quantity <= line.quantity:
        offs.append(min(line.amount, credit.amount - credit.amount % step))
    return max(offs)


@given(carts())
def test_each_line_gets_the_best_offer_and_only_that(cart: Any) -> None:
    lines, items, terms, reader, step = cart

    choices = choose(lines, terms, reader, step=step)

    found = {choice.place: choice.amount for choice in choices}
    assert [found.get(place, 0) for place in range(len(lines))] == [
        most_off(lines, terms, reader, place, step) for place in range(len(lines))
    ]
    assert len(found) == len(choices)
    totals = price(items, [choice.discount for choice in choices], step=step)
    assert totals.discount == sum(found.values())
    assert totals.total == sum(item.list_amount for item in items) - sum(found.values())
    assert all(0 <= line.amount <= line.item.list_amount for line in totals.lines)
    assert all(line.amount % step == 0 for line in totals.lines)


@given(carts(), st.randoms(use_true_random=False))
def test_the_order_of_the_offers_changes_nothing(cart: Any, random: Any) -> None:
    lines, _items, terms, reader, step = cart
    shuffled = random.sample(terms, len(terms))

    assert choose(lines, terms, reader, step=step) == choose(lines, shuffled, reader, step=step)


def test_of_two_alike_the_upgrade_is_first_and_then_the_older_offer() -> None:
    line = [Wanted(1, 1, 1, 1000)]
    loyal = [Terms(number, "loyal", 1, frozenset({7}), 400, "again") for number in (9, 8)]
    reader = Reader(owned=frozenset({7}), credits={1: Credit(5, 1, 600, "Old")})

    assert choose(line, loyal, reader)[0].reason == "upgrade"
    assert choose(line, loyal, Reader(owned=frozenset({7}))) == [Choice(0, "loyal", "again", 600, offer_id=8)]


def test_as_many_cost_less_as_there_are_of_the_other() -> None:
    terms = [Terms(1, "cross", 2, frozenset({1}), 300)]

    lines = [Wanted(1, 1, 2, 2000), Wanted(2, 2, 3, 3000)]
    assert [choice.amount for choice in choose(lines, terms, Reader())] == [2 * 700]
    lines = [Wanted(1, 1, 5, 5000), Wanted(2, 2, 3, 3000)]
    assert [choice.amount for choice in choose(lines, terms, Reader())] == [3 * 700]


def test_a_variant_is_no_reason_for_itself() -> None:
    terms = [Terms(1, "cross", 2, frozenset({2}), 300)]

    assert choose([Wanted(2, 2, 3, 3000)], terms, Reader()) == []
    assert choose([Wanted(2, 2, 1, 1000), Wanted(3, 2, 1, 1000)], terms, Reader())[0].amount == 700


@given(st.lists(st.integers(0, 9000), min_size=1, max_size=6))
def test_who_climbs_by_upgrades_pays_the_dearest_in_all(prices: list[int]) -> None:
    paid = 0
    for amount in prices:
        reader = Reader(credits={1: Credit(5, 1, paid)})
        choices = choose([Wanted(1, 1, 1, amount)], [], reader)
        paid += price([Item(1, amount)], [choice.discount for choice in choices]).total

    assert paid == max(prices)
