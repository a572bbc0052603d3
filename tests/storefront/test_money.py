import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.money import (
    DECIMALS,
    AmountNotUnderstood,
    UnknownCurrency,
    allocate,
    decimals,
    format_money,
    format_number,
    parse_amount,
    parse_price,
    parse_rate,
    plain_amount,
    plain_rate,
)

NBSP, LRM = "\u00a0", "\u200e"


@pytest.mark.parametrize(
    ("amount", "currency", "language", "shown"),
    [
        (123450, "USD", "en", "$1,234.50"),
        (5, "USD", "en", "$0.05"),
        (-123450, "USD", "en", "-$1,234.50"),
        (123450, "USD", "ar", f"1,234.50{NBSP}$"),
        (123450, "USD", "fa", f"۱٬۲۳۴٫۵۰{NBSP}$"),
        (-123450, "USD", "fa", f"{LRM}-۱٬۲۳۴٫۵۰{NBSP}$"),
        (37500, "KWD", "en", f"KWD{NBSP}37.500"),
        (37500, "KWD", "ar", f"37.500{NBSP}د.ك."),
        (37500, "KWD", "fa", f"۳۷٫۵۰۰{NBSP}دینار کویت"),
        (1200, "JPY", "en", "¥1,200"),
        (1200, "JPY", "ar", f"1,200{NBSP}JP¥"),
        (1200, "JPY", "fa", f"۱٬۲۰۰{NBSP}¥"),
        (4950, "SAR", "en", f"SAR{NBSP}49.50"),
        (4950, "SAR", "ar", f"49.50{NBSP}ر.س."),
        (4950, "SAR", "fa", f"۴۹٫۵۰{NBSP}ریال سعودی"),
        (0, "EUR", "en", "€0.00"),
        (2_500_000, "IRR", "fa", f"۲۵۰٬۰۰۰{NBSP}تومان"),
        (2_500_000, "IRR", "en", f"250,000{NBSP}toman"),
        (-15, "IRR", "ar", f"{LRM}-1.5{NBSP}تومان"),
    ],
)
def test_money_is_shown(amount, currency, language, shown):
    assert format_money(amount, currency, language) == shown


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("5.120", "KWD", 5120), ("۵٫۱۲", "KWD", 5120), ("250000", "IRR", 250000), ("0.01", "USD", 1)],
)
def test_prices_go_in_the_steps_that_providers_take(text, currency, amount):
    assert parse_price(text, currency) == amount


@pytest.mark.parametrize(("text", "currency"), [("5.124", "KWD"), ("0.001", "BHD"), ("15", "IRR")])
def test_a_price_between_two_steps_is_refused(text, currency):
    with pytest.raises(AmountNotUnderstood, match="steps of"):
        parse_price(text, currency)


def test_huge_amounts_stay_exact():
    assert format_number(9_007_199_254_740_993, "USD", "en") == "90,071,992,547,409.93"


@pytest.mark.parametrize("code", ["XXX", "usd", ""])
def test_a_currency_without_known_decimals_is_refused(code):
    with pytest.raises(UnknownCurrency, match="not known"):
        decimals(code)


@given(st.integers(), st.sampled_from(sorted(DECIMALS)))
def test_no_digit_of_a_number_is_lost(amount, currency):
    digits = format_number(amount, currency, "en").replace(",", "").replace(".", "")

    assert int(digits) == amount


@given(st.integers(), st.lists(st.integers(min_value=0), min_size=1))
def test_parts_sum_to_the_whole(amount, weights):
    assert sum(allocate(amount, weights)) == amount


@given(st.integers(min_value=0), st.lists(st.integers(min_value=0), min_size=1).filter(any))
def test_each_part_is_within_one_unit_of_its_share(amount, weights):
    total = sum(weights)

    for part, weight in zip(allocate(amount, weights), weights, strict=True):
        assert abs(part * total - amount * weight) < total


@given(st.integers(), st.lists(st.integers(min_value=0), min_size=1))
def test_a_refund_is_the_mirror_of_a_charge(amount, weights):
    assert allocate(-amount, weights) == [-part for part in allocate(amount, weights)]


def test_odd_units_go_to_the_largest_remainders_and_the_first_among_equals():
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(10, [1, 2, 4]) == [1, 3, 6]
    assert allocate(3, [0, 0]) == [2, 1]
    assert allocate(7, [0, 5]) == [0, 7]


@pytest.mark.parametrize("weights", [[], [1, -1]])
def test_weights_that_mean_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="Weights"):
        allocate(1, weights)


@pytest.mark.parametrize(
    ("typed", "currency", "amount"),
    [
        ("12.50", "USD", 1250),
        ("12.5", "USD", 1250),
        (" 12 ", "USD", 1200),
        ("0", "USD", 0),
        ("1,234.50", "USD", 123450),
        ("1,250", "USD", 125000),
        ("۱۲٫۵", "USD", 1250),
        ("١٢٫٥", "USD", 1250),
        ("۱٬۲۳۴٫۵۰", "USD", 123450),
        ("1.250", "KWD", 1250),
        ("١٫٢٥٠", "KWD", 1250),
        ("1,234,567.5", "KWD", 1_234_567_500),
        ("1200", "JPY", 1200),
        ("1,200", "JPY", 1200),
    ],
)
def test_what_people_type_is_understood(typed, currency, amount):
    assert parse_amount(typed, currency) == amount


@pytest.mark.parametrize(
    ("typed", "currency", "why"),
    [
        ("12.345", "USD", "at most 2 decimals"),
        ("12.3456", "KWD", "at most 3 decimals"),
        ("1.5", "JPY", "at most 0 decimals"),
        ("12,50", "USD", "such as 12.50"),
        ("1,250", "KWD", "such as 12.500"),
        ("-1", "USD", "such as 12.50"),
        ("1e5", "USD", "such as 12.50"),
        ("$5", "USD", "such as 12.50"),
        ("", "USD", "such as 12.50"),
        (".5", "USD", "such as 12.50"),
        ("5.", "USD", "such as 12.50"),
        ("²", "USD", "such as 12.50"),
        ("free", "JPY", "such as 12"),
        ("1" * 13, "USD", "such as 12.50"),
        ("NaN", "USD", "such as 12.50"),
    ],
)
def test_what_could_mean_two_things_is_refused(typed, currency, why):
    with pytest.raises(AmountNotUnderstood, match=why):
        parse_amount(typed, currency)


@given(
    st.integers(min_value=0, max_value=10**11),
    st.sampled_from(sorted(DECIMALS)),
    st.sampled_from(["en", "ar", "fa"]),
)
def test_what_is_shown_can_be_typed_again(amount, currency, language):
    assert parse_amount(plain_amount(amount, currency), currency) == amount
    if decimals(currency) != 3 or amount % 1000 or amount >= 10**9:
        assert parse_amount(format_number(amount, currency, language), currency) == amount


@pytest.mark.parametrize(
    ("typed", "bps"),
    [("12.5", 1250), ("۱۲٫۵٪", 1250), ("12,5 %", 1250), ("١٠", 1000), ("100", 10_000), ("0.01", 1)],
)
def test_a_share_is_read_in_any_digits(typed, bps):
    assert parse_rate(typed) == bps
    assert parse_rate(plain_rate(bps)) == bps


@pytest.mark.parametrize("typed", ["", "-5", "a", "12.345", "1e2", "1.2.3", "%", "½", "100.01"])
def test_what_is_no_share_is_refused(typed):
    with pytest.raises(AmountNotUnderstood, match="such as 12.5"):
        parse_rate(typed)
