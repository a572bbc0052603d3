from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from catalog.price_history import Terms, lowest_asked

DAY = datetime(2026, 11, 1, tzinfo=UTC)
HOURS = st.integers(0, 60)


def at(hour: int) -> datetime:
    return DAY + timedelta(hours=hour)


@st.composite
def histories(draw: st.DrawFn) -> list[Terms]:
    """Prices with sales, set at whole hours, some of them of no time and some taken off."""
    terms = []
    for hour in sorted(draw(st.lists(HOURS, max_size=6))):
        amount = draw(st.one_of(st.none(), st.integers(1, 9)))
        sale = draw(st.one_of(st.none(), st.tuples(st.integers(0, 8), HOURS, st.none() | HOURS)))
        if sale and amount and sale[0] < amount:
            end = None if sale[2] is None else at(sale[2])
            terms.append(Terms(at(hour), amount, sale[0], at(sale[1]), end))
        else:
            terms.append(Terms(at(hour), amount))
    return terms


def asked_at(history: list[Terms], hour: int) -> int | None:
    """What somebody was asked who came at half past."""
    moment = at(hour) + timedelta(minutes=30)
    terms = next((each for each in reversed(history) if each.asked_from <= moment), None)
    if terms is None or terms.sale_starts_at is None:
        return terms.amount if terms else None
    is_on = terms.sale_starts_at <= moment and (terms.sale_ends_at is None or moment < terms.sale_ends_at)
    return terms.sale_amount if is_on else terms.amount


@given(histories(), HOURS, HOURS)
def test_the_lowest_is_that_of_whoever_came_at_any_hour(history: list[Terms], begin: int, end: int) -> None:
    came = [amount for hour in range(begin, end) if (amount := asked_at(history, hour)) is not None]

    assert lowest_asked(history, at(begin), at(end)) == min(came, default=None)


def test_a_sale_that_ended_yesterday_counts() -> None:
    history = [Terms(at(0), 900), Terms(at(10), 900, 500, at(10), at(20)), Terms(at(30), 900)]

    assert lowest_asked(history, at(15), at(40)) == 500
    assert lowest_asked(history, at(20), at(40)) == 900
    assert lowest_asked(history, at(-9), at(0)) is None
