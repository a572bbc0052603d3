"""Who the demo shop is, and what taxes it takes: a small house in Dubai that sells to the world."""

from datetime import UTC, datetime

from django.core.files import File

from checkout.models import TaxRate
from demo.shop import BUILT
from storefront.logo import store_logo
from storefront.models import Shop
from storefront.models.shop import Calendar
from storefront.shop import new_shop, save_shop

NAMES = {"en": "Dukkan", "ar": "دكّان", "fa": "دکان"}
ADDRESS = "Office 12, Al Fahidi Street\nDubai"
# By country: everything else and, where they have a rate of their own, e-books; in basis points.
RATES = {
    "AE": (500, None),
    "BH": (1000, None),
    "EG": (1400, None),
    "JO": (1600, None),
    "OM": (500, None),
    "SA": (1500, None),
    "DE": (1900, 700),
    "FR": (2000, 550),
    "GB": (2000, 0),
    "TR": (2000, None),
}
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def load_house() -> None:
    """Say who the shop is and load its tax rates, unless somebody has said so already.

    Prices contain the tax, so that everybody pays what is shown.
    """
    if Shop.objects.exists():
        return
    with (BUILT / "pictures" / "logo.png").open("rb") as picture:
        logo = store_logo(File(picture))
    row = new_shop()
    for language, name in NAMES.items():
        setattr(row, f"name_{language}", name)
    row.legal_name, row.address, row.country = "Dukkan Books FZ-LLC", ADDRESS, "AE"
    row.email, row.vat_id, row.registration_number = "shop@example.com", "100123456700003", "DED 1042"
    row.logo, row.logo_width, row.logo_height = logo.path, logo.width, logo.height
    row.charges_tax = row.prices_include_tax = True
    row.calendar_ar = Calendar.HIJRI  # so that the three languages show three calendars
    save_shop(row)
    for country, (standard, ebook) in RATES.items():
        _load_rate(country, standard, "standard")
        if ebook is not None:
            _load_rate(country, ebook, "ebook")


def _load_rate(country: str, rate_bps: int, tax_class: str) -> None:
    TaxRate.objects.create(country=country, rate_bps=rate_bps, tax_class=tax_class, valid_from=BEGAN)
