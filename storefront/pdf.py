"""Documents on paper, by WeasyPrint: for tasks, since it takes a second and much memory."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from storefront.errors import StorefrontError

_FONTS = Path(settings.BASE_DIR) / "catalog" / "fonts"
_FACES = "".join(
    f'@font-face {{ font-family: Vazirmatn; src: url("packaged:{name}"); font-weight: {weight}; }}'
    for name, weight in (("Vazirmatn-Regular.ttf", "normal"), ("Vazirmatn-Bold.ttf", "bold"))
)


class PdfNotPossible(StorefrontError):
    """WeasyPrint, or a library of the machine that it opens, is missing."""


def render_pdf(html: str, style: str) -> bytes:
    """The page as a PDF, in this style (CSS). It may fetch nothing but our own fonts and pictures in itself.

    Raises PdfNotPossible where the machine lacks Pango; `manage.py doctor` says what to install.
    """
    try:
        import weasyprint  # noqa: PLC0415  it opens Pango as soon as it is imported
    except (ImportError, OSError) as error:
        raise PdfNotPossible(
            _("PDF files can't be made here: Pango is missing. The doctor says what to install.")
        ) from error
    fonts = weasyprint.text.fonts.FontConfiguration()
    fetcher = _fetcher(weasyprint)
    styles = [weasyprint.CSS(string=css, font_config=fonts, url_fetcher=fetcher) for css in (_FACES, style)]
    document = weasyprint.HTML(string=html, url_fetcher=fetcher, media_type="print")
    return bytes(document.write_pdf(stylesheets=styles, font_config=fonts))


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
