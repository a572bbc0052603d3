"""Simple filled icons for the badges of drawn covers."""

from PIL import ImageDraw

from storefront.colours import Colour


class _Pen:
    """Draws in a square of 24 by 24 units around a centre."""

    def __init__(
        self, draw: ImageDraw.ImageDraw, *, centre: float, size: float, colour: Colour, paper: Colour
    ) -> None:
        self.draw, self.unit, self.corner = draw, size / 24, centre - size / 2
        self.colour, self.paper = colour, paper

    def box(
        self, x0: float, y0: float, x1: float, y1: float, *, radius: float = 0, is_paper: bool = False
    ) -> None:
        self.draw.rounded_rectangle(
            [self.corner + value * self.unit for value in (x0, y0, x1, y1)],
            radius * self.unit,
            fill=self.paper if is_paper else self.colour,
        )

    def disc(self, x: float, y: float, radius: float, *, is_paper: bool = False) -> None:
        box = [self.corner + value * self.unit for value in (x - radius, y - radius, x + radius, y + radius)]
        self.draw.ellipse(box, fill=self.paper if is_paper else self.colour)

    def shape(self, *points: tuple[float, float]) -> None:
        self.draw.polygon(
            [(self.corner + x * self.unit, self.corner + y * self.unit) for x, y in points], fill=self.colour
        )


def draw_icon(
    kind: str, draw: ImageDraw.ImageDraw, *, centre: float, size: float, colour: Colour, paper: Colour
) -> None:
    """Draws the icon of a product kind, `size` pixels wide, around the point (centre, centre)."""
    pen = _Pen(draw, centre=centre, size=size, colour=colour, paper=paper)
    {"plugin": _plug, "theme": _window, "template": _sheets}.get(kind, _package)(pen)


def _plug(pen: _Pen) -> None:
    pen.box(7, 0, 9.6, 7, radius=1.2)
    pen.box(14.4, 0, 17, 7, radius=1.2)
    pen.box(3.5, 6, 20.5, 9, radius=1.2)
    pen.box(5, 8, 19, 14, radius=1)
    pen.disc(12, 12, 7)
    pen.box(10.7, 17, 13.3, 24, radius=1.2)


def _window(pen: _Pen) -> None:
    pen.box(0, 2, 24, 22, radius=2.5)
    pen.box(2, 7.4, 22, 20, radius=1, is_paper=True)
    for x in (3.6, 6.6, 9.6):
        pen.disc(x, 4.7, 0.95, is_paper=True)
    pen.box(4, 9.4, 12.4, 18)
    pen.box(14.2, 9.4, 20, 11.4)
    pen.box(14.2, 12.7, 20, 14.7)
    pen.box(14.2, 16, 18, 18)


def _sheets(pen: _Pen) -> None:
    pen.box(6.5, 0, 22, 19, radius=2)
    pen.box(1, 4, 18, 25, radius=2.8, is_paper=True)
    pen.box(2, 5, 17, 24, radius=2)
    for y, end in ((9, 14), (12.4, 14), (15.8, 14), (19.2, 10)):
        pen.box(5, y, end, y + 1.5, is_paper=True)


def _package(pen: _Pen) -> None:
    pen.shape((12, 0), (23, 5.6), (12, 11.2), (1, 5.6))
    pen.shape((0.6, 7.4), (11, 12.6), (11, 24), (0.6, 18.6))
    pen.shape((23.4, 7.4), (13, 12.6), (13, 24), (23.4, 18.6))
