"""Adds a last page to an EPUB that says whose copy it is. https://www.w3.org/TR/epub-33/"""

import re
import shutil
import stat
import xml.etree.ElementTree as ET
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from delivery.errors import Unstampable

LARGEST = 2 * 1024**3  # bytes, unpacked
LONGEST = 16 * 1024**2  # bytes, of a list of contents
RATIO, SUSPICIOUS = 200, 100 * 1024**2  # no book packs this well, and is this large
_PAGE, _ID = "whose-copy.xhtml", "whose-copy"
_CONTAINER = "META-INF/container.xml"
_ROOTFILE = "{urn:oasis:names:tc:opendocument:xmlns:container}rootfile"
_TYPE = "application/xhtml+xml"
_DOCTYPES = {
    "2": '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">',
    "3": "<!DOCTYPE html>",
}


def stamp_epub(source: Path, target: Path, *, title: str, words: str, language: str, direction: str) -> None:
    """Raises Unstampable for what is no EPUB, broken, or packed to harm; OSError where the disk is full.

    The texts are HTML without elements.
    """
    try:
        with zipfile.ZipFile(source) as book:
            _refuse_bombs(book)
            package = _package_path(book)
            text = _read(book, package).decode("utf-8-sig")
            page = str(PurePosixPath(package).parent / _PAGE)
            if page in book.namelist():
                raise Unstampable("It is marked already.")
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
                _copy(book, copy, package, _with_page(text))
                version = "2" if re.search(r"<(?:\w+:)?package\b[^>]*\bversion=[\"']2", text) else "3"
                copy.writestr(page, _page(_DOCTYPES[version], title, words, language, direction))
    except (zipfile.BadZipFile, zlib.error, KeyError, ET.ParseError, EOFError) as error:
        raise Unstampable(f"It is broken: {error}") from error
    except (UnicodeDecodeError, NotImplementedError, RuntimeError) as error:
        raise Unstampable(f"It is not understood: {error}") from error


def _refuse_bombs(book: zipfile.ZipFile) -> None:
    entries = book.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries) or 1
    if unpacked > LARGEST or (unpacked > SUSPICIOUS and unpacked / packed > RATIO):
        raise Unstampable("It unpacks to more than a book can hold.")
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(entry.external_attr >> 16):
            raise Unstampable("It holds a name that leads out of it.")
        if entry.flag_bits & 1:
            raise Unstampable("It is encrypted.")


def _package_path(book: zipfile.ZipFile) -> str:
    container = _read(book, _CONTAINER)
    root = ET.fromstring(container).find(f".//{_ROOTFILE}")  # noqa: S314  expat refuses bombs itself
    if root is None or not root.get("full-path"):
        raise Unstampable("It does not say where its contents are.")
    return str(root.get("full-path"))


def _read(book: zipfile.ZipFile, name: str) -> bytes:
    if book.getinfo(name).file_size > LONGEST:
        raise Unstampable("Its list of contents is too long.")
    return book.read(name)


def _with_page(package: str) -> str:
    """The list of contents with our page, in the prefix that it uses; else letter for letter as it was."""
    package = _insert(package, "manifest", f'item id="{_ID}" href="{_PAGE}" media-type="{_TYPE}"')
    return _insert(package, "spine", f'itemref idref="{_ID}"')


def _insert(package: str, element: str, entry: str) -> str:
    ends = list(re.finditer(rf"</((?:[\w.-]+:)?){element}\s*>", package))
    if not ends:
        raise Unstampable(f"Its list of contents has no {element}.")
    place = ends[-1].start()
    return f"{package[:place]}<{ends[-1].group(1)}{entry}/>\n{package[place:]}"


def _copy(book: zipfile.ZipFile, copy: zipfile.ZipFile, package: str, text: str) -> None:
    """In the same order, so that `mimetype` stays first and bare, as readers want it."""
    for entry in book.infolist():
        kept = zipfile.ZipInfo(entry.filename, entry.date_time)
        kept.compress_type = zipfile.ZIP_STORED if entry.filename == "mimetype" else zipfile.ZIP_DEFLATED
        kept.external_attr = entry.external_attr
        kept.file_size = entry.file_size
        if entry.filename == package:
            copy.writestr(kept, text)
        else:
            with book.open(entry) as original, copy.open(kept, "w") as written:
                shutil.copyfileobj(original, written, 1024 * 1024)


def _page(doctype: str, title: str, words: str, language: str, direction: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}\n'
        f'<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="{language}" dir="{direction}">'
        f"<head><title>{title}</title></head><body><p>{words}</p></body></html>\n"
    )
