"""Writes a line at the foot of every page of a PDF. Bookmarks, links and all else stay as they are."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf

from delivery.errors import Unstampable
from storefront.pdf import render_pdf

WIDTH, HEIGHT = 520, 14  # of the line, in points
USUAL_HEIGHT = 842  # of a page, A4: on larger ones the line grows with them
_STYLE = f"""
@page {{ size: {WIDTH}pt {HEIGHT}pt; margin: 0 }}
body {{ margin: 0; font: 8pt/14pt Vazirmatn; text-align: center; color: #666; white-space: nowrap }}
"""
_NAME = "/DukkanMark"


def stamp_pdf(source: Path, target: Path, mark: bytes) -> None:
    """Raises Unstampable for a file that is encrypted or broken, OSError where the disk is full."""
    try:
        with pikepdf.open(source) as pdf:
            if pdf.is_encrypted:
                raise Unstampable("It is encrypted.")
            if not len(pdf.pages):
                raise Unstampable("It has no pages.")
            _mark_pages(pdf, mark)
            pdf.save(target)
    except pikepdf.PasswordError as error:
        raise Unstampable("It is encrypted.") from error
    except (pikepdf.PdfError, pikepdf.DataDecodingError, TypeError, ValueError) as error:
        raise Unstampable(f"It is broken: {error}") from error


def draw_mark(html: str) -> bytes:
    """The line as a PDF of one small page. Raises PdfNotPossible where Pango is not installed."""
    return render_pdf(html, _STYLE)


def _mark_pages(pdf: pikepdf.Pdf, mark: bytes) -> None:
    """One drawing, shared by all pages; what a page did to its canvas before is undone around it."""
    with pikepdf.open(BytesIO(mark)) as drawn:
        drawing = pdf.copy_foreign(drawn.pages[0].as_form_xobject())
    before, after = pdf.make_stream(b"q\n"), dict[tuple[bytes, int], Any]()
    known = set[tuple[int, int]]()
    for page in pdf.pages:
        shape = (page.cropbox.unparse(), page.rotation)  # most pages of a book have one
        if shape not in after:
            draw = b"\nQ /Artifact BMC q %b cm /DukkanMark Do Q EMC\n" % _matrix(page)
            after[shape] = pdf.make_stream(draw)
        _lend(page, drawing, known)
        page.contents_add(before, prepend=True)
        page.contents_add(after[shape])


def _lend(page: pikepdf.Page, drawing: Any, known: set[tuple[int, int]]) -> None:
    """Name the drawing among the page's resources: its own, or those of a node above that it shares."""
    holder = _holder(page.obj, "/Resources")
    if holder is None:
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary({_NAME: drawing}))
        return
    resources = holder.Resources
    key = resources.objgen if resources.is_indirect else holder.objgen
    if key in known:
        return
    known.add(key)
    if "/XObject" not in resources:
        resources.XObject = pikepdf.Dictionary()
    resources.XObject[_NAME] = drawing


def _holder(node: Any, name: str) -> Any:
    """The page, or the node above it, that says this of the page."""
    for _depth in range(50):
        if node is None or name in node:
            return node
        node = node.get("/Parent")
    return None


def _matrix(page: pikepdf.Page) -> bytes:
    """Puts the line at the foot of the page, centred, as its reader sees the page turned."""
    x0, y0, x1, y1 = (float(edge) for edge in page.cropbox)
    turn = page.rotation % 360
    width, height = (y1 - y0, x1 - x0) if turn in (90, 270) else (x1 - x0, y1 - y0)
    scale = max(0.1, min((width - 20) / WIDTH, max(1.0, height / USUAL_HEIGHT)))
    right, up = (width - WIDTH * scale) / 2, 6 * scale
    a, b, c, d, e, f = {
        0: (1, 0, 0, 1, x0, y0),
        90: (0, 1, -1, 0, x1, y0),
        180: (-1, 0, 0, -1, x1, y1),
        270: (0, -1, 1, 0, x0, y1),
    }[turn]
    place = (e + a * right + c * up, f + b * right + d * up)
    return b" ".join(b"%.4f" % number for number in (a * scale, b * scale, c * scale, d * scale, *place))
