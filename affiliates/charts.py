"""A chart of bars as plain numbers, for SVG that needs no style and no script."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 200
GAP = 0.28  # of a bar's room


@dataclass(frozen=True)
class Bar:
    """Where a bar stands, from the upper left corner; `label` is what is read aloud of it."""

    x: float
    y: float
    width: float
    height: float
    label: str
    is_negative: bool


def bars(values: Sequence[int], labels: Sequence[str], *, is_rtl: bool) -> list[Bar]:
    """A bar for each value, in the direction of reading; the greatest fills the height.

    What is below zero hangs from the line, which stands where it must for that.
    """
    top, bottom = max(*values, 0), min(*values, 0)
    scale = HEIGHT / ((top - bottom) or 1)
    room = WIDTH / len(values)
    found = []
    for place, (value, label) in enumerate(zip(values, labels, strict=True)):
        at = len(values) - 1 - place if is_rtl else place
        height = abs(value) * scale
        y = (top - max(value, 0)) * scale
        x = at * room + room * GAP / 2
        found.append(
            Bar(round(x, 2), round(y, 2), round(room * (1 - GAP), 2), round(height, 2), label, value < 0)
        )
    return found


def zero_line(values: Sequence[int]) -> float:
    """How far below the top nothing is."""
    top, bottom = max(*values, 0), min(*values, 0)
    return round(top * HEIGHT / ((top - bottom) or 1), 2) if top or bottom else HEIGHT
