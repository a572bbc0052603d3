import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from checkout.origin import is_from_this_shop


def asked(**headers: str) -> bool:
    return is_from_this_shop(RequestFactory().post("/cart/lines/", headers=headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://testserver"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {},
    ],
)
def test_our_own_forms_and_programs_may(headers: dict[str, str]) -> None:
    assert asked(**headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://testserver:8000"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://["},
        {"Origin": "testserver"},
    ],
)
def test_other_pages_may_not(headers: dict[str, str]) -> None:
    assert not asked(**headers)


@given(st.text(st.characters(codec="latin-1"), max_size=40))
def test_no_origin_breaks_it_or_passes_by_chance(origin: str) -> None:
    passes = asked(Origin=origin)

    assert passes == (origin.lower().endswith("//testserver") and passes)
