"""Packs the demo shop's plugin, theme, templates, checklist and codes; same bytes each time."""

import csv
import hashlib
import io
import re
import struct
import tomllib
from base64 import b32encode, b64encode
from html import escape
from pathlib import Path
from string import Template

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from catalog.drawing.lettering import FONTS
from catalog.drawing.palette import palette_for
from demo.build_books import html_pdf, rosette
from demo.build_epub import zipped
from demo.manuscripts import to_html
from demo.words import DIRECTIONS

SOURCES = Path(__file__).resolve().parent / "packages"
CLIENTS = SOURCES.parent.parent / "docs" / "clients"
ARQAM, ARQAM_BEFORE = "1.3.0", "1.2.0"
CODES = 50


def plugin_zip(version: str = ARQAM) -> bytes:
    """The plugin with the shop's clients under its own name; of its older version as well, to update from."""
    files = _tree("arqam")
    for client in ("license", "updater"):
        source = (CLIENTS / f"class-dukkan-{client}.php").read_text("utf-8")
        files[f"arqam/includes/class-arqam-{client}.php"] = source.replace("Dukkan_", "Arqam_").encode()
    if version != ARQAM:
        files = {name: _before(text.decode(), version).encode() for name, text in files.items()}
    for name in [name for name in files if name.endswith(".po")]:
        files[name.removesuffix("po") + "mo"] = _compiled(files[name])
    return zipped(dict(sorted(files.items())))


def _compiled(catalogue: bytes) -> bytes:
    """For WordPress, which wants to be told where a table of hashes would stand; Babel leaves that at 0."""
    target = io.BytesIO()
    write_mo(target, read_po(io.BytesIO(catalogue)))
    content = bytearray(target.getvalue())
    count, translations_at = struct.unpack_from("<I4xI", content, 8)
    struct.pack_into("<I", content, 24, translations_at + 8 * count)
    return bytes(content)


def _before(text: str, version: str) -> str:
    """The text as it was in the version before: without the lines and the changes of the newer one."""
    kept = "".join(line for line in text.splitlines(keepends=True) if not line.endswith(f"// {ARQAM}\n"))
    return re.sub(rf"= {ARQAM} =\n.*?\n\n", "", kept, flags=re.DOTALL).replace(ARQAM, version)


def theme_zip() -> bytes:
    fonts = {
        f"khayma/fonts/{name}": (FONTS / name).read_bytes() for name in ("OFL.txt", "Vazirmatn-Regular.ttf")
    }
    return zipped(dict(sorted({**_tree("khayma"), **fonts}.items())))


def mail_templates_zip() -> bytes:
    """Four mails in three languages, each a complete HTML file."""
    files = {"nameh/README.txt": (SOURCES / "nameh" / "README.txt").read_bytes()}
    for language, words in _texts("nameh").items():
        for name in (name for name, mail in words.items() if isinstance(mail, dict)):
            files[f"nameh/{language}/{name}.html"] = mail_html(name, language).encode()
    return zipped(files)


def mail_html(name: str, language: str) -> str:
    """One mail with its placeholders in double braces; raises KeyError for a mail that is not there."""
    words = _texts("nameh")[language]
    mail = words[name]
    if not isinstance(mail, dict):
        raise KeyError(name)
    layout = Template((SOURCES / "nameh" / "layout.html").read_text("utf-8"))
    return layout.substitute({**words, **mail, "language": language, "colour": "#0f5c5c"})


def invoice_templates_zip() -> bytes:
    """An invoice in three languages: the HTML to fill in, and the PDF it makes."""
    css = (SOURCES / "sanad" / "sanad.css").read_text("utf-8")
    files = {
        "sanad/README.txt": (SOURCES / "sanad" / "README.txt").read_bytes(),
        "sanad/sanad.css": css.encode(),
    }
    for language in DIRECTIONS:
        files[f"sanad/invoice-{language}.html"] = invoice_html(language).encode()
        files[f"sanad/invoice-{language}.pdf"] = invoice_pdf(language)
    return zipped(files)


def invoice_html(language: str) -> str:
    layout = Template((SOURCES / "sanad" / "layout.html").read_text("utf-8"))
    return layout.substitute(_texts("sanad")[language], language=language)


def invoice_pdf(language: str) -> bytes:
    css = (SOURCES / "sanad" / "sanad.css").read_text("utf-8")
    page = invoice_html(language).replace('<link rel="stylesheet" href="sanad.css">', "")
    return html_pdf(page, [css])


def checklist_pdf(language: str) -> bytes:
    text = (SOURCES / "checklist" / f"{language}.md").read_text("utf-8").replace("- [ ] ", "- ")
    palette = palette_for("teal")
    star = b64encode(rosette(palette.ground, palette.spark).encode()).decode()
    title = text.partition("\n")[0].removeprefix("# ")
    return html_pdf(
        f'<!DOCTYPE html><html lang="{language}" dir="{DIRECTIONS[language]}">'
        f"<head><title>{escape(title)}</title></head>"
        f'<body><img class="star" alt="" src="data:image/svg+xml;base64,{star}"/>{to_html(text)}'
        f'<p class="foot">Dukkan</p></body></html>',
        [(SOURCES / "checklist" / "checklist.css").read_text("utf-8")],
    )


def seat_codes() -> list[str]:
    """Fifty codes of four groups without letters that look alike; made from a fixed seed, for show only."""
    codes = []
    for number in range(CODES):
        digest = hashlib.sha256(f"dukkan demo seat {number}".encode()).digest()
        letters = b32encode(digest).decode().replace("I", "8").replace("O", "9")[:16]
        codes.append("-".join(letters[start : start + 4] for start in range(0, 16, 4)))
    return codes


def seat_codes_csv() -> bytes:
    target = io.StringIO()
    rows = csv.writer(target, lineterminator="\r\n")
    rows.writerow(("number", "code"))
    rows.writerows(enumerate(seat_codes(), start=1))
    return target.getvalue().encode()


def _tree(name: str) -> dict[str, bytes]:
    paths = sorted(path for path in (SOURCES / name).rglob("*") if path.is_file())
    return {path.relative_to(SOURCES).as_posix(): path.read_bytes() for path in paths}


def _texts(name: str) -> dict[str, dict[str, str | dict[str, str]]]:
    return tomllib.loads((SOURCES / name / "texts.toml").read_text("utf-8"))
