"""What the shop needs of the machine: libraries, fonts, disk."""

import ctypes
import shutil

from django.conf import settings
from django.contrib.staticfiles import finders
from PIL import features

from storefront.doctor.finding import Findings, ok, problem, warning

# The libraries that WeasyPrint opens when it is first used, and the Debian packages they come in.
PANGO_LIBRARIES = {
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libharfbuzz.so.0": "libharfbuzz0b",
    "libfontconfig.so.1": "libfontconfig1",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
}
FONT = "fonts/vazirmatn-arabic.woff2"
LOW_DISK, NO_DISK = 2 * 1024**3, 200 * 1024**2


def pango() -> Findings:
    missing = [package for library, package in PANGO_LIBRARIES.items() if not _opens(library)]
    if missing:
        yield warning(
            "Pango",
            "Parts are missing, so PDF files cannot be made; everything else works. On Debian and Ubuntu: "
            f"apt install {' '.join(missing)}",
        )
    else:
        yield ok("Pango", "All of its libraries open.")


def fonts() -> Findings:
    if finders.find(FONT) is None:
        yield warning("Fonts", f"static/{FONT} is not there; Arabic and Persian fall back on other fonts.")
    else:
        yield ok("Fonts", "Vazirmatn is there.")


def raqm() -> Findings:
    if features.check("raqm"):
        yield ok("Raqm", "Pillow shapes Arabic script.")
    else:
        yield warning(
            "Raqm", "Pillow cannot shape Arabic script in drawn covers; install its ready-made wheel."
        )


def disk() -> Findings:
    free = shutil.disk_usage(settings.DATA_DIR).free
    text = f"{free / 1024**3:.1f} GiB are free at {settings.DATA_DIR}."
    if free < NO_DISK:
        yield problem("Disk", text + " Make room now: orders cannot be written on a full disk.")
    elif free < LOW_DISK:
        yield warning("Disk", text + " Make room soon.")
    else:
        yield ok("Disk", text)


def _opens(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
