"""Books for tests of marks: PDF and EPUB, whole and spoiled."""

import io
import zipfile
from typing import Any

import pikepdf

CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="{path}" media-type="application/oebps-package+xml"/></rootfiles>'
    "</container>"
)
OPF3 = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
    '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
    '<dc:identifier id="id">urn:isbn:9780000000002</dc:identifier>'
    "<dc:title>كتاب</dc:title><dc:language>ar</dc:language>"
    '<meta property="dcterms:modified">2026-01-01T00:00:00Z</meta></metadata>'
    '<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    '<item id="one" href="one.xhtml" media-type="application/xhtml+xml"/></manifest>'
    '<spine><itemref idref="one"/></spine></package>'
)
OPF2 = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<opf:package xmlns:opf="http://www.idpf.org/2007/opf" version="2.0" unique-identifier="id">'
    '<opf:metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">urn:isbn:9780000000002'
    "</dc:identifier><dc:title>Book</dc:title><dc:language>en</dc:language></opf:metadata>"
    '<opf:manifest><opf:item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    '<opf:item id="one" href="one.xhtml" media-type="application/xhtml+xml"/></opf:manifest>'
    '<opf:spine toc="ncx"><opf:itemref idref="one"/></opf:spine></opf:package>'
)
NCX = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">'
    '<head><meta name="dtb:uid" content="urn:isbn:9780000000002"/><meta name="dtb:depth" content="1"/>'
    '<meta name="dtb:totalPageCount" content="0"/><meta name="dtb:maxPageNumber" content="0"/></head>'
    '<docTitle><text>Book</text></docTitle><navMap><navPoint id="p1" playOrder="1"><navLabel><text>One</text>'
    '</navLabel><content src="one.xhtml"/></navPoint></navMap></ncx>'
)
XHTML = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>One</title></head><body>{body}</body></html>'
NAV = XHTML.replace("<html ", '<html xmlns:epub="http://www.idpf.org/2007/ops" ').format(
    body='<nav epub:type="toc"><ol><li><a href="one.xhtml">One</a></li></ol></nav>'
)
DOCTYPE2 = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">'


def make_epub(version: int = 3, **more: bytes) -> bytes:
    """A book of one chapter; more files by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(zipfile.ZipInfo("mimetype"), "application/epub+zip")
        book.writestr("META-INF/container.xml", CONTAINER.format(path="OEBPS/book.opf"))
        book.writestr("OEBPS/book.opf", OPF3 if version == 3 else OPF2)
        if version == 3:
            book.writestr("OEBPS/nav.xhtml", NAV)
            book.writestr("OEBPS/one.xhtml", XHTML.format(body="<p>Words</p>"))
        else:
            book.writestr("OEBPS/toc.ncx", NCX)
            book.writestr("OEBPS/one.xhtml", DOCTYPE2 + XHTML.format(body="<p>Words</p>"))
        for name, content in more.items():
            book.writestr(name, content)
    return out.getvalue()


def make_pdf(pages: int = 3, *, turns: tuple[int, ...] = (0,), **save: Any) -> bytes:
    """Pages with resources and turns said above them, a bookmark on the last, a link from the first."""
    pdf = pikepdf.new()
    for number in range(pages):
        page = pdf.add_blank_page(page_size=(595, 842))
        text = f"q 0.9 0 0 0.9 0 0 cm BT /F1 20 Tf 60 700 Td (Page {number}) Tj ET"  # q is never closed
        page.obj.Contents = pdf.make_stream(text.encode())
        page.obj.Rotate = turns[number % len(turns)]
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    for page in pdf.pages:
        if "/Resources" in page.obj:
            del page.obj["/Resources"]
    pdf.Root.Pages.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font)))
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Link,
        Rect=[60, 690, 200, 720],
        Dest=[pdf.pages[-1].obj, pikepdf.Name.Fit],
    )
    pdf.pages[0].obj.Annots = pdf.make_indirect(pikepdf.Array([pdf.make_indirect(link)]))
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("The end", pages - 1))
    out = io.BytesIO()
    pdf.save(out, **save)
    return out.getvalue()
