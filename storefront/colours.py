"""Colours that can be read: contrast by WCAG 2.2, and the nearest colour that has enough of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import lru_cache

Colour = tuple[int, int, int]
READABLE = 4.5  # https://www.w3.org/TR/WCAG22/#contrast-minimum
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def parse(text: str) -> Colour:
    """#rrggbb as three numbers from 0 to 255."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def hexed(colour: Colour) -> str:
    return "#" + bytes(colour).hex()


def contrast(one: Colour, two: Colour) -> float:
    """The WCAG 2 contrast ratio, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(two)))
    return (high + 0.05) / (low + 0.05)


def mixed(one: Colour, two: Colour, share: float) -> Colour:
    """The colour that lies `share` (0 to 1) of the way from the first to the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, two, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@dataclass(frozen=True)
class Look:
    """The colours that a seller may choose, as style sheets call them: by day and by night, as #rrggbb."""

    brand: tuple[str, str] = ("#0f5c5c", "#4fb3ab")
    brand_strong: tuple[str, str] = ("#0b4747", "#73cbc3")
    on_brand: tuple[str, str] = ("#ffffff", "#0d1c1c")
    deep: tuple[str, str] = ("#0f5050", "#0e3233")
    deeper: tuple[str, str] = ("#0a3d3e", "#0a2526")
    on_deep: tuple[str, str] = ("#f8f2e6", "#e9e4d8")
    wash_brand: tuple[str, str] = ("#e7efec", "#17292a")
    saffron: tuple[str, str] = ("#e0a02c", "#e3aa45")
    on_saffron: tuple[str, str] = ("#1d2326", "#1b1a16")
    wash_saffron: tuple[str, str] = ("#faf0da", "#2a2417")

    @property
    def tokens(self) -> dict[str, tuple[str, str]]:
        return {each.name.replace("_", "-"): getattr(self, each.name) for each in fields(self)}


OURS = Look()
# The grounds and inks of static/css/shop.css that text of these colours stands on, by day and by night.
_GROUNDS = [
    [parse(each) for each in row]
    for row in (("#faf7f2", "#ffffff", "#f3ecdf"), ("#14171a", "#1c2126", "#1a2023"))
]
_INKS = [[parse(each) for each in row] for row in (("#1d2326", "#5b6468"), ("#eceae5", "#a5aeb2"))]
_ON_BRAND, _ON_DEEP = ([parse(each) for each in pair] for pair in (OURS.on_brand, OURS.on_deep))


@lru_cache(maxsize=64)
def look_of(brand: str, accent: str) -> Look:
    """The look with a seller's own colours, each #rrggbb or empty for ours.

    A colour is darkened by day and lightened by night as little as is needed until all text of it and on it
    has a contrast of 4.5.
    """
    chosen = dict(OURS.__dict__)
    if brand:
        days = [_brand(parse(brand), night) for night in (0, 1)]
        chosen |= {name: (hexed(days[0][name]), hexed(days[1][name])) for name in days[0]}
    if accent:
        days = [_accent(parse(accent), night) for night in (0, 1)]
        chosen |= {name: (hexed(days[0][name]), hexed(days[1][name])) for name in days[0]}
    return Look(**chosen)


def _brand(colour: Colour, night: int) -> dict[str, Colour]:
    paper, *_others = _GROUNDS[night]

    def tokens(brand: Colour) -> dict[str, Colour]:
        strong = mixed(brand, WHITE if night else BLACK, 0.24)
        return {"brand": brand, "brand_strong": strong, "wash_brand": mixed(paper, brand, 0.08)}

    def reads(found: dict[str, Colour]) -> bool:
        texts = [(found["brand"], ground) for ground in (*_GROUNDS[night], found["wash_brand"])]
        texts += [(found["brand_strong"], ground) for ground in _GROUNDS[night]]
        texts += [(ink, found["wash_brand"]) for ink in _INKS[night]]
        texts += [(_ON_BRAND[night], found[name]) for name in ("brand", "brand_strong")]
        return all(contrast(*pair) >= READABLE for pair in texts)

    found = _nearest(colour, WHITE if night else BLACK, tokens, reads)
    return found | _deep(colour, night)


def _deep(colour: Colour, night: int) -> dict[str, Colour]:
    """For the awning and the head of mails, which stay dark by day too."""

    def tokens(deep: Colour) -> dict[str, Colour]:
        return {"deep": deep, "deeper": mixed(deep, BLACK, 0.24)}

    def reads(found: dict[str, Colour]) -> bool:
        return contrast(_ON_DEEP[night], found["deep"]) >= READABLE

    return _nearest(mixed(colour, BLACK, 0.45 if night else 0.13), BLACK, tokens, reads)


def _accent(colour: Colour, night: int) -> dict[str, Colour]:
    paper, on = _GROUNDS[night][0], parse(OURS.on_saffron[night])

    def tokens(accent: Colour) -> dict[str, Colour]:
        return {"saffron": accent, "on_saffron": on, "wash_saffron": mixed(paper, accent, 0.14)}

    def reads(found: dict[str, Colour]) -> bool:
        texts = [(on, found["saffron"]), *((ink, found["wash_saffron"]) for ink in _INKS[night])]
        return all(contrast(*pair) >= READABLE for pair in texts)

    return _nearest(colour, WHITE, tokens, reads)


def _nearest(
    colour: Colour,
    towards: Colour,
    tokens: Callable[[Colour], dict[str, Colour]],
    reads: Callable[[dict[str, Colour]], bool],
) -> dict[str, Colour]:
    """What is made of the first colour on the way that reads; at its end, everything does."""
    return next(filter(reads, map(tokens, _way(colour, towards))), tokens(towards))


def _way(colour: Colour, towards: Colour) -> Iterator[Colour]:
    return (mixed(colour, towards, step / 100) for step in range(101))
