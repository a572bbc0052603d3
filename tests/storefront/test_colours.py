"""A seller may choose any colour; text of it and on it can be read all the same."""

import re

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from storefront.colours import OURS, READABLE, contrast, hexed, look_of, parse
from tests.look.test_css import TEXT, tokens

COLOURS = st.tuples(*[st.integers(0, 255)] * 3).map(hexed)


def unreadable(chosen: dict[str, tuple[str, str]]) -> list[tuple[str, str, int]]:
    """Pairs of text and ground in the shop's style sheet whose contrast is too small, by day or night."""
    colours = tokens() | chosen
    return [
        (front, ground, night)
        for front, ground in TEXT
        for night in (0, 1)
        if contrast(parse(colours[front][night]), parse(colours[ground][night])) < READABLE
    ]


def test_ours_are_those_of_the_style_sheet() -> None:
    assert {name: tokens()[name] for name in OURS.tokens} == OURS.tokens
    assert look_of("", "") == OURS


@given(COLOURS, COLOURS)
@hypothesis_settings(max_examples=150)
def test_whatever_is_chosen_can_be_read(brand: str, accent: str) -> None:
    assert unreadable(look_of(brand, accent).tokens) == []


@pytest.mark.parametrize(
    ("chosen", "by_day", "by_night"),
    [
        ("#0b5394", "#0b5394", "#5c8cb7"),  # dark enough by day, lightened by night
        ("#ffd400", "#7d6800", "#ffd400"),  # and the other way round
        ("#000000", "#000000", "#878787"),
        ("#ffffff", "#6b6b6b", "#ffffff"),
    ],
)
def test_a_colour_is_changed_as_little_as_is_needed(chosen: str, by_day: str, by_night: str) -> None:
    assert look_of(chosen, "").brand == (by_day, by_night)
    assert look_of(chosen, "").saffron == OURS.saffron


def test_the_style_sheet_of_a_colour_is_ever_the_same(client: Client) -> None:
    page = client.get("/brand-ffd400-ours.css")
    css = page.content.decode()

    assert page["Content-Type"] == "text/css; charset=utf-8"
    assert page["Cache-Control"] == "public, max-age=86400"
    assert page["ETag"]
    assert not page.cookies
    assert "--brand: light-dark(#7d6800, #ffd400);" in css
    assert "--saffron: light-dark(#e0a02c, #e3aa45);" in css
    assert re.fullmatch(r":root:root \{\n(  --[\w-]+: [\w()#, -]+;\n)+\}\n", css)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/brand-ffd40-ours.css", "/brand-FFD400-ours.css", "/brand-ours.css", "/brand-};-ours.css"]
)
def test_only_colours_make_a_style_sheet(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
