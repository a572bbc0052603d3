"""Sets the demo shop's books as PDF: cover, title, contents with page numbers, chapters, bookmarks.

Needs Pango, so only developers run it; what it makes is kept in the repository.
"""

import base64
import io
from html import escape

from PIL import Image
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from catalog.drawing import draw_cover
from catalog.drawing.girih import weave
from catalog.drawing.lettering import FONTS
from catalog.drawing.palette import ink_on_paper, palette_for
from demo.manuscripts import SOURCES, Book, Chapter
from demo.words import WORDS, digits
from storefront.colours import Colour

_BARE = "@bottom-center { content: none } @top-left { content: none } @top-right { content: none }"
_COUNTERS = {"ar": "arabic-indic", "fa": "persian"}


def whole_pdf(book: Book) -> bytes:
    """The book as PDF; building it again gives the same bytes."""
    words = WORDS[book.language]
    closing = (
        f'<section class="about"><h1>{escape(book.about_heading)}</h1><p>{escape(book.about)}</p>'
        f'<p class="hint">{escape(words["set_in"])}</p></section>'
    )
    return _pdf(
        book, _front(book, words["edition"]) + _contents(book) + _chapters(book, book.chapters) + closing
    )


def sample_pdf(book: Book) -> bytes:
    """The first chapter, to open before buying."""
    words = WORDS[book.language]
    end = digits(words["sample_end"].format(count=len(book.chapters)), book.language)
    chapter = _chapters(book, book.chapters[:1])
    return _pdf(book, f'{_front(book, words["sample"])}{chapter}<p class="end">{escape(end)}</p>')


def cover_of(book: Book) -> Image.Image:
    return draw_cover("ebook", book.full_title, book.author, book.language, book.seed)


def jpeg(picture: Image.Image, width: int, quality: int = 82) -> bytes:
    """The picture as JPEG, `width` pixels wide."""
    height = round(picture.height * width / picture.width)
    target = io.BytesIO()
    small = picture.resize((width, height), Image.Resampling.LANCZOS)
    small.save(target, "JPEG", quality=quality, optimize=True, progressive=True)
    return target.getvalue()


def html_pdf(html: str, stylesheets: list[str]) -> bytes:
    """Any page of ours as PDF with embedded fonts."""
    fonts = FontConfiguration()
    sheets = [
        CSS(string=text, font_config=fonts, base_url=FONTS.as_uri()) for text in (_faces(), *stylesheets)
    ]
    made: bytes = HTML(string=html, base_url=FONTS.as_uri()).write_pdf(stylesheets=sheets, font_config=fonts)
    return made


def rosette(colour: Colour, spark: Colour) -> str:
    """One ten-pointed star with the straps around it, as SVG text."""
    pattern = weave(10, edge=30, strap=6, box=(-2, -2, 2, 2), turn=-36)
    star = min(
        pattern.stars, key=lambda points: abs(sum(x for x, _y in points)) + abs(sum(y for _x, y in points))
    )
    near = [s for s in pattern.straps if all(x * x + y * y < 58**2 for x, y in s.outline)]
    lines = "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in side) for s in near for side in (s.near, s.far)
    )
    middle = " ".join(f"{x * 0.45:.1f},{y * 0.45:.1f}" for x, y in star)
    ink, gold = ("#{:02x}{:02x}{:02x}".format(*tone) for tone in (colour, spark))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-60 -60 120 120" width="120" height="120">'
        f'<path d="{lines}" fill="none" stroke="{ink}" stroke-width="1.2"/>'
        f'<polygon points="{middle}" fill="{gold}"/></svg>'
    )


def _pdf(book: Book, body: str) -> bytes:
    html = (
        f'<!DOCTYPE html><html lang="{book.language}" dir="{book.direction}"><head>'
        f"<title>{escape(book.full_title)}</title>"
        f'<meta name="author" content="{escape(book.author)}"/></head>'
        f"<body>{body}</body></html>"
    )
    return html_pdf(html, [(SOURCES / "print.css").read_text("utf-8"), _dress(book)])


def _dress(book: Book) -> str:
    """What differs from book to book: the ink, the digits of the pages, the sides of the running heads."""
    tone = "#{:02x}{:02x}{:02x}".format(*ink_on_paper(palette_for(book.seed.partition(":")[0])))
    counter = _COUNTERS.get(book.language, "decimal")
    start, end = ("right", "left") if book.direction == "rtl" else ("left", "right")
    head = "font: 8pt Vazirmatn; color: #5b6468; white-space: nowrap;"
    return (
        f"h1, .number, blockquote, em {{ color: {tone}; }}"
        f"@page {{ @bottom-center {{ content: counter(page, {counter}); }}"
        f"@top-{start} {{ content: string(book); {head} }}"
        f"@top-{end} {{ content: string(chapter, first-except); {head} }} }}"
        f"@page plain {{ {_BARE} }} @page cover {{ {_BARE} }}"
    )


def _faces() -> str:
    return "".join(
        f"@font-face {{ font-family: Vazirmatn; font-weight: {weight}; src: url({path.as_uri()}); }}"
        for weight, path in ((400, FONTS / "Vazirmatn-Regular.ttf"), (700, FONTS / "Vazirmatn-Bold.ttf"))
    )


def _data(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _ornament(book: Book, css_class: str) -> str:
    palette = palette_for(book.seed.partition(":")[0])
    picture = _data(rosette(palette.ground, palette.spark).encode(), "image/svg+xml")
    return f'<img class="{css_class}" alt="" src="{picture}"/>'


def _front(book: Book, edition: str) -> str:
    words = WORDS[book.language]
    cover = _data(jpeg(cover_of(book), 600, quality=74), "image/jpeg")
    year = digits(str(book.year), book.language)
    return (
        f'<div class="cover"><img alt="{escape(book.full_title)}" src="{cover}"/></div>'
        f'<section class="title" data-book="{escape(book.title)}"><h1>{escape(book.title)}</h1>'
        f'<p class="subtitle">{escape(book.subtitle)}</p>{_ornament(book, "ornament")}'
        f'<p class="author">{escape(book.author)}</p></section>'
        f'<section class="rights"><p>{escape(book.full_title)}</p><p>{escape(edition)}, {year}</p>'
        f"<p>© {year} {escape(book.author)}</p><p>{escape(words['rights'])}</p></section>"
    )


def _contents(book: Book) -> str:
    rows = "".join(
        f'<tr><td><a href="#{_anchor(chapter)}">{escape(chapter.title)}</a></td>'
        f'<td class="page"><a href="#{_anchor(chapter)}"></a></td></tr>'
        for chapter in book.chapters
    )
    heading = WORDS[book.language]["contents"]
    return f'<section class="contents"><h1>{heading}</h1><table>{rows}</table></section>'


def _chapters(book: Book, chapters: tuple[Chapter, ...]) -> str:
    return "".join(
        f'<section class="chapter" id="{_anchor(chapter)}">{_ornament(book, "opener")}'
        f'<p class="number">{digits(str(int(chapter.name)), book.language)}</p>'
        f"<h1>{escape(chapter.title)}</h1>{chapter.body}</section>"
        for chapter in chapters
    )


def _anchor(chapter: Chapter) -> str:
    return f"chapter-{chapter.name}"
