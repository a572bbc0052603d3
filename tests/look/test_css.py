"""The rules of the look that a machine can hold: mirroring, strict CSP, contrast, weight."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
CSS = ROOT / "static" / "css" / "shop.css"
OUR_CSS = sorted((ROOT / "static").rglob("*.css"))
OUR_JS = sorted((ROOT / "static" / "js").rglob("*.js"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PAGES = [path for path in TEMPLATES if "mail" not in path.relative_to(ROOT / "templates").parts]

PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|scroll-margin|scroll-padding)-(?:left|right)|border-(?:left|right)[\w-]*"
    r"|border-(?:top|bottom)-(?:left|right)-radius|(?:left|right))\s*:"
    r"|(?:text-align|float|clear)\s*:\s*(?:left|right)|\bto (?:left|right)\b"
)
KIB = 1024


def words_of(path: Path) -> str:
    """A style sheet without comments and embedded pictures."""
    return re.sub(r'/\*.*?\*/|url\("data:[^"]*"\)', "", path.read_text(), flags=re.S)


def weight(*paths: Path) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def tokens() -> dict[str, tuple[str, str]]:
    found = re.findall(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)", CSS.read_text())
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("path", OUR_CSS, ids=lambda path: path.name)
def test_style_sheets_know_no_left_and_right(path: Path) -> None:
    assert PHYSICAL.findall(words_of(path)) == []


@pytest.mark.parametrize(
    "text", ["margin-left: 1px", "right:0", "text-align: left", "to right", "border-top-left-radius: 1px"]
)
def test_physical_words_are_found(text: str) -> None:
    assert PHYSICAL.search(text)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_pages_hold_no_inline_style_or_script(path: Path) -> None:
    text = path.read_text()

    assert re.findall(r"<style|\sstyle\s*=|\son\w+\s*=\s*[\"']|javascript:", text) == []
    assert [tag for tag in re.findall(r"<script[^>]*>", text) if "src=" not in tag] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_icons_are_in_the_sprite(path: Path) -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static" / "icons.svg").read_text()))

    assert set(re.findall(r'{% icon "([\w-]+)"', path.read_text())) - drawn == set()


def test_every_token_that_is_used_is_defined() -> None:
    text = words_of(CSS)

    assert (
        set(re.findall(r"var\(--([\w-]+)", text)) - set(re.findall(r"--([\w-]+):", CSS.read_text())) == set()
    )


TEXT = [
    *[
        (front, ground)
        for front in ("ink", "soft", "brand", "brand-strong", "danger")
        for ground in ("paper", "card")
    ],
    *[("ink", ground) for ground in ("tint", "wash-brand", "wash-danger", "wash-saffron")],
    *[("soft", "tint"), ("soft", "wash-brand"), ("brand", "tint"), ("brand", "wash-brand")],
    *[("danger", "wash-danger"), ("soft", "wash-danger"), ("soft", "wash-saffron")],
    *[("on-brand", "brand"), ("on-brand", "brand-strong"), ("on-deep", "deep"), ("on-deep", "deeper")],
    *[("on-saffron", "saffron"), ("good", "card")],
]


@pytest.mark.parametrize(("front", "ground"), TEXT)
def test_text_can_be_read(front: str, ground: str) -> None:
    for theme in (0, 1):
        assert contrast(tokens()[front][theme], tokens()[ground][theme]) >= 4.5


@pytest.mark.parametrize(
    ("front", "ground"), [("edge", "card"), ("edge", "paper"), ("brand", "paper"), ("brand", "card")]
)
def test_controls_can_be_seen(front: str, ground: str) -> None:
    for theme in (0, 1):
        assert contrast(tokens()[front][theme], tokens()[ground][theme]) >= 3


def test_a_page_stays_light() -> None:
    font = ROOT / "static" / "fonts" / "vazirmatn-arabic.woff2"
    besides_html = weight(CSS, ROOT / "static" / "icons.svg", *OUR_JS)

    assert weight(CSS) <= 15 * KIB
    assert weight(*OUR_JS) <= 10 * KIB
    assert besides_html + 14 * KIB <= 60 * KIB
    assert besides_html + 14 * KIB + font.stat().st_size <= 110 * KIB
