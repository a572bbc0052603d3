"""The page where staff says what the shop is."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import User
from invoicing.models import Series
from storefront.logo import logo_data
from storefront.mail import send_templated
from storefront.models import Shop
from storefront.money import DECIMALS
from storefront.shop import shop
from tests.factories import make_product, make_shop, make_user

pytestmark = pytest.mark.django_db
PAGE = "/admin/storefront/shop/"
TYPED: dict[str, Any] = {
    "name_en": "Papyrus",
    "name_ar": "بردي",
    "country": "JO",
    "email": "hello@papyrus.example",
    "currency": "USD",
    "currencies": sorted(DECIMALS),
    "languages": ["en", "ar"],
    "charges_tax": "on",
    "prices_include_tax": "on",
    "refund_window_days": "14",
    "invoice_prefix": "P-",
    "credit_note_prefix": "PC-",
    "arabic_numerals": "latin",
    "calendar_en": "gregorian",
    "calendar_ar": "hijri",
    "calendar_fa": "jalali",
}


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("staff@example.com", "x"))
    return client


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def save(client: Client, **data: Any) -> Any:
    address = client.get(PAGE)["Location"]
    return client.post(address, TYPED | data)


def picture(mode: str = "RGBA", size: tuple[int, int] = (1300, 200), kind: str = "PNG") -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new(mode, size, 40 if mode == "L" else (200, 10, 10, 128)[: len(mode)]).save(content, kind)
    return SimpleUploadedFile(f"logo.{kind.lower()}", content.getvalue())


def test_the_page_begins_with_what_the_environment_says(staff: Client, settings: Any) -> None:
    settings.SITE_NAME = "Env shop"

    page = staff.get(PAGE, follow=True).content.decode()

    assert page.count('value="Env shop"') == 3
    assert not Shop.objects.exists()


def test_what_is_saved_is_what_the_shop_is(staff: Client) -> None:
    assert save(staff)["Location"] == f"{PAGE}1/change/"
    save(staff, refund_window_days="7")

    assert Shop.objects.count() == 1
    assert (shop().names, shop().refund_window_days) == ({"en": "Papyrus", "ar": "بردي"}, 7)
    assert (shop().currencies, shop().languages, shop().charges_tax) == ((), ("en", "ar"), True)
    assert staff.get(PAGE)["Location"] == f"{PAGE}1/change/"
    assert 'value="Papyrus"' in staff.get(f"{PAGE}1/change/").content.decode()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name_en": "", "name_ar": ""}, "Write this in at least one language."),
        ({"country": ""}, "Whoever charges tax says from which country they sell."),
        ({"country": "DE", "vat_id": "DE136695978"}, "A digit of this VAT id is wrong"),
        ({"brand_colour": "teal"}, "Write a colour such as #0f5c5c."),
        ({"brand_colour": "#fff"}, "Write a colour such as #0f5c5c."),
        ({"accent_colour": "#0f5c5c;}"}, "Write a colour such as #0f5c5c."),
        ({"languages": []}, "Offer at least one language."),
        ({"languages": ["de"]}, "Select a valid choice"),
        ({"currency": "XXX"}, "Select a valid choice"),
        ({"currencies": ["XXX"]}, "Select a valid choice"),
        ({"refund_window_days": "-1"}, "greater than or equal to 0"),
        ({"refund_window_days": "99999"}, "less than or equal to"),
        ({"invoice_prefix": "=1+"}, "Letters A to Z, digits and dashes."),
        ({"invoice_prefix": "A/"}, "Letters A to Z, digits and dashes."),
        ({"country": "SA", "vat_id": "", "legal_name": "ش" * 128}, "takes 255 bytes, and this name has 256"),
        ({"credit_note_prefix": "P-"}, "Invoices begin with this already."),
        ({"name_en": "x" * 81}, "at most 80 characters"),
        ({"email": "nobody"}, "valid email address"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_saved(
    staff: Client, wrong: dict[str, Any], said: str
) -> None:
    page = save(staff, **wrong)

    assert page.status_code == 200
    assert said in page.content.decode()
    assert not Shop.objects.exists()


@pytest.mark.parametrize(
    ("kind", "field", "said"),
    [
        ("invoice", "credit_note_prefix", "Invoices began with this before."),
        ("credit_note", "invoice_prefix", "Credit notes began with this before."),
    ],
)
def test_numbers_never_begin_as_those_of_the_other_kind_did(
    staff: Client, kind: str, field: str, said: str
) -> None:
    """A number is given once: the next document would have none."""
    Series.objects.create(kind=kind, prefix="OLD-", year=2026, last_number=1)

    page = save(staff, **{field: "OLD-"})

    assert said in page.content.decode()
    assert not Shop.objects.exists()


def test_another_currency_warns_of_what_has_no_price_in_it(staff: Client) -> None:
    make_product(1200)

    page = staff.post(f"{PAGE}add/", TYPED | {"currency": "EUR", "currencies": ["EUR", "USD"]}, follow=True)

    assert "1 variant has no price in EUR, so that nobody can buy it." in page.content.decode()
    assert (shop().currency, shop().currencies) == ("EUR", ("EUR", "USD"))


def test_the_preview_follows_what_is_typed_and_saves_nothing(staff: Client) -> None:
    typed = TYPED | {
        "brand_colour": "ffd400",
        "arabic_numerals": "arabic",
        "country": "",
        "languages": ["ar", "fa"],
    }

    page = staff.post(f"{PAGE}preview/", typed).content.decode()

    assert "Papyrus" in page
    assert 'data-brand="#7d6800 #ffd400"' in page
    assert "is shown as" in page
    assert "14 days to change your mind" in page
    assert re.search(r'lang="ar" dir="rtl"><span>[٠-٩]+ [^<]+هـ</span> <b>.*١٬٢٣٤٫٥٠', page)
    assert 'lang="en"' not in page
    assert not Shop.objects.exists()
    assert shop().name == "Dukkan"


def test_the_preview_bears_anything(staff: Client) -> None:
    for broken in (
        {},
        {"currency": "XXX", "languages": "", "calendar_ar": "moon"},
        {"name_en": "<script>\x00"},
    ):
        page = staff.post(f"{PAGE}preview/", broken)
        assert page.status_code == 200
        assert b"<script>" not in page.content
    assert staff.get(f"{PAGE}preview/").status_code == 405


def test_only_who_may_change_it_does(client: Client) -> None:
    clerk = make_user("clerk@example.com", is_staff=True)
    client.force_login(clerk)
    assert client.post(f"{PAGE}add/", TYPED).status_code == 403
    assert client.post(f"{PAGE}preview/", TYPED).status_code == 403

    clerk.user_permissions.add(Permission.objects.get(codename="change_shop"))
    assert client.post(f"{PAGE}add/", TYPED).status_code == 302
    assert client.post(f"{PAGE}1/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{PAGE}add/").status_code == 403


# --- The logo -------------------------------------------------------------------------------------


def test_a_logo_is_written_anew_and_shown_everywhere(staff: Client, media: Path) -> None:
    save(staff, logo_upload=picture())

    row = Shop.objects.get()
    assert re.fullmatch(r"logo/[0-9a-f]{32}\.png", row.logo)
    stored = Image.open(media / row.logo)
    assert (stored.format, stored.mode, stored.size) == ("PNG", "RGBA", (640, 98))
    assert (row.logo_width, row.logo_height, stored.info) == (640, 98, {})
    served = Client().get(f"/media/{row.logo}")
    assert served["Content-Type"] == "image/png"
    assert b"".join(served.streaming_content) == (media / row.logo).read_bytes()  # type: ignore[attr-defined]
    assert (
        f'<img src="/media/{row.logo}" width="640" height="98" alt="بردي">'
        in Client().get("/ar/").content.decode()
    )
    note = {"title": "", "words": "", "details": "", "path": "/"}
    mail = send_templated("staff_note", to="a@example.com", context=note, language="en", cause="test")
    assert f'src="http://localhost:8000/media/{row.logo}"' in mail.html
    assert logo_data(row.logo).startswith("data:image/png;base64,iVBOR")

    save(staff, remove_logo="on")
    assert Shop.objects.get().logo == ""
    assert Client().get("/media/logo/" + "0" * 32 + ".png").status_code == 404
    assert logo_data("") == logo_data("logo/gone.png") == ""


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "JPEG"), ("L", "PNG"), ("RGBA", "WEBP"), ("RGB", "GIF")])
def test_any_picture_makes_a_logo(staff: Client, media: Path, mode: str, kind: str) -> None:
    save(staff, logo_upload=picture(mode, (50, 400), kind))

    assert Image.open(media / Shop.objects.get().logo).size == (20, 160)


@pytest.mark.parametrize("content", [b"", b"<svg onload='alert(1)'/>", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_picture_is_refused(staff: Client, media: Path, content: bytes) -> None:
    page = save(staff, logo_upload=SimpleUploadedFile("logo.png", content))

    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
    assert not Shop.objects.exists()
    assert list(media.rglob("*.png")) == []


# --- What is offered ------------------------------------------------------------------------------


def test_a_language_that_is_not_offered_leads_to_the_first_that_is(client: Client) -> None:
    product = make_product()
    make_shop(languages=["ar", "fa"])

    for address in ("/", "/products/?q=book", product.get_absolute_url()):
        leads_to = client.get(address)
        assert (leads_to.status_code, leads_to["Location"]) == (302, f"/ar{address}")
        assert leads_to["Cache-Control"].startswith("public")
    page = client.get("/ar/").content.decode()
    assert 'hreflang="fa"' in page
    assert 'hreflang="en"' not in page
    assert client.get("/cart/").status_code == 200  # links that were mailed go on to work
    sitemap = client.get("/sitemap-products.xml").content.decode()
    assert f"/fa{product.get_absolute_url()}" in sitemap
    assert f"<loc>http://localhost:8000{product.get_absolute_url()}" not in sitemap


def test_colours_come_by_a_style_sheet_of_their_own(client: Client, staff: Client) -> None:
    assert "brand-" not in client.get("/").content.decode()
    make_shop(brand_colour="#ffd400")

    page = Client().get("/")
    assert '<link rel="stylesheet" href="/brand-ffd400-ours.css">' in page.content.decode()
    assert 'name="theme-color" content="#836d00"' in page.content.decode()
    assert "/brand-ffd400-ours.css" in staff.get("/admin/").content.decode()


@pytest.mark.parametrize("language", ["ar", "fa"])
def test_the_page_speaks_the_language_of_staff(staff: Client, language: str) -> None:
    page = staff.get(f"/{language}{PAGE}", follow=True).content.decode()

    assert {"ar": "إعدادات المتجر", "fa": "تنظیمات فروشگاه"}[language] in page
    assert "Refunds" not in page
