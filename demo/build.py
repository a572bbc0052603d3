"""Builds every file and picture of the demo shop into demo/built: `python -m demo.build`.

For developers: it needs Pango and poppler. What it makes is kept in the repository, so that a shop can be
tried on a machine without them. Building twice gives the same bytes.
"""

import io
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from catalog.drawing import draw_cover
from demo.build_books import sample_pdf, whole_pdf
from demo.build_epub import epub
from demo.build_packages import (
    ARQAM_BEFORE,
    checklist_pdf,
    invoice_pdf,
    invoice_templates_zip,
    mail_html,
    mail_templates_zip,
    plugin_zip,
    seat_codes_csv,
    theme_zip,
)
from demo.build_pictures import fanned_pages, html_page, logo, spread, window
from demo.manuscripts import read_book, read_books
from demo.shop import BUILT, ShopPicture, ShopProduct, shop_products
from demo.words import DIRECTIONS


def build(target: Path = BUILT) -> None:
    """Writes files/ and pictures/ below the target, and removes what is no longer made."""
    made = {f"files/{name}": content for name, content in built_files().items()}
    for product in shop_products():
        made |= {f"pictures/{name}": content for name, content in _pictures(product, made).items()}
    made["pictures/logo.png"] = logo()
    for old in target.rglob("*"):
        if old.is_file() and old.relative_to(target).as_posix() not in made:
            old.unlink()
    for name, content in made.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def built_files() -> dict[str, bytes]:
    """The files buyers get, and the samples, by their names below files/."""
    files: dict[str, bytes] = {}
    for book in read_books():
        files[f"{book.slug}.pdf"] = whole_pdf(book)
        files[f"{book.slug}.epub"] = epub(book)
        files[f"{book.slug}-sample.pdf"] = sample_pdf(book)
    files |= {f"checklist-{language}.pdf": checklist_pdf(language) for language in DIRECTIONS}
    packages: dict[str, Callable[[], bytes]] = {
        "arqam.zip": plugin_zip,
        "arqam-1.2.0.zip": lambda: plugin_zip(ARQAM_BEFORE),
        "khayma.zip": theme_zip,
        "nameh.zip": mail_templates_zip,
        "sanad.zip": invoice_templates_zip,
        "calligraphy-seats.csv": seat_codes_csv,
    }
    return files | {name: make() for name, make in packages.items()} | {"sanad-sample.pdf": invoice_pdf("en")}


def _pictures(product: ShopProduct, made: dict[str, bytes]) -> dict[str, bytes]:
    language = "ar" if product.cover_title[0] > "\u05ff" else "en"
    author = product.author["en" if product.kind != "ebook" else product.content_language]
    cover = draw_cover(product.kind, product.cover_title, author, language, product.cover_seed)
    pictures = {product.cover_path: _webp(cover, 80)}
    for picture in product.pictures:
        pictures[picture.path] = _webp(_drawn(product, picture, made), 80)
    return pictures


def _drawn(product: ShopProduct, picture: ShopPicture, made: dict[str, bytes]) -> Image.Image:
    """The one picture that the entry in the product's data asks for."""
    wish, seed = picture.drawn_from, f"{product.cover_seed}{picture.path}"
    if "spread" in wish:
        book = read_book(wish.get("spread_of", product.name))
        first, second = wish["spread"]
        pdf = made[f"files/{book.slug}.pdf"]
        return spread(pdf, (first, second), is_rtl=book.direction == "rtl", seed=seed)
    if "window" in wish:
        return window(wish["window"], seed)
    if "mails" in wish:
        return fanned_pages(
            [html_page(mail_html(*name.split(".")), "680px 640px") for name in wish["mails"]], seed
        )
    if "invoices" in wish:
        return fanned_pages([invoice_pdf(language) for language in wish["invoices"]], seed)
    if "checklists" in wish:
        return fanned_pages(
            [made[f"files/checklist-{language}.pdf"] for language in wish["checklists"]], seed
        )
    return fanned_pages([made[f"files/{slug}.pdf"] for slug in wish["firsts"]], seed)


def _webp(picture: Image.Image, quality: int) -> bytes:
    target = io.BytesIO()
    picture.save(target, "WEBP", quality=quality, method=6)
    return target.getvalue()


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else BUILT)
