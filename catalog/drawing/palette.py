"""The colours of drawn covers: a few deep inks, each with a spark that suits it."""

from dataclasses import dataclass

from PIL import ImageColor

from catalog.drawing.girih import number_from
from storefront.colours import Colour, contrast, mixed


def _colour(text: str) -> Colour:
    red, green, blue = ImageColor.getrgb(text)[:3]
    return red, green, blue


PAPER = _colour("#faf4e8")
INK = _colour("#1d2326")


@dataclass(frozen=True)
class Palette:
    """Ground and deep carry text; tile and strap draw the pattern; spark is used for one thing on a cover."""

    name: str
    ground: Colour
    deep: Colour
    tile: Colour
    spark: Colour
    text: Colour = PAPER

    @property
    def soft_text(self) -> Colour:
        """For the second line of words: a breath of the spark in it."""
        return mixed(self.text, self.spark, 0.35)


PALETTES = tuple(
    Palette(name, _colour(ground), _colour(deep), _colour(tile), _colour(spark), _colour(text))
    for name, ground, deep, tile, spark, text in (
        ("teal", "#0f5c5c", "#0a4346", "#1d7471", "#e8b04a", "#faf4e8"),
        ("indigo", "#2d3c7c", "#1e2a5c", "#44559c", "#efb75a", "#faf4e8"),
        ("pomegranate", "#8c2336", "#661627", "#a93e4e", "#f0c27b", "#fdf3e7"),
        ("olive", "#50592b", "#3a421d", "#6b7540", "#efc25e", "#faf6e6"),
        ("ink", "#26333c", "#182229", "#3b4d59", "#e2a24a", "#f6f1e6"),
        ("saffron", "#e3a436", "#c98a1e", "#edb955", "#7d1f2e", "#2a1c0a"),
        ("terracotta", "#96462a", "#70301a", "#b06142", "#f3cd86", "#fdf3e6"),
        ("plum", "#59305f", "#412148", "#74487a", "#ecb765", "#f9f2ea"),
        ("turquoise", "#10687a", "#0b4c5c", "#2b8496", "#f2c46c", "#f6f7ef"),
    )
)


def palette_for(name: str) -> Palette:
    """The palette that belongs to this name for good; a palette's own name picks that palette."""
    named = [palette for palette in PALETTES if palette.name == name]
    return named[0] if named else PALETTES[number_from(name, "palette", len(PALETTES))]


def ink_on_paper(palette: Palette) -> Colour:
    """The darker of the palette's deep and spark."""
    return max(palette.deep, palette.spark, key=lambda colour: contrast(colour, PAPER))
