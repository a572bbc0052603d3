"""Draws the gallery of the demo shop: open pages of the real files, and windows onto what things do.

Needs Pango and poppler's pdftoppm, so only developers run it.
"""

import io
import subprocess
import tempfile
from pathlib import Path
from string import Template

from PIL import Image, ImageDraw, ImageFont

from catalog.drawing.girih import number_from
from catalog.drawing.grounds import Size, Tilework, faint, graded, laid, radial_mask, tiled
from catalog.drawing.lettering import FONTS
from catalog.drawing.palette import PAPER, Palette, palette_for
from demo.build_books import html_pdf
from demo.build_packages import SOURCES, seat_codes
from storefront.colours import mixed

PICTURE: Size = (960, 680)


def spread(pdf: bytes, pages: tuple[int, int], *, is_rtl: bool, seed: str) -> Image.Image:
    """Two pages (counted from 1) side by side; the first one is where reading begins."""
    first, second = (_page(pdf, number, 420) for number in pages)
    left, right = (second, first) if is_rtl else (first, second)
    picture = _table(palette_for(seed.partition(":")[0]), seed)
    both = Image.new("RGB", (left.width + right.width, left.height), "white")
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    ImageDraw.Draw(both).line((left.width, 0, left.width, both.height), fill=(225, 220, 210), width=2)
    laid(picture, _fitting(both, (860, 600)), (PICTURE[0] / 2, PICTURE[1] / 2), shadow=0.4)
    return picture


def fanned_pages(pdfs: list[bytes], seed: str) -> Image.Image:
    """The first pages of up to three files, fanned."""
    picture = _table(palette_for(seed.partition(":")[0]), seed)
    sheets = [_fitting(_page(pdf, 1, 420), (380, 540)) for pdf in pdfs]
    places = {1: [(480, 0.0)], 2: [(300, -4.0), (660, 4.0)], 3: [(220, -7.0), (740, 7.0), (480, 0.0)]}[
        len(sheets)
    ]
    for sheet, (x, turn) in zip(sheets, places, strict=True):
        laid(picture, sheet, (x, PICTURE[1] / 2 + abs(turn) * 3), degrees=turn, shadow=0.4)
    return picture


def window(mock: str, seed: str) -> Image.Image:
    """A page of `packages/mocks` in the frame of a window."""
    picture = _table(palette_for(seed.partition(":")[0]), seed)
    page = _page(html_pdf(_mock(mock), [(SOURCES / "mocks" / "mock.css").read_text("utf-8")]), 1, 840)
    frame = Image.new("RGB", (840, page.height + 40), "white")
    frame.paste((236, 232, 224), (0, 0, 840, 40))
    draw = ImageDraw.Draw(frame)
    for index, colour in enumerate(((217, 108, 92), (226, 176, 76), (110, 170, 120))):
        draw.ellipse((18 + index * 22, 14, 30 + index * 22, 26), fill=colour)
    frame.paste(page, (0, 40))
    laid(picture, frame, (PICTURE[0] / 2, PICTURE[1] / 2), shadow=0.4)
    return picture


def logo() -> bytes:
    """The star of the shop's name and the name beside it, in both scripts, on nothing."""
    palette, scale = palette_for("teal"), 4
    picture = Image.new("RGBA", (560 * scale, 144 * scale))
    draw = ImageDraw.Draw(picture)
    centre, radius = (72 * scale, 72 * scale), 66 * scale
    for turn in (0, 45):
        draw.regular_polygon((centre, radius), 4, rotation=turn, fill=palette.ground)
    for share, colour in ((0.5, PAPER), (0.34, palette.spark)):
        draw.circle(centre, radius * share, fill=colour)
    font = ImageFont.truetype(FONTS / "Vazirmatn-Bold.ttf", 66 * scale)
    draw.text((160 * scale, 72 * scale), "Dukkan", palette.ground, font, anchor="lm")
    draw.text((552 * scale, 68 * scale), "دكّان", palette.ground, font, anchor="rm", direction="rtl")
    content = io.BytesIO()
    picture.resize((560, 144), Image.Resampling.LANCZOS).save(content, "PNG", optimize=True)
    return content.getvalue()


def html_page(html: str, size: str) -> bytes:
    """A page of ours as a one-page PDF of this CSS size."""
    return html_pdf(html, [f"@page {{ size: {size}; margin: 0 }}"])


def _mock(name: str) -> str:
    codes = seat_codes()
    cells = [f"<td>{code}</td>" for code in codes[:24]]
    rows = "".join(f"<tr>{''.join(cells[start : start + 3])}</tr>" for start in range(0, 24, 3))
    return Template((SOURCES / "mocks" / f"{name}.html").read_text("utf-8")).safe_substitute(
        rows=rows, code=codes[0]
    )


def _page(pdf: bytes, number: int, width: int) -> Image.Image:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "page.pdf", Path(folder) / "page"
        source.write_bytes(pdf)
        subprocess.run(  # noqa: S603 - our own file, no shell
            [
                "/usr/bin/pdftoppm",
                "-f",
                str(number),
                "-l",
                str(number),
                "-scale-to-x",
                str(width * 2),
                "-scale-to-y",
                "-1",
                "-singlefile",
                "-png",
                str(source),
                str(target),
            ],
            check=True,
        )
        page = Image.open(io.BytesIO(target.with_suffix(".png").read_bytes())).convert("RGB")
    return page.resize((width, round(page.height * width / page.width)), Image.Resampling.LANCZOS)


def _fitting(picture: Image.Image, room: Size) -> Image.Image:
    copy = picture.copy()
    copy.thumbnail(room, Image.Resampling.LANCZOS)
    return copy


def _table(palette: Palette, seed: str) -> Image.Image:
    """The warm ground on which things lie, with a trace of the pattern."""
    pale = Palette(
        "pale",
        mixed(palette.tile, PAPER, 0.72),
        mixed(palette.tile, PAPER, 0.6),
        mixed(palette.tile, PAPER, 0.8),
        PAPER,
    )
    ground = graded(PICTURE, mixed(palette.tile, PAPER, 0.82), mixed(palette.tile, PAPER, 0.68))
    corner = (0.0 if number_from(seed, "side", 2) else PICTURE[0], 0.0)
    work = Tilework(10, 74, (float(corner[0]), corner[1]), -36)
    ground.paste(
        tiled(PICTURE, pale, work), (0, 0), faint(radial_mask(PICTURE, work.centre, 620, core=0.3), 0.8)
    )
    return ground
