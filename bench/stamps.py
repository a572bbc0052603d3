"""What a mark on every page costs: `python -m bench.stamps time ROUNDS`, with the shop's own settings.

`python -m bench.stamps peak pdf|epub MEGABYTES` prints the most memory that marking such a book took, in MiB.
"""

import json
import os
import re
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from multiprocessing import Process
from pathlib import Path
from statistics import median

import django
import pikepdf

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
django.setup()

from delivery.stamp_epub import stamp_epub  # noqa: E402
from delivery.stamp_pdf import draw_mark, stamp_pdf  # noqa: E402

PAGES, TIMES = 300, 7
MIB = 1024 * 1024
BOOK = Path(__file__).parent.parent / "demo/built/files/publish-it-yourself.pdf"
MARK = "<body>This copy belongs to \u2068سمر الخطيب\u2069 (sa…@example.com), order D-10023.</body>"
_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
_PACKAGE = (
    '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><manifest></manifest><spine></spine>'
    "</package>"
)


def make_pdf(path: Path, picture_bytes: int = 0) -> None:
    """The demo's own book, read again until it has 300 pages; each with a picture of so many bytes."""
    pdf = pikepdf.new()
    while len(pdf.pages) < PAGES:
        with pikepdf.open(BOOK) as book:
            pdf.add_pages_from(book, list(range(min(len(book.pages), PAGES - len(pdf.pages)))))
    for page in pdf.pages if picture_bytes else []:
        page.add_resource(_picture(pdf, picture_bytes), pikepdf.Name.XObject)
    pdf.save(path)


def _picture(pdf: pikepdf.Pdf, size: int) -> pikepdf.Stream:
    picture = pdf.make_stream(os.urandom(size))
    picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    picture.Width, picture.Height, picture.BitsPerComponent = size, 1, 8
    picture.ColorSpace = pikepdf.Name.DeviceGray
    return picture


def make_epub(path: Path, size: int) -> None:
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr("META-INF/container.xml", _CONTAINER)
        book.writestr("book.opf", _PACKAGE)
        with book.open("film.mp4", "w") as film:
            for _each in range(size // MIB):
                film.write(os.urandom(MIB))


def times(rounds: int, folder: Path) -> None:
    source, target = folder / "book.pdf", folder / "copy.pdf"
    make_pdf(source)
    mark = draw_mark(MARK)

    def open_and_save() -> None:
        with pikepdf.open(source) as pdf:
            pdf.save(target)

    for _round in range(rounds):
        row = {
            "open-and-save": _milliseconds(open_and_save),
            "stamp": _milliseconds(lambda: stamp_pdf(source, target, mark)),
            "draw-mark": _milliseconds(lambda: draw_mark(MARK)),
        }
        print(json.dumps(row), flush=True)


def peak(kind: str, megabytes: int, folder: Path) -> None:
    source, target = folder / "book", folder / "copy"
    size = megabytes * MIB
    maker = Process(target=make_pdf, args=[source, size // PAGES])
    if kind == "epub":
        maker = Process(target=make_epub, args=[source, size])
    maker.start()  # what it needs is not counted
    maker.join()
    mark = draw_mark(MARK)
    Path("/proc/self/clear_refs").write_text("5")  # the most of it is counted from here
    if kind == "pdf":
        stamp_pdf(source, target, mark)
    else:
        stamp_epub(source, target, title="Whose", words="Mine", language="en", direction="ltr")
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    print(int(found[1]) / 1024)


def _milliseconds(deed: Callable[[], None]) -> float:
    """Of processor time, the middle of some tries."""
    taken = []
    for _each in range(TIMES):
        began = time.process_time()
        deed()
        taken.append(time.process_time() - began)
    return median(taken) * 1000


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        if sys.argv[1] == "time":
            times(int(sys.argv[2]), Path(name))
        else:
            peak(sys.argv[2], int(sys.argv[3]), Path(name))
