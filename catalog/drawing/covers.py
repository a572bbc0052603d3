"""Covers for products that have none: a book, a plate with an icon, fanned books, or a torn card."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw

from catalog.drawing.girih import Fold, Point, number_from
from catalog.drawing.grounds import (
    Size,
    Tilework,
    edge_mask,
    faint,
    graded,
    laid,
    radial_mask,
    tiled,
    with_spine,
)
from catalog.drawing.icons import draw_icon
from catalog.drawing.lettering import Align, Box, fit, is_right_to_left, printable, write
from catalog.drawing.palette import PAPER, Palette, ink_on_paper, palette_for
from storefront.colours import Colour, mixed

BOOK: Size = (960, 1280)
PLATE: Size = (960, 600)


@dataclass(frozen=True)
class _Words:
    """What is written: a title, the part after its colon, and the author."""

    title: str
    subtitle: str
    author: str
    is_rtl: bool

    @property
    def start(self) -> Align:
        return "right" if self.is_rtl else "left"


def draw_cover(kind: str, title: str, author: str = "", language: str = "", seed: str = "") -> Image.Image:
    """A cover 960 pixels wide: 3:4 for ebooks and bundles, 16:10 for every other kind.

    The same words and seed give the same picture. The seed (without one, the title) chooses pattern,
    composition and colours; what stands before its colon may name a palette. `language` decides the side of
    the spine where the title has no direction of its own. Without raqm, right-to-left words are left out.
    """
    words = _words(title, author, language)
    seed = seed or title
    palette = palette_for(seed.partition(":")[0])
    if kind == "ebook":
        return _book(words, palette, seed)
    if kind == "bundle":
        return _fan(words, palette, seed)
    if kind == "codes":
        return _card(words, palette, seed)
    return _plate(kind, words, palette, seed)


def _words(title: str, author: str, language: str) -> _Words:
    is_rtl = is_right_to_left(title) or (language in ("ar", "fa") and not any(c.isalpha() for c in title))
    name, _colon, rest = title.partition(": ")
    if not rest:
        name, _colon, rest = title.partition("؛ ")
    return _Words(printable(name), printable(rest), printable(author), is_rtl)


def _book(words: _Words, palette: Palette, seed: str) -> Image.Image:
    compositions: tuple[Callable[[_Words, Palette, Tilework], Image.Image], ...] = (
        _sunrise,
        _panel,
        _band,
        _corner,
    )
    fold: Fold = 10 if number_from(seed, "fold", 2) else 8
    chosen = number_from(seed, "composition", len(compositions))
    edge = 92.0 + number_from(seed, "edge", 4) * 12
    work = Tilework(
        fold, edge, (BOOK[0] / 2, 400), 22.5 if fold == 8 and number_from(seed, "turn", 2) else _rest(fold)
    )
    return with_spine(compositions[chosen](words, palette, work), is_rtl=words.is_rtl)


def _sunrise(words: _Words, palette: Palette, work: Tilework) -> Image.Image:
    """One large star in the upper half, dissolving into the ground."""
    width, height = BOOK
    cover = graded(BOOK, palette.ground, palette.deep)
    work = Tilework(work.fold, work.edge * 1.25, (width / 2, 390), work.turn)
    cover.paste(tiled(BOOK, palette, work), (0, 0), radial_mask(BOOK, work.centre, 560, core=0.42))
    _write_words(cover, words, (110, 740, width - 110, height - 96), palette, align="center")
    return cover


def _panel(words: _Words, palette: Palette, work: Tilework) -> Image.Image:
    """Tilework all over, and the words on a paper panel with stepped corners."""
    width, height = BOOK
    cover = tiled(BOOK, palette, Tilework(work.fold, work.edge, (width / 2, height / 2), work.turn))
    ink = ink_on_paper(palette)
    panel = _stepped_panel((width - 240, 760), PAPER, mixed(palette.ground, PAPER, 0.25))
    laid(cover, panel, (width / 2, height / 2), shadow=0.45)
    left, top = 120, (height - 760) // 2
    on_paper = Palette("paper", PAPER, PAPER, PAPER, mixed(palette.ground, ink, 0.3), ink)
    _write_words(
        cover, words, (left + 84, top + 120, width - left - 84, top + 760 - 76), on_paper, align="center"
    )
    return cover


def _band(words: _Words, palette: Palette, work: Tilework) -> Image.Image:
    """A band of tilework above, the words at the start below it."""
    width, height = BOOK
    cover = graded(BOOK, palette.ground, palette.deep)
    foot = 548
    band = tiled((width, foot), palette, Tilework(work.fold, work.edge, (width / 2, foot / 2), work.turn))
    cover.paste(band, (0, 0))
    draw = ImageDraw.Draw(cover)
    draw.rectangle((0, foot, width, foot + 9), fill=palette.spark)
    draw.rectangle((0, foot + 22, width, foot + 24), fill=mixed(palette.ground, palette.spark, 0.6))
    _write_words(cover, words, (104, foot + 86, width - 104, height - 96), palette, align=words.start)
    return cover


def _corner(words: _Words, palette: Palette, work: Tilework) -> Image.Image:
    """The words above at the start; a star rises from the far lower corner."""
    width, height = BOOK
    cover = graded(BOOK, palette.ground, palette.deep)
    centre = (width * (0.22 if words.is_rtl else 0.78), height - 290.0)
    work = Tilework(work.fold, work.edge * 1.45, centre, work.turn)
    mask = radial_mask(BOOK, centre, 720, core=0.5)
    mask.paste(0, (0, 0, width, 560))
    mask = Image.composite(Image.new("L", BOOK, 0), mask, edge_mask(BOOK, 560, 760))
    cover.paste(tiled(BOOK, palette, work), (0, 0), mask)
    _write_words(cover, words, (104, 112, width - 104, 600), palette, align=words.start, author_at_foot=False)
    return cover


def _write_words(
    cover: Image.Image,
    words: _Words,
    box: Box,
    palette: Palette,
    *,
    align: Align,
    author_at_foot: bool = True,
) -> None:
    """Title, subtitle and author from the top of the box, or with the author on its foot."""
    draw = ImageDraw.Draw(cover)
    x0, y0, x1, y1 = box
    y = _write_heading(draw, words, (x0, y0, x1, y1 - (74 if words.author else 0)), palette, align)
    if words.author:
        author = fit(
            words.author, width=x1 - x0, height=60, largest=40, smallest=24, weight="Regular", most_lines=1
        )
        top = y1 - author.height if author_at_foot else y
        write(draw, author, box=(x0, top, x1, y1), colour=palette.soft_text, align=align)


def _write_heading(
    draw: ImageDraw.ImageDraw, words: _Words, box: Box, palette: Palette, align: Align
) -> float:
    """Title, a short rule and the subtitle; gives the height at which they end."""
    x0, y0, x1, y1 = box
    share = 0.62 if words.subtitle else 0.9
    title = fit(words.title, width=x1 - x0, height=(y1 - y0 - 60) * share, largest=116, smallest=44)
    write(draw, title, box=box, colour=palette.text, align=align)
    y = y0 + title.height + 22
    rule = 120
    start = {"left": x0, "center": (x0 + x1 - rule) / 2, "right": x1 - rule}[align]
    draw.rectangle((start, y, start + rule, y + 5), fill=palette.spark)
    y += 32
    if not words.subtitle:
        return y
    subtitle = fit(
        words.subtitle,
        width=x1 - x0,
        height=y1 - y,
        largest=50,
        smallest=30,
        weight="Regular",
        most_lines=3,
    )
    write(draw, subtitle, box=(x0, y, x1, y1), colour=palette.text, align=align)
    return y + subtitle.height + 20


def _plate(kind: str, words: _Words, palette: Palette, seed: str) -> Image.Image:
    """A plate of tilework that quiets down behind a badge with the icon and the title."""
    width, height = PLATE
    plate = _quiet_ground(PLATE, palette, seed)
    centre: Point = (width / 2, 176)
    laid(plate, _badge(kind, palette), centre, shadow=0.35)
    draw = ImageDraw.Draw(plate)
    title = fit(words.title, width=width - 150, height=176, largest=84, smallest=36, most_lines=2)
    rest = words.subtitle or words.author
    small = fit(rest, width=width - 200, height=84, largest=36, smallest=24, weight="Regular", most_lines=2)
    y = 312 + (228 - title.height - (small.height + 14 if rest else 0)) / 2
    write(draw, title, box=(75, y, width - 75, height), colour=palette.text)
    if rest:
        write(
            draw,
            small,
            box=(100, y + title.height + 14, width - 100, height),
            colour=mixed(palette.text, palette.ground, 0.12),
        )
    return plate


def _quiet_ground(size: Size, palette: Palette, seed: str) -> Image.Image:
    fold: Fold = 10 if number_from(seed, "fold", 2) else 8
    work = Tilework(fold, 64 + number_from(seed, "edge", 3) * 10, (size[0] / 2, 176), _rest(fold))
    ground = graded(size, palette.ground, palette.deep)
    mask = edge_mask(size, size[1] * 0.2, size[1] * 0.56)
    ground.paste(tiled(size, palette, work), (0, 0), faint(mask, 0.85))
    return ground


def _fan(words: _Words, palette: Palette, seed: str) -> Image.Image:
    """Three books fanned on a pale ground of the palette, the title below them."""
    width, height = BOOK
    cover = _quiet_ground(BOOK, palette, seed)
    others = [
        other for other in ("teal", "pomegranate", "indigo", "saffron", "olive") if other != palette.name
    ]
    first = number_from(seed, "others", len(others))
    blank = _Words("", "", "", words.is_rtl)
    for turn, (x, y), index in (
        (-12.0, (284.0, 470.0), 0),
        (12.0, (676.0, 470.0), 1),
        (0.0, (480.0, 440.0), 2),
    ):
        name = others[(first + index) % len(others)]
        book = with_spine(_sheet(palette_for(name), seed + name, index, blank), is_rtl=words.is_rtl)
        laid(cover, book.resize((408, 544), Image.Resampling.LANCZOS), (x, y), degrees=turn, shadow=0.5)
    _write_words(cover, words, (96, 812, width - 96, height - 84), palette, align="center")
    return cover


def _sheet(palette: Palette, seed: str, index: int, blank: _Words) -> Image.Image:
    """An untitled cover of the fan: tilework to the edge, in its own fold."""
    fold: Fold = 8 if index == 1 else 10
    cover = graded(BOOK, palette.ground, palette.deep)
    centre = (BOOK[0] / 2, BOOK[1] / 2)
    work = Tilework(fold, 130, centre, _rest(fold))
    cover.paste(tiled(BOOK, palette, work), (0, 0), radial_mask(BOOK, centre, 760, core=0.6))
    draw = ImageDraw.Draw(cover)
    draw.rectangle((70, 60, BOOK[0] - 46, BOOK[1] - 60), outline=palette.spark, width=6)
    return cover


def _card(words: _Words, palette: Palette, seed: str) -> Image.Image:
    """A card on paper, its far side torn off, with a row of covered letters below the title."""
    ground = graded(PLATE, mixed(palette.tile, PAPER, 0.80), mixed(palette.tile, PAPER, 0.66))
    card = _torn(_card_face(words, palette, seed), seed, is_rtl=words.is_rtl)
    laid(ground, card, (PLATE[0] / 2, PLATE[1] / 2), degrees=-3.0 if not words.is_rtl else 3.0, shadow=0.45)
    return ground


def _card_face(words: _Words, palette: Palette, seed: str) -> Image.Image:
    size = (800, 470)
    face = graded(size, palette.ground, palette.deep)
    fold: Fold = 10 if number_from(seed, "fold", 2) else 8
    centre = (size[0] * (0.12 if words.is_rtl else 0.88), 90.0)
    face.paste(
        tiled(size, palette, Tilework(fold, 70, centre, _rest(fold))),
        (0, 0),
        faint(radial_mask(size, centre, 330, core=0.4), 0.9),
    )
    draw = ImageDraw.Draw(face)
    far = 200
    box = (far if words.is_rtl else 60, 56, size[0] - 60 if words.is_rtl else size[0] - far, 300)
    title = fit(words.title, width=box[2] - box[0], height=210, largest=70, smallest=32, most_lines=3)
    write(draw, title, box=box, colour=palette.text, align=words.start)
    rest = words.subtitle or words.author
    if rest:
        small = fit(
            rest, width=box[2] - box[0], height=44, largest=30, smallest=22, weight="Regular", most_lines=1
        )
        write(
            draw,
            small,
            box=(box[0], box[1] + title.height + 8, box[2], 340),
            colour=palette.text,
            align=words.start,
        )
    first = 100 if words.is_rtl else 60
    draw.rounded_rectangle((first, 348, first + 640, 420), 12, fill=PAPER)
    for group in range(4):
        for dot in range(4):
            x = first + 40 + group * 150 + dot * 29
            colour = palette.deep if group else palette.spark
            draw.ellipse((x, 374, x + 19, 393), fill=colour)
    return face


def _torn(face: Image.Image, seed: str, *, is_rtl: bool) -> Image.Image:
    width, height = face.size
    scale = 3
    outline = [(0.0, 0.0)]
    steps = 30
    for step in range(steps + 1):
        depth = 10 + number_from(seed, f"tear {step}", 16) + (8 if step % 2 else 0)
        outline.append(((width - depth) * scale, height * scale * step / steps))
    outline.append((0.0, height * scale))
    mask = Image.new("L", (width * scale, height * scale), 0)
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    ImageDraw.Draw(mask).rectangle((0, 0, 12, 12), fill=0)
    mask = mask.resize(face.size, Image.Resampling.LANCZOS)
    if is_rtl:
        mask = mask.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    # Torn fibres show as a pale rim: the face is laid on its own outline in paper.
    rim = Image.new("RGBA", face.size, (*PAPER, 255))
    shift = 7 if is_rtl else -7
    shown = Image.new("L", face.size, 0)
    shown.paste(mask, (shift, 0))
    rim.paste(face, (0, 0), shown)
    rim.putalpha(mask)
    return rim


def _badge(kind: str, palette: Palette) -> Image.Image:
    """The icon on an eight-pointed star of paper."""
    side, scale = 248, 3
    star = Image.new("RGBA", (side * scale, side * scale))
    for turn in (0, 45):
        square = Image.new("L", star.size, 0)
        inset = side * scale * 0.147
        ImageDraw.Draw(square).rectangle((inset, inset, side * scale - inset, side * scale - inset), fill=255)
        star.paste((*PAPER, 255), (0, 0), square.rotate(turn, Image.Resampling.BICUBIC))
    draw_icon(
        kind,
        ImageDraw.Draw(star),
        centre=side * scale / 2,
        size=side * scale * 0.42,
        colour=ink_on_paper(palette),
        paper=PAPER,
    )
    return star.resize((side, side), Image.Resampling.LANCZOS)


def _stepped_panel(size: Size, paper: Colour, line: Colour) -> Image.Image:
    """A sheet with a square notch in each corner and a double border."""
    width, height = size
    panel = Image.new("RGBA", size)
    draw = ImageDraw.Draw(panel)
    for inset, step, fill in (
        (0, 44, paper),
        (18, 44, line),
        (22, 44, paper),
        (32, 44, line),
        (34, 44, paper),
    ):
        far_x, far_y = width - 1 - inset, height - 1 - inset
        draw.rectangle((inset + step, inset, far_x - step, far_y), fill=fill)
        draw.rectangle((inset, inset + step, far_x, far_y - step), fill=fill)
    return panel


def _rest(fold: Fold) -> float:
    """The turn at which the pattern mirrors left to right."""
    return 0.0 if fold == 8 else -36.0
