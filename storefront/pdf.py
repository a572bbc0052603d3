"""Documents on paper, by WeasyPrint: for tasks, since it takes a second and much memory."""

import os
import threading
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from storefront.errors import StorefrontError

_FONTS = Path(settings.BASE_DIR) / "catalog" / "fonts"
# All figures have one width. Asked for here: where a style asks, each piece of text costs memory for good.
_FACES = "".join(
    f'@font-face {{ font-family: Vazirmatn; src: url("packaged:{name}"); font-weight: {weight}; '
    'font-feature-settings: "tnum"; }'
    for name, weight in (("Vazirmatn-Regular.ttf", "normal"), ("Vazirmatn-Bold.ttf", "bold"))
)


class PdfNotPossible(StorefrontError):
    """WeasyPrint, or a library of the machine that it opens, is missing."""


def render_pdf(html: str, style: str, **options: Any) -> bytes:
    """The page as a PDF, in this style (CSS). It may fetch nothing but our own fonts and pictures in itself.

    `options` are WeasyPrint's, such as pdf_variant. The same page is the same bytes, if it has a date of its
    own and a pdf_identifier. Raises PdfNotPossible where the machine lacks Pango; the doctor says what to do.
    """
    try:
        import weasyprint  # noqa: PLC0415  it opens Pango as soon as it is imported
    except (ImportError, OSError) as error:
        raise PdfNotPossible(
            _("PDF files can't be made here: Pango is missing. The doctor says what to install.")
        ) from error
    return _press(os.getpid(), weasyprint).print(html, style, options)


class _Press:
    """What a process keeps between documents: fonts that are loaded anew each time take memory for good."""

    def __init__(self, weasyprint: Any) -> None:
        self._weasyprint = weasyprint
        self._lock = threading.Lock()
        self._fetcher = _fetcher(weasyprint)
        self._fonts = weasyprint.text.fonts.FontConfiguration()
        self._styles: dict[str, Any] = {}

    def print(self, html: str, style: str, options: dict[str, Any]) -> bytes:
        with self._lock:  # Pango's fonts are for one thread at a time
            styles = [self._style(css) for css in (_FACES, style)]
            document = self._weasyprint.HTML(string=html, url_fetcher=self._fetcher, media_type="print")
            return bytes(document.write_pdf(stylesheets=styles, font_config=self._fonts, **options))

    def _style(self, css: str) -> Any:
        if css not in self._styles:
            kept = {"font_config": self._fonts, "url_fetcher": self._fetcher}
            self._styles[css] = self._weasyprint.CSS(string=css, **kept)
        return self._styles[css]


@cache
def _press(_pid: int, weasyprint: Any) -> _Press:
    """One for each process: a child may not use what its parent has open."""
    return _Press(weasyprint)


def _fetcher(weasyprint: Any) -> Any:
    """Gives out packaged fonts and PNGs of the page itself. All other addresses, of the web or of this
    machine, are refused.
    """

    class Packaged(weasyprint.urls.URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith("data:image/png;base64,"):
                return super().fetch(url, headers)
            name = url.removeprefix("packaged:")
            if url == name or name not in {path.name for path in _FONTS.glob("*.ttf")}:
                raise ValueError(f"A document may not fetch {url}.")
            font = (_FONTS / name).read_bytes()
            return weasyprint.urls.URLFetcherResponse(url, font, {"Content-Type": "font/ttf"})

    return Packaged()
