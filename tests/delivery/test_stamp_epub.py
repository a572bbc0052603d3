import io
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from delivery.errors import Unstampable
from delivery.stamp_epub import LONGEST, stamp_epub
from tests.delivery.books import make_epub

WORDS = "تعود هذه النسخة إلى \u2068مُنى &amp; علي\u2069"


def stamped(tmp_path: Path, content: bytes) -> Path:
    source, target = tmp_path / "source", tmp_path / "book.epub"
    source.write_bytes(content)
    stamp_epub(source, target, title="لمن", words=WORDS, language="ar", direction="rtl")
    return target


@pytest.mark.parametrize("version", [2, 3])
def test_a_last_page_says_whose_copy_it_is_and_the_book_stays_valid(tmp_path: Path, version: int) -> None:
    original = make_epub(version)

    path = stamped(tmp_path, original)

    with zipfile.ZipFile(path) as book, zipfile.ZipFile(io.BytesIO(original)) as before:
        first = book.infolist()[0]
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
        assert "مُنى &amp; علي" in book.read("OEBPS/whose-copy.xhtml").decode()
        package = book.read("OEBPS/book.opf").decode()
        assert package.index('idref="one"') < package.index('idref="whose-copy"')
        changed = {"OEBPS/book.opf"}
        for name in set(before.namelist()) - changed:
            assert book.read(name) == before.read(name)
    check = shutil.which("epubcheck")
    if check and shutil.which("java"):
        command = ["java", "-jar", str(Path(check).resolve()), str(path)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def zipped(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        for name, content in files.items():
            book.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def with_link() -> bytes:
    """A book in which a picture is a symbolic link to a file of whoever unpacks it."""
    out = io.BytesIO(make_epub())
    link = zipfile.ZipInfo("OEBPS/picture.png")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(out, "a") as book:
        book.writestr(link, "/etc/passwd")
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book, book.open("bomb", "w") as content:
        for _each in range(150):
            content.write(bytes(1024 * 1024))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no zip", "broken"),
        (make_epub()[:300], "broken"),
        (zipped(a="b"), "broken"),
        (make_epub(3, **{"../../etc/passwd": b"x"}), "leads out"),
        (make_epub(3, **{"/etc/passwd": b"x"}), "leads out"),
        (with_link(), "leads out"),
        (zipped(**{"META-INF__container.xml": "<container/>" + " " * LONGEST}), "too long"),
        (make_epub(3, **{"OEBPS/whose-copy.xhtml": b"x"}), "marked already"),
        (zipped(**{"META-INF__container.xml": "<container/>"}), "does not say"),
        (zipped(**{"META-INF__container.xml": "<"}), "broken"),
    ],
)
def test_what_cannot_be_marked_says_why(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(Unstampable, match=why):
        stamped(tmp_path, content)


def test_a_full_disk_is_not_the_books_fault(tmp_path: Path) -> None:
    (tmp_path / "book.epub").symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left"):
        stamped(tmp_path, make_epub())


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with pytest.raises(Unstampable, match="more than a book"):
        stamped(tmp_path, bomb())

    assert not (tmp_path / "book.epub").exists()
