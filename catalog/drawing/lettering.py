"""Text on drawn covers: cleaned, fitted to a box, in balanced lines and the direction of its script."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from PIL import ImageDraw, ImageFont, features

from storefront.colours import Colour

FONTS = Path(__file__).resolve().parent.parent / "fonts"
Weight = Literal["Regular", "Bold"]
Align = Literal["left", "center", "right"]
Box = tuple[float, float, float, float]

_JOINERS = "\u200c\u200d"
_RIGHT_TO_LEFT = ("R", "AL")


@dataclass(frozen=True)
class Block:
    """Lines that fit a box: their size in pixels, and the height they take."""

    lines: tuple[str, ...]
    size: int
    leading: float
    weight: Weight
    is_rtl: bool

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * self.leading


def can_shape() -> bool:
    """Whether this Pillow joins Arabic letters (it needs raqm); without it only other scripts are written."""
    return bool(features.check_feature("raqm"))


def is_right_to_left(text: str) -> bool:
    """The direction of the first letter that has one."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in _RIGHT_TO_LEFT:
            return True
        if direction == "L":
            return False
    return False


def printable(text: str) -> str:
    """The text without what cannot be drawn: control characters, and letters the font has no glyph for."""
    spaced = "".join(
        " " if character.isspace() else character for character in unicodedata.normalize("NFC", text)
    )
    kept = "".join(character for character in spaced if character in _JOINERS or _has_glyph(character))
    if not can_shape():
        kept = "".join(c for c in kept if unicodedata.bidirectional(c) not in (*_RIGHT_TO_LEFT, "NSM", "AN"))
    return " ".join(kept.split())


def fit(
    text: str,
    *,
    width: float,
    height: float,
    largest: int,
    smallest: int,
    weight: Weight = "Bold",
    most_lines: int = 4,
) -> Block:
    """The largest block, in pixels, that fits; at the smallest size what is too much ends in an ellipsis."""
    words = text.split()
    is_rtl = is_right_to_left(text)
    leading = 1.36 if is_rtl else 1.16
    for size in range(largest, smallest, -2):
        lines = _balanced(words, size, weight, width, most_lines)
        if lines and len(lines) * size * leading <= height:
            return Block(tuple(lines), size, leading, weight, is_rtl)
    room = max(1, min(most_lines, int(height / (smallest * leading))))
    return Block(tuple(_cut(words, smallest, weight, width, room)), smallest, leading, weight, is_rtl)


def write(
    draw: ImageDraw.ImageDraw, block: Block, *, box: Box, colour: Colour, align: Align = "center"
) -> None:
    """Writes the block at the top of the box (x0, y0, x1, y1)."""
    font = _font(block.weight, block.size)
    x0, top, x1, _bottom = box
    for index, line in enumerate(block.lines):
        middle = top + (index + 0.5) * block.size * block.leading
        anchor, x = {"left": ("lm", x0), "center": ("mm", (x0 + x1) / 2), "right": ("rm", x1)}[align]
        if can_shape():
            draw.text(
                (x, middle),
                line,
                font=font,
                fill=colour,
                anchor=anchor,
                direction="rtl" if block.is_rtl else "ltr",
            )
        else:
            draw.text((x, middle), line, font=font, fill=colour, anchor=anchor)


@cache
def _font(weight: Weight, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"Vazirmatn-{weight}.ttf", size)


@cache
def _has_glyph(character: str) -> bool:
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return False
    font = ImageFont.truetype(FONTS / "Vazirmatn-Regular.ttf", 24, layout_engine=ImageFont.Layout.BASIC)
    missing = font.getmask("\U0010fffd")
    return character == " " or bytes(font.getmask(character)) != bytes(missing)


def _length(text: str, size: int, weight: Weight) -> float:
    return _font(weight, size).getlength(text)


def _balanced(words: list[str], size: int, weight: Weight, width: float, most_lines: int) -> list[str]:
    """As few lines as the width allows, of lengths as equal as possible; nothing when they do not fit."""
    widths = [_length(word, size, weight) for word in words]
    if not words or max(widths) > width:
        return []
    space = _length("a a", size, weight) - _length("aa", size, weight)
    count = len(_broken(words, widths, space, width))
    if count > most_lines:
        return []
    narrow, wide = max(widths), width
    while wide - narrow > 2:
        middle = (narrow + wide) / 2
        narrow, wide = (
            (narrow, middle) if len(_broken(words, widths, space, middle)) <= count else (middle, wide)
        )
    return _broken(words, widths, space, wide)


def _broken(words: list[str], widths: list[float], space: float, width: float) -> list[str]:
    lines: list[list[str]] = []
    used = 0.0
    for word, length in zip(words, widths, strict=True):
        if lines and used + space + length <= width:
            lines[-1].append(word)
            used += space + length
        else:
            lines.append([word])
            used = length
    return [" ".join(line) for line in lines]


def _cut(words: list[str], size: int, weight: Weight, width: float, room: int) -> list[str]:
    pieces = [_shortened(word, size, weight, width) for word in words]
    space = _length("a a", size, weight) - _length("aa", size, weight)
    lines = _broken(pieces, [_length(piece, size, weight) for piece in pieces], space, width)
    if len(lines) <= room:
        return lines
    return [*lines[: room - 1], _shortened(f"{lines[room - 1]} …", size, weight, width)]


def _shortened(text: str, size: int, weight: Weight, width: float) -> str:
    if _length(text, size, weight) <= width:
        return text
    kept = len(text)
    while kept > 1 and _length(f"{text[:kept]}…", size, weight) > width:
        kept -= max(1, kept // 12)
    return f"{text[:kept].rstrip()}…"
