"""Packs the demo shop's books as EPUB 3: https://www.w3.org/TR/epub-33/."""

import io
import uuid
import zipfile
from html import escape

from demo.build_books import cover_of, jpeg
from demo.manuscripts import SOURCES, Book
from demo.words import WORDS, digits

_MOMENT = (2026, 1, 1, 0, 0, 0)
_CONTAINER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>\n"
)


def epub(book: Book) -> bytes:
    """The book as EPUB; building it again gives the same bytes."""
    parts = {
        "META-INF/container.xml": _CONTAINER,
        "OEBPS/content.opf": _package(book),
        "OEBPS/nav.xhtml": _nav(book),
        "OEBPS/cover.xhtml": _page(
            book,
            book.title,
            f'<p class="cover"><img src="cover.jpg" alt="{escape(book.full_title)}"/></p>',
        ),
        "OEBPS/title.xhtml": _page(book, book.title, _title(book)),
        "OEBPS/style.css": (SOURCES / "epub.css").read_text("utf-8"),
    }
    for chapter in book.chapters:
        number = digits(str(int(chapter.name)), book.language)
        body = f'<p class="number">{number}</p><h1>{escape(chapter.title)}</h1>{chapter.body}'
        parts[f"OEBPS/chapter-{chapter.name}.xhtml"] = _page(book, chapter.title, body)
    files = {name: text.encode() for name, text in parts.items()}
    return zipped(
        {
            "mimetype": b"application/epub+zip",
            **files,
            "OEBPS/cover.jpg": jpeg(cover_of(book), 600, quality=76),
        }
    )


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip archive with a fixed date; a file named `mimetype` is stored as it is, as EPUB asks."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=9)
    return target.getvalue()


def _page(book: Book, title: str, body: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
        f'<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" '
        f'lang="{book.language}" xml:lang="{book.language}" dir="{book.direction}">'
        f"<head><title>{escape(title)}</title>"
        f'<link rel="stylesheet" type="text/css" href="style.css"/></head><body>{body}</body></html>\n'
    )


def _title(book: Book) -> str:
    words = WORDS[book.language]
    year = digits(str(book.year), book.language)
    return (
        f'<section class="title"><h1>{escape(book.title)}</h1><p class="subtitle">{escape(book.subtitle)}</p>'
        f'<p>{escape(book.author)}</p><p class="hint">{escape(words["edition"])}, {year}</p>'
        f'<p class="hint">{escape(words["rights"])}</p>'
        f"<h2>{escape(book.about_heading)}</h2><p>{escape(book.about)}</p></section>"
    )


def _nav(book: Book) -> str:
    contents = WORDS[book.language]["contents"]
    items = "".join(
        f'<li><a href="chapter-{chapter.name}.xhtml">{escape(chapter.title)}</a></li>'
        for chapter in book.chapters
    )
    return _page(book, contents, f'<nav epub:type="toc" id="toc"><h1>{contents}</h1><ol>{items}</ol></nav>')


def _package(book: Book) -> str:
    names = [f"chapter-{chapter.name}" for chapter in book.chapters]
    identifier = uuid.uuid5(uuid.NAMESPACE_URL, f"https://dukkan.example/books/{book.slug}")
    manifest = "".join(
        f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>'
        for name in ("cover", "title", *names)
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in ("cover", "title", "nav", *names))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" '
        f'xml:lang="{book.language}" dir="{book.direction}"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:uuid:{identifier}</dc:identifier>'
        f"<dc:title>{escape(book.full_title)}</dc:title>"
        f"<dc:creator>{escape(book.author)}</dc:creator><dc:language>{book.language}</dc:language>"
        f"<dc:date>{book.year}</dc:date>"
        f'<meta property="dcterms:modified">{book.year}-01-01T00:00:00Z</meta></metadata>'
        '<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        '<item id="css" href="style.css" media-type="text/css"/>'
        '<item id="cover-image" href="cover.jpg" media-type="image/jpeg" properties="cover-image"/>'
        f'{manifest}</manifest><spine page-progression-direction="{book.direction}">{spine}</spine>'
        "</package>\n"
    )
