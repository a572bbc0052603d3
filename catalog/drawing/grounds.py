"""Coloured grounds of drawn covers: tilework, gradients, fades, shadows and the light along a spine."""

from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from catalog.drawing.girih import Fold, Point, Polygon, weave
from catalog.drawing.palette import Palette
from storefront.colours import Colour, mixed

Size = tuple[int, int]

_OVERSAMPLING = 2


@dataclass(frozen=True)
class Tilework:
    """How a pattern lies on a picture: lengths and the centre in pixels of the picture, `turn` in degrees."""

    fold: Fold
    edge: float
    centre: Point
    turn: float


def tiled(size: Size, palette: Palette, work: Tilework) -> Image.Image:
    """An opaque ground of stars and woven straps in the tones of the palette."""
    scale = _OVERSAMPLING
    picture = Image.new("RGB", (size[0] * scale, size[1] * scale), palette.ground)
    draw = ImageDraw.Draw(picture)
    pattern = weave(
        work.fold,
        edge=work.edge * scale,
        strap=work.edge * scale * 0.19,
        box=(0, 0, *picture.size),
        turn=work.turn,
        centre=(work.centre[0] * scale, work.centre[1] * scale),
    )
    for star in pattern.stars:
        draw.polygon(star, fill=mixed(palette.ground, palette.deep, 0.75))
        draw.polygon(_shrunk(star, 0.56), fill=palette.ground)
        draw.line(
            [*_shrunk(star, 0.56), _shrunk(star, 0.56)[0]],
            fill=mixed(palette.tile, palette.spark, 0.35),
            width=scale * 2,
        )
        draw.polygon(_shrunk(star, 0.2), fill=mixed(palette.tile, palette.spark, 0.55))
    line = mixed(palette.ground, palette.spark, 0.72)
    for strap in pattern.straps:
        draw.polygon(strap.outline, fill=palette.tile)
    for strap in pattern.straps:
        for side in (strap.near, strap.far):
            draw.line(side, fill=line, width=max(scale, round(work.edge * scale / 60)), joint="curve")
    return picture.resize(size, Image.Resampling.LANCZOS)


def graded(size: Size, top: Colour, bottom: Colour) -> Image.Image:
    """A vertical gradient."""
    return Image.composite(
        Image.new("RGB", size, bottom),
        Image.new("RGB", size, top),
        Image.linear_gradient("L").resize(size, Image.Resampling.BICUBIC),
    )


def radial_mask(size: Size, centre: Point, radius: float, *, core: float = 0.45) -> Image.Image:
    """White within `core` of the radius around the centre, falling softly to black at the radius."""
    # Pillow's gradient reaches 181 at the middle of its sides (255 in the corners): one radius is 181.
    ramp = [round(255 * _smooth(min(1.0, max(0.0, (1 - value / 181) / (1 - core))))) for value in range(256)]
    side = max(2, round(radius * 2))
    disc = Image.radial_gradient("L").resize((side, side), Image.Resampling.BICUBIC).point(ramp)
    mask = Image.new("L", size, 0)
    mask.paste(disc, (round(centre[0] - side / 2), round(centre[1] - side / 2)))
    return mask


def edge_mask(size: Size, start: float, end: float) -> Image.Image:
    """White above `start`, black below `end` (both in pixels from the top), soft between them."""
    column = [
        round(255 * _smooth(min(1.0, max(0.0, (end - y) / max(1.0, end - start))))) for y in range(size[1])
    ]
    strip = Image.new("L", (1, size[1]))
    strip.putdata(column)
    return strip.resize(size)


def faint(mask: Image.Image, strength: float) -> Image.Image:
    """The mask at this share (0 to 1) of its strength."""
    return mask.point([round(value * strength) for value in range(256)])


def with_spine(cover: Image.Image, *, is_rtl: bool) -> Image.Image:
    """The cover with light and shade along its spine: on the right for right-to-left books."""
    width, height = cover.size
    shade = [
        (0.0, 0.80),
        (0.010, 0.97),
        (0.022, 1.10),
        (0.036, 1.0),
        (0.043, 0.86),
        (0.052, 0.97),
        (0.075, 1.0),
        (0.985, 1.0),
        (1.0, 0.93),
    ]
    row = [_between(shade, x / (width - 1)) for x in range(width)]
    if is_rtl:
        row.reverse()
    dark = _row_image([round(min(1.0, value) * 255) for value in row], height)
    light = _row_image([round(max(0.0, value - 1.0) * 255) for value in row], height)
    shaded = ImageChops.multiply(cover, Image.merge("RGB", (dark,) * 3))
    return ImageChops.screen(shaded, Image.merge("RGB", (light,) * 3))


def laid(
    canvas: Image.Image, item: Image.Image, centre: Point, *, degrees: float = 0.0, shadow: float = 0.4
) -> None:
    """Lays a picture on the canvas, turned clockwise, with a soft shadow; alpha keeps its outline."""
    turned = item.convert("RGBA").rotate(-degrees, Image.Resampling.BICUBIC, expand=True)
    blur = max(4, item.width // 30)
    room = Image.new("L", (turned.width + 6 * blur, turned.height + 6 * blur))
    room.paste(turned.getchannel("A"), (3 * blur, 3 * blur))
    room = room.filter(ImageFilter.GaussianBlur(blur))
    corner = (round(centre[0] - turned.width / 2), round(centre[1] - turned.height / 2))
    canvas.paste((10, 12, 14), (corner[0] - 3 * blur, corner[1] - 3 * blur + blur), faint(room, shadow))
    canvas.paste(turned, corner, turned)


def _shrunk(shape: Polygon, share: float) -> Polygon:
    x = sum(point[0] for point in shape) / len(shape)
    y = sum(point[1] for point in shape) / len(shape)
    return tuple((x + (px - x) * share, y + (py - y) * share) for px, py in shape)


def _smooth(value: float) -> float:
    return value * value * (3 - 2 * value)


def _between(stops: list[tuple[float, float]], at: float) -> float:
    for (x0, y0), (x1, y1) in zip(stops, stops[1:], strict=False):
        if at <= x1:
            return y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    return stops[-1][1]


def _row_image(values: list[int], height: int) -> Image.Image:
    strip = Image.new("L", (len(values), 1))
    strip.putdata(values)
    return strip.resize((len(values), height))
