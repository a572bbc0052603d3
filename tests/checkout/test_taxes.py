"""How a sale is taxed: by the buyer's country, from a moment on, and never by the seller's guess."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from catalog.models import Product
from checkout.errors import PriceChanged
from checkout.models import Order, TaxRate, TaxTreatment
from checkout.placing import place_order
from checkout.pricing import NO_TAX, Tax
from checkout.quoting import Quote, quote_cart
from checkout.taxes import Taxation, taxes_for
from tests.factories import make_buyer, make_cart, make_product, make_rate, make_shop

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MIDNIGHT = datetime(2027, 1, 1, tzinfo=UTC)
TREATMENT = TaxTreatment


def taxed(product: Product | None = None, at: datetime | None = None, **buyer: Any) -> Taxation:
    cart = make_cart(product or make_product(10_000, kind="plugin"))
    return taxes_for(cart.lines, make_buyer(**buyer), at or timezone.now())


def quoted(*products: Product, **buyer: Any) -> Quote:
    return quote_cart(make_cart(*products), make_buyer(**buyer))


def sums(quote: Quote) -> tuple[int, int, int]:
    return quote.totals.net, quote.totals.tax, quote.total


def test_a_shop_that_charges_none_asks_nothing() -> None:
    make_rate("JO", 1600)
    cart, buyer = make_cart(), make_buyer()
    assert cart.lines

    with CaptureQueriesContext(connection) as asked:
        found = taxes_for(cart.lines, buyer, timezone.now())

    assert (found.treatment, found.taxes, len(asked)) == (TREATMENT.EXEMPT, (NO_TAX,), 0)


def test_one_query_for_any_number_of_lines_and_rates() -> None:
    make_shop(charges_tax=True)
    for region in ("", "North", "South"):
        make_rate("JO", 1600, region=region)
    cart = make_cart(*[make_product() for _each in range(5)])
    assert cart.lines

    with CaptureQueriesContext(connection) as asked:
        taxes_for(cart.lines, make_buyer(country="JO"), timezone.now())

    assert len(asked) == 1


def test_the_country_of_the_buyer_counts() -> None:
    make_shop(charges_tax=True, prices_include_tax=False, country="JO")
    make_rate("JO", 1600)
    make_rate("DE", 1900, label_en="USt.")

    assert taxed(country="JO").taxes == (Tax(1600, label="VAT"),)
    assert taxed(country="DE").taxes == (Tax(1900, label="USt."),)
    nowhere, unknown = taxed(country="US"), taxed(country="")
    assert (nowhere.treatment, nowhere.country, nowhere.taxes) == (TREATMENT.OUTSIDE, "US", (NO_TAX,))
    assert unknown.taxes == (NO_TAX,)


def test_the_name_of_a_tax_is_in_the_readers_language() -> None:
    make_shop(charges_tax=True)
    make_rate("JO", 1600)
    make_rate("DE", 1900, label_en="German VAT", label_ar="الضريبة الألمانية")

    with translation.override("ar"):
        labels = [taxed(country=country).taxes[0].label for country in ("JO", "DE")]

    assert labels == ["ضريبة القيمة المضافة", "الضريبة الألمانية"]


@pytest.mark.parametrize(
    ("kind", "own", "country", "bps"),
    [
        ("ebook", "", "DE", 700),
        ("plugin", "", "DE", 1900),
        ("ebook", "standard", "DE", 1900),
        ("plugin", "ebook", "DE", 700),
        ("ebook", "", "JO", 1600),  # no rate of its own there
        ("ebook", "exempt", "DE", None),
    ],
)
def test_what_it_is_decides_the_rate(kind: str, own: str, country: str, bps: int | None) -> None:
    make_shop(charges_tax=True)
    make_rate("DE", 1900)
    make_rate("DE", 700, tax_class="ebook")
    make_rate("JO", 1600)

    found = taxed(make_product(kind=kind, tax_class=own), country=country)

    assert found.taxes == (NO_TAX if bps is None else Tax(bps, is_included=True, label="VAT"),)
    assert found.treatment == (TREATMENT.EXEMPT if bps is None else TREATMENT.STANDARD)


def test_a_region_has_its_own_rates_and_else_its_countrys() -> None:
    make_shop(charges_tax=True)
    make_rate("ES", 2100)
    make_rate("ES", 400, tax_class="ebook")
    make_rate("ES", 700, region="Canary Islands")
    book = make_product(kind="ebook")

    found = {region: taxed(book, country="ES", region=region) for region in ("", "Canary Islands", "Nowhere")}

    assert {name: each.taxes[0].rate_bps for name, each in found.items()} == {
        "": 400,
        "Canary Islands": 700,
        "Nowhere": 400,
    }
    assert {name: each.region for name, each in found.items()}["Nowhere"] == ""
    assert found[""].regions == ("Canary Islands",)


def test_a_rate_changes_at_its_moment_and_ends_the_one_before() -> None:
    make_shop(charges_tax=True)
    make_rate("JO", 1600, valid_from=LONG_AGO)
    make_rate("JO", 1800, valid_from=MIDNIGHT)
    make_rate("DE", 1900, valid_from=LONG_AGO, valid_until=MIDNIGHT)
    second = timedelta(seconds=1)

    def bps(country: str, at: datetime) -> int:
        return taxed(country=country, at=at).taxes[0].rate_bps

    assert [bps("JO", MIDNIGHT - second), bps("JO", MIDNIGHT), bps("JO", MIDNIGHT + second)] == [
        1600,
        1800,
        1800,
    ]
    assert [bps("DE", MIDNIGHT - second), bps("DE", MIDNIGHT)] == [1900, 0]
    assert bps("JO", LONG_AGO - second) == 0


def test_rates_never_begin_twice() -> None:
    make_rate("JO", 1600, valid_from=MIDNIGHT)

    for wrong in (
        {"rate_bps": 5},
        {"valid_from": LONG_AGO, "valid_until": LONG_AGO},
        {"rate_bps": 10_001, "region": "x"},
    ):
        fields = {"country": "JO", "rate_bps": 1600, "valid_from": MIDNIGHT, **wrong}
        with pytest.raises(IntegrityError), transaction.atomic():
            TaxRate.objects.create(**fields)
    assert TaxRate.objects.count() == 1


# --- Sums -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("is_included", "country", "expected"),
    [
        (True, "DE", (8403, 1597, 10_000)),
        (False, "DE", (10_000, 1900, 11_900)),
        (True, "US", (10_000, 0, 10_000)),
        (False, "US", (10_000, 0, 10_000)),
    ],
)
def test_prices_contain_the_tax_or_not(
    is_included: bool, country: str, expected: tuple[int, int, int]
) -> None:
    make_shop(charges_tax=True, prices_include_tax=is_included)
    make_rate("DE", 1900)

    assert sums(quoted(make_product(10_000), country=country)) == expected


@pytest.mark.parametrize(
    ("seller", "vat_id", "is_included", "expected"),
    [
        ("JO", "DE136695976", True, (8403, 0, 8403)),
        ("JO", "DE136695976", False, (10_000, 0, 10_000)),
        ("DE", "DE136695976", True, (8403, 1597, 10_000)),  # one's own country is no abroad
        ("", "DE136695976", True, (8403, 1597, 10_000)),  # nobody knows where the seller is
        ("JO", "DE136695978", True, (8403, 1597, 10_000)),
        ("JO", "FR40303265045", True, (8403, 1597, 10_000)),
        ("JO", "", True, (8403, 1597, 10_000)),
    ],
)
def test_a_company_abroad_with_a_checked_id_accounts_for_the_tax_itself(
    seller: str, vat_id: str, is_included: bool, expected: tuple[int, int, int]
) -> None:
    make_shop(charges_tax=True, prices_include_tax=is_included, country=seller)
    make_rate("DE", 1900)

    quote = quoted(make_product(10_000), country="DE", vat_id=vat_id)

    assert sums(quote) == expected
    assert (quote.taxation.treatment == TREATMENT.REVERSE_CHARGE) == (expected[1] == 0)
    assert quote.totals.not_charged == (1597 if expected[2] == 8403 else 0)


def test_an_id_whose_form_nobody_knows_proves_nothing() -> None:
    make_shop(charges_tax=True, country="AE")
    make_rate("JO", 1600)

    assert quoted(make_product(11_600), country="JO", vat_id="411212345").totals.tax == 1600


# --- The order keeps it ---------------------------------------------------------------------------


def test_an_order_keeps_how_it_was_taxed() -> None:
    make_shop(charges_tax=True, prices_include_tax=False, country="AE")
    make_rate("ES", 2100)
    make_rate("ES", 700, region="Canary Islands")
    cart = make_cart(make_product(1000, kind="plugin"), make_product(333, tax_class="exempt"))

    order = place_order(cart, make_buyer(country="ES", region="Canary Islands", company="Mojo S.L."))
    TaxRate.objects.all().delete()

    order = Order.objects.get(pk=order.pk)
    assert (order.total, order.tax_country, order.tax_region, order.company) == (
        *(1403, "ES", "Canary Islands"),
        "Mojo S.L.",
    )
    assert order.tax_treatment == TREATMENT.STANDARD
    lines = [
        (line.net_amount, line.tax_amount, line.tax_rate_bps, line.tax_label) for line in order.lines.all()
    ]
    assert lines == [(1000, 70, 700, "VAT"), (333, 0, 0, "")]


def test_a_rate_that_changes_while_somebody_pays_is_told_before_they_do() -> None:
    make_shop(charges_tax=True, prices_include_tax=False)
    make_rate("JO", 1600, valid_from=LONG_AGO)
    cart, buyer = make_cart(make_product(1000)), make_buyer(country="JO")
    shown = quote_cart(cart, buyer).total
    make_rate("JO", 1800, valid_from=timezone.now())

    with pytest.raises(PriceChanged):
        place_order(cart, buyer, shown_total=shown)

    assert not Order.objects.exists()
    assert place_order(cart, buyer, shown_total=1180).total == 1180


def test_the_same_cart_for_another_company_is_another_order() -> None:
    make_shop(charges_tax=True, country="DE")
    make_rate("DE", 1900)
    cart = make_cart()

    first = place_order(cart, make_buyer(country="DE"))
    again = place_order(cart, make_buyer(country="DE"))
    company = place_order(cart, make_buyer(country="DE", vat_id="DE136695976", company="Rot GmbH"))

    assert first == again != company
    assert (company.vat_id, company.total) == ("DE136695976", first.total)


def test_three_decimals_are_taxed_in_steps(settings: Any) -> None:
    settings.CURRENCY = "JOD"
    make_shop(charges_tax=True, prices_include_tax=False)
    make_rate("JO", 1600)

    assert sums(quoted(make_product(1230), country="JO")) == (1230, 200, 1430)
