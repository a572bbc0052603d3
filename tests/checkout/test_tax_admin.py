"""Tax rates and the tax report, as staff sees them."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from checkout.models import Order, TaxRate
from storefront.spreadsheets import csv_file
from tests.checkout.test_queries import at_most
from tests.factories import make_product, make_rate, make_shop, make_user, paid_order

pytestmark = pytest.mark.django_db
RATES = "/admin/checkout/taxrate/"
JORDAN = {
    "country": "JO",
    "tax_class": "standard",
    "rate_bps": "16",
    "valid_from_0": "2026-01-01",
    "valid_from_1": "00:00:00",
    "label_ar": "الضريبة العامة",
}


def add(client: Client, prefix: str = "", **data: str) -> Any:
    return client.post(f"{prefix}{RATES}add/", JORDAN | data)


@pytest.mark.parametrize(
    ("typed", "bps"), [("16", 1600), ("٧٫٥ ٪", 750), ("۱۹", 1900), ("0", 0), ("100%", 10_000)]
)
def test_a_rate_is_written_as_people_write_it(staff: Client, typed: str, bps: int) -> None:
    assert add(staff, rate_bps=typed).status_code == 302

    rate = TaxRate.objects.get()
    assert (rate.rate_bps, rate.label_ar) == (bps, "الضريبة العامة")  # type: ignore[attr-defined]
    assert rate.valid_from == datetime(2026, 1, 1, tzinfo=UTC)
    assert f'value="{bps / 100:g}"' in staff.get(f"{RATES}{rate.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rate_bps": "101"}, "Write a share of a hundred"),
        ({"rate_bps": "-1"}, "Write a share of a hundred"),
        ({"rate_bps": "7.555"}, "Write a share of a hundred"),
        ({"rate_bps": "\x00"}, "Null characters"),
        ({"rate_bps": ""}, "This field is required"),
        ({"country": "XX"}, "Select a valid choice"),
        ({"valid_until_0": "2025-12-31", "valid_until_1": "00:00"}, "It would end before it begins."),
    ],
)
def test_what_makes_no_sense_is_refused(staff: Client, wrong: dict[str, str], said: str) -> None:
    page = add(staff, **wrong)

    assert page.status_code == 200
    assert said in page.content.decode()
    assert not TaxRate.objects.exists()


def test_two_rates_never_hold_at_once(staff: Client) -> None:
    add(staff, valid_until_0="2026-06-01", valid_until_1="00:00")
    cutting = add(staff, valid_from_0="2026-03-01")
    around = add(staff, valid_from_0="2025-03-01", valid_until_0="2026-02-01", valid_until_1="00:00")
    same = add(staff)
    assert "Another rate of this country holds at that time." in cutting.content.decode()
    assert "Another rate of this country holds at that time." in around.content.decode()
    assert "A rate begins at this moment already." in same.content.decode()

    assert add(staff, valid_from_0="2026-06-01").status_code == 302
    assert add(staff, region="Aqaba").status_code == 302
    assert TaxRate.objects.count() == 3


def test_the_list_says_which_hold_and_that_none_does_anything_yet(staff: Client) -> None:
    for number, fields in enumerate([{}, {"country": "DE"}, {"country": "AE"}]):
        add(staff, **fields, valid_from_0=f"201{number}-01-01")
    add(staff, valid_from_0="2025-01-01")
    add(staff, valid_from_0="2999-01-01")

    with at_most(10):
        page = staff.get(RATES).content.decode()

    assert "The shop charges no tax, so that these rates do nothing." in page
    assert [page.count(f" {word}</span>") for word in ("Holds", "Over", "To come")] == [3, 1, 1]
    make_shop(charges_tax=True)
    assert "The shop charges no tax" not in staff.get(RATES).content.decode()


@pytest.fixture
def november(db: None) -> Order:
    """An order of November 2026: 100.00 with 19 % in it, of a region that would like to be a formula."""
    make_shop(charges_tax=True, country="JO")
    make_rate("DE", 1900, region="=1+1")
    order = paid_order(make_product(10_000, kind="plugin"), country="DE", region="=1+1")
    Order.objects.filter(pk=order.pk).update(paid_at=datetime(2026, 11, 3, 12, tzinfo=UTC))
    return order


NOVEMBER = "?first=2026-11-01&last=2026-11-30"


@pytest.mark.parametrize(("prefix", "tax"), [("", "$15.97"), ("/ar", "15.97\xa0$"), ("/fa", "۱۵٫۹۷\xa0$")])
def test_the_report_shows_what_was_taken(staff: Client, november: Order, prefix: str, tax: str) -> None:
    page = staff.get(f"{prefix}{RATES}report/{NOVEMBER}").content.decode()

    assert page.count(tax) == 4  # on the row and in the total, as taken and as left
    assert {"": "Germany", "/ar": "ألمانيا", "/fa": "آلمان"}[prefix] in page


def test_an_empty_period_says_so_and_a_broken_one_what_is_wrong(staff: Client, november: Order) -> None:
    assert (
        "Nothing was sold" in staff.get(f"{RATES}report/?first=2025-01-01&last=2025-01-31").content.decode()
    )
    for wrong in ("?first=x&last=", "?first=2026-11-30&last=2026-11-01", "?first=0001-01-01&last=9999-12-31"):
        page = staff.get(f"{RATES}report/{wrong}")
        assert page.status_code == 200
        assert "errorlist" in page.content.decode()
        assert staff.get(f"{RATES}report/summary.csv{wrong}").status_code == 404
    assert staff.get(f"{RATES}report/secrets.csv{NOVEMBER}").status_code == 404


def rows_of(response: Any) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_files_hold_the_same_figures_and_no_formula(staff: Client, november: Order) -> None:
    summary = staff.get(f"{RATES}report/summary.csv{NOVEMBER}")
    details = staff.get(f"/ar{RATES}report/details.csv{NOVEMBER}")

    assert summary["Content-Disposition"] == 'attachment; filename="tax-summary-2026-11-01-2026-11-30.csv"'
    assert "no-store" in summary["Cache-Control"]
    assert rows_of(summary)[1] == [
        *("2026-11-01", "2026-11-30", "DE", "Germany", "'=1+1", "Taxed", "19", "USD"),
        *("84.03", "15.97", "0.00", "0.00", "84.03", "15.97"),
    ]
    head, line = rows_of(details)
    assert head[:3] == ["الوقت", "الطلب", "النوع"]
    assert line == [
        *("2026-11-03 12:00:00+00:00", november.number, "بيع", "DE", "ألمانيا", "'=1+1", "خاضع للضريبة"),
        *("19", "USD", "84.03", "15.97", "100.00"),
    ]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_a_text_is_no_formula(cell: str) -> None:
    lines = b"".join(csv_file("x.csv", ["a"], [[cell, -5]]).streaming_content).decode()  # type: ignore[arg-type]

    assert list(csv.reader(io.StringIO(lines)))[1] == [f"'{cell}", "-5"]


@pytest.mark.parametrize("rights", [[], ["view_taxrate"], ["view_order"]])
def test_the_report_wants_both_rights(client: Client, november: Order, rights: list[str]) -> None:
    somebody = make_user("clerk@example.com", is_staff=True)
    somebody.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(somebody)

    for page in ("report/", "report/summary.csv", "report/details.csv"):
        assert client.get(f"{RATES}{page}{NOVEMBER}").status_code == 403


def test_the_page_of_an_order_tells_its_tax_and_where_the_buyer_is(staff: Client) -> None:
    make_shop(charges_tax=True, country="JO")
    make_rate("DE", 1900)
    order = paid_order(country="DE", vat_id="DE136695976", company="Rot GmbH", network_country="FR")

    page = staff.get(f"/admin/checkout/order/{order.pk}/change/").content.decode()

    for said in ("Reverse charge", "Rot GmbH", "DE136695976", "Country of the network address", "France"):
        assert said in page
    assert "What tells the buyer" in page
    assert order.number in staff.get("/admin/checkout/order/?place=differs").content.decode()
    assert "0 orders" in staff.get("/admin/checkout/order/?place=differs&status=expired").content.decode()
