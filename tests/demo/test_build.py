"""The builders, where Pango and poppler are installed, and what they built, where its checkers are."""

import hashlib
import importlib
import shutil
import subprocess
import unicodedata
import zipfile
from io import BytesIO
from pathlib import Path
from types import ModuleType

import pytest

from demo.manuscripts import Book, read_book, read_books
from demo.shop import BUILT

BOOKS = read_books()
EPUBCHECK = Path("/usr/share/java/epubcheck.jar")
each_book = pytest.mark.parametrize("book", BOOKS, ids=[book.slug for book in BOOKS])


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def builder(name: str) -> ModuleType:
    try:
        return importlib.import_module(f"demo.{name}")
    except OSError:
        pytest.skip("Pango is not installed: libpango-1.0-0 libpangoft2-1.0-0")


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def plain(text: str) -> str:
    """Text as extracted from a PDF, without ligatures, marks of direction and spaces."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if unicodedata.category(c) not in ("Cf", "Zs", "Cc"))


@each_book
def test_books_have_many_pages_of_text(book: Book) -> None:
    path = str(BUILT / "files" / f"{book.slug}.pdf")
    info = output(program("pdfinfo"), path)
    pages = int(info.partition("Pages:")[2].split()[0])
    text = plain(output(program("pdftotext"), path, "-"))
    words = {"en": "reader", "ar": "كتب", "fa": "است"}

    assert pages >= 20
    assert text.count(words[book.language]) >= 5
    assert f"Author: {book.author}" in " ".join(info.split())


@pytest.mark.parametrize("path", sorted(BUILT.glob("files/*.pdf")), ids=lambda path: path.name)
def test_pdfs_are_sound_and_bring_their_fonts(path: Path) -> None:
    output(program("qpdf"), "--check", str(path))
    rows = output(program("pdffonts"), str(path)).splitlines()[2:]

    assert rows
    assert [row for row in rows if "Vazirmatn" not in row or row.split()[-5] != "yes"] == []


@pytest.mark.parametrize("slug", ["letters-that-flow", "calm-freelancing-ar", "four-seasons-table-fa"])
def test_epubs_pass_epubcheck(slug: str) -> None:
    if not EPUBCHECK.exists():
        pytest.skip("epubcheck is not installed")
    said = output(program("java"), "-jar", str(EPUBCHECK), str(BUILT / "files" / f"{slug}.epub"))

    assert "Messages: 0 fatals / 0 errors / 0 warnings" in said


@each_book
def test_epubs_turn_their_pages_the_way_they_are_read(book: Book) -> None:
    with zipfile.ZipFile(BUILT / "files" / f"{book.slug}.epub") as archive:
        package = archive.read("OEBPS/content.opf").decode()
        first = archive.read("OEBPS/chapter-01.xhtml").decode()
        entry = archive.infolist()[0]

    assert (entry.filename, entry.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert f'page-progression-direction="{book.direction}"' in package
    assert f'lang="{book.language}" xml:lang="{book.language}" dir="{book.direction}"' in first


def test_builders_give_the_same_bytes_twice() -> None:
    books, epubs, packages = builder("build_books"), builder("build_epub"), builder("build_packages")
    book = read_book("plane-tree-nights-fa")

    def digests() -> list[str]:
        made = [books.whole_pdf(book), books.sample_pdf(book), epubs.epub(book), packages.plugin_zip()]
        made += [packages.theme_zip(), packages.mail_templates_zip(), packages.checklist_pdf("ar")]
        return [hashlib.sha256(content).hexdigest() for content in made]

    assert digests() == digests()


def test_pictures_are_the_same_twice() -> None:
    pictures = builder("build_pictures")
    program("pdftoppm")
    first, again = (pictures.window("khayma-ar", "teal:x") for _time in range(2))

    assert first.size == (960, 680)
    assert first.tobytes() == again.tobytes()


def test_plugin_has_what_wordpress_asks_for() -> None:
    with zipfile.ZipFile(BUILT / "files" / "arqam.zip") as archive:
        names = archive.namelist()
        head = archive.read("arqam/arqam.php").decode()
        readme = archive.read("arqam/readme.txt").decode()
        uninstall = archive.read("arqam/uninstall.php").decode()

    assert all(name.startswith("arqam/") for name in names)
    assert {"arqam/languages/arqam-ar.mo", "arqam/languages/arqam-fa_IR.mo"} < set(names)
    assert "* Plugin Name:       Arqam" in head
    assert "* License:           GPL-2.0-or-later" in head
    assert "* Version:           1.3.0" in head
    assert "Stable tag: 1.3.0" in readme
    assert "WP_UNINSTALL_PLUGIN" in uninstall


def test_the_plugins_older_version_lacks_only_what_is_new() -> None:
    texts = []
    for name in ("arqam.zip", "arqam-1.2.0.zip"):
        with zipfile.ZipFile(BUILT / "files" / name) as archive:
            texts.append(
                {name: archive.read(name).decode() for name in archive.namelist() if name[-1] in "pt"}
            )
    newer, older = texts

    assert [name for name in newer if newer[name].replace("1.3.0", "1.2.0") != older[name]] == [
        "arqam/arqam.php",
        "arqam/readme.txt",
    ]
    assert "get_archives_link" in newer["arqam/arqam.php"]
    assert not any(word in older["arqam/arqam.php"] for word in ("get_archives_link", "1.3.0"))
    assert "1.3.0" not in older["arqam/readme.txt"]


def test_the_plugin_brings_the_clients_of_the_docs_under_its_own_name() -> None:
    with zipfile.ZipFile(BUILT / "files" / "arqam.zip") as archive:
        for client in ("license", "updater"):
            source = (BUILT.parents[1] / "docs" / "clients" / f"class-dukkan-{client}.php").read_text()
            packed = archive.read(f"arqam/includes/class-arqam-{client}.php").decode()
            assert packed == source.replace("Dukkan_", "Arqam_")


@pytest.mark.parametrize("name", ["arqam.zip", "khayma.zip"])
def test_php_can_be_parsed(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(BUILT / "files" / name) as archive:
        archive.extractall(tmp_path)
    sources = sorted(tmp_path.rglob("*.php"))

    assert sources
    for source in sources:
        assert "No syntax errors" in output(program("php"), "-l", str(source))


def test_theme_is_a_block_theme() -> None:
    with zipfile.ZipFile(BUILT / "files" / "khayma.zip") as archive:
        names = set(archive.namelist())
        style = archive.read("khayma/style.css").decode()

    assert {"khayma/theme.json", "khayma/templates/index.html", "khayma/fonts/OFL.txt"} < names
    assert "Theme Name: Khayma" in style


def test_mails_stand_in_both_directions() -> None:
    with zipfile.ZipFile(BUILT / "files" / "nameh.zip") as archive:
        mails = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".html")}

    assert len(mails) == 12
    assert sum('<html lang="en" dir="ltr">' in mail for mail in mails.values()) == 4
    assert sum('dir="rtl">' in mail for mail in mails.values()) == 8
    assert all("{{ name }}" in mail and "$" not in mail for mail in mails.values())


def test_fifty_codes_nobody_mistakes_for_another() -> None:
    rows = BytesIO((BUILT / "files" / "calligraphy-seats.csv").read_bytes()).read().decode().splitlines()
    codes = [row.partition(",")[2] for row in rows[1:]]

    assert len(set(codes)) == 50
    assert all(len(code) == 19 and not set("01IO") & set(code) for code in codes)
