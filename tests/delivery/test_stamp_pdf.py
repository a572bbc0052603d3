import io
import re
import shutil
import subprocess
from pathlib import Path

import pikepdf
import pytest

from delivery.errors import Unstampable
from delivery.stamp_pdf import draw_mark, stamp_pdf
from tests.delivery.books import make_pdf

WORDS = "Copy of \u2068سمر الخطيب\u2069, D-10023"


@pytest.fixture(scope="module")
def mark() -> bytes:
    return draw_mark(f"<body>{WORDS}</body>")


def stamped(tmp_path: Path, content: bytes, mark: bytes) -> Path:
    source, target = tmp_path / "source", tmp_path / "target.pdf"
    source.write_bytes(content)
    stamp_pdf(source, target, mark)
    return target


def text_of(path: Path, page: int, box: str = "") -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed (on Debian: apt install poppler-utils)")
    command = ["pdftotext", "-f", str(page), "-l", str(page), *box.split(), str(path), "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_every_page_bears_the_mark_at_the_foot_that_its_reader_sees(
    tmp_path: Path, mark: bytes, turn: int
) -> None:
    path = stamped(tmp_path, make_pdf(4, turns=(turn,)), mark)

    width, height = (842, 595) if turn in (90, 270) else (595, 842)
    for page in range(1, 5):
        foot = f"-x 0 -y {height - 30} -W {width} -H 30"
        assert "D-10023" in text_of(path, page, foot)
        assert f"Page {page - 1}" in text_of(path, page)


def test_bookmarks_links_and_inherited_resources_stay(tmp_path: Path, mark: bytes) -> None:
    path = stamped(tmp_path, make_pdf(3), mark)

    with pikepdf.open(path) as pdf:
        assert len(pdf.pages) == 3
        with pdf.open_outline() as outline:
            (bookmark,) = outline.root
            assert bookmark.title == "The end"
        (link,) = pdf.pages[0].obj.Annots
        assert link.Dest[0].objgen == pdf.pages[2].obj.objgen
        assert all("/F1" in page.resources.Font for page in pdf.pages)
        drawings = {page.resources.XObject["/DukkanMark"].objgen for page in pdf.pages}
        assert len(drawings) == 1
        assert list(pdf.check_pdf_syntax()) == []


def test_arabic_names_are_drawn_with_an_embedded_font(tmp_path: Path, mark: bytes) -> None:
    path = stamped(tmp_path, make_pdf(1), mark)

    assert "سمر" in text_of(path, 1)
    fonts = subprocess.run(["pdffonts", str(path)], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Vazirmatn +CID TrueType +\S+ +yes", fonts), fonts


def test_a_thousand_pages_grow_by_little(tmp_path: Path, mark: bytes) -> None:
    content = make_pdf(1000)

    path = stamped(tmp_path, content, mark)

    assert path.stat().st_size < len(content) + len(mark) + 1000 * 300


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (make_pdf(1, encryption=pikepdf.Encryption(owner="o", user="u")), "encrypted"),
        (make_pdf(1, encryption=pikepdf.Encryption(owner="o", user="")), "encrypted"),
        (b"no PDF at all", "broken"),
        (b"%PDF-1.7\n" + b"\0" * 5000, "broken"),
        (make_pdf(1)[:200], "broken"),
    ],
)
def test_what_cannot_be_marked_says_why(tmp_path: Path, mark: bytes, content: bytes, why: str) -> None:
    with pytest.raises(Unstampable, match=why):
        stamped(tmp_path, content, mark)


def test_a_full_disk_is_not_the_books_fault(tmp_path: Path, mark: bytes) -> None:
    (tmp_path / "target.pdf").symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left"):
        stamped(tmp_path, make_pdf(3), mark)


def test_pages_of_odd_sizes_and_without_contents_are_marked(tmp_path: Path, mark: bytes) -> None:
    pdf = pikepdf.new()
    for size in ((72, 72), (2000, 1125), (14400, 14400), (595, 842)):
        pdf.add_blank_page(page_size=size)
    del pdf.pages[0].obj["/Contents"]
    pdf.pages[3].obj.CropBox = pikepdf.Array([100, 100, 400, 500])
    out = io.BytesIO()
    pdf.save(out)

    path = stamped(tmp_path, out.getvalue(), mark)

    for page in range(1, 5):
        assert "D-10023" in text_of(path, page)
