"""What affiliates and staff see: figures that cost the same however many there are, and no buyer."""

import csv
from datetime import UTC, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from affiliates import proving
from affiliates.ledger import adjust, close
from affiliates.models import (
    Affiliate,
    Click,
    LedgerEntry,
    Payout,
    PayoutBatch,
    Program,
    Rate,
    Referral,
    Tally,
)
from affiliates.payouts import make_batches, mark_batch_paid
from affiliates.proving import breaches, prove_and_tell
from affiliates.reports import report_of, with_fresh_clicks
from affiliates.statements import print_statement
from catalog.models import Category
from storefront.models import OutgoingMail
from tests.checkout.test_queries import at_most
from tests.emptying import triggers_off
from tests.factories import make_affiliate, make_product, make_user, referred_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lost_webhooks")]


@pytest.fixture
def affiliate() -> Affiliate:
    return make_affiliate("amal")


@pytest.fixture
def client(affiliate: Affiliate) -> Client:
    client = Client()
    client.force_login(affiliate.user)
    return client


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_user("staff@example.com", is_staff=True, is_superuser=True))
    return client


def with_history(affiliate: Affiliate, orders: int) -> None:
    product = make_product(1000, refund_days=0, title_en="A book")
    for number in range(orders):
        referred_order(affiliate, product, email=f"secret{number}@example.com")
    days = [timezone.localdate() - timedelta(days=number % 29) for number in range(orders)]
    Click.objects.bulk_create(
        Click(affiliate=affiliate, day=day, visitor=str(number), path=f"/products/{number % 5}/")
        for number, day in enumerate(days)
    )


@pytest.mark.parametrize("orders", [1, 12])
def test_pages_ask_few_queries_and_tell_no_buyer(client: Client, affiliate: Affiliate, orders: int) -> None:
    with_history(affiliate, orders)
    adjust(affiliate, -100, "USD", reason="A mistake", by=make_user(), key="1")
    pages = {"": 9, "ledger/": 8, "payouts/": 8, "creatives/": 6, "profile/": 6}

    for path, most in pages.items():
        with at_most(most):
            page = client.get(f"/affiliates/{path}")
        assert page.status_code == 200
        assert "no-store" in page["Cache-Control"]
        told = page.content.decode()
        assert "secret" not in told
        assert "D-1" not in told
    overview = client.get("/affiliates/?period=90").content.decode()
    assert "A mistake" in overview
    assert "Commission for" in overview or orders > 7


@pytest.mark.parametrize("period", ["", "90", "365", "1e9", "-1", "x" * 500])
def test_any_period_in_the_address_gives_a_page(client: Client, period: str) -> None:
    assert client.get("/affiliates/", {"period": period}).status_code == 200
    for before in ("", "0", "-1", "9" * 30, "x"):
        assert client.get("/affiliates/ledger/", {"before": before}).status_code == 200


def test_figures_are_what_happened(affiliate: Affiliate) -> None:
    with_history(affiliate, 3)

    affiliate = with_fresh_clicks(Affiliate.objects.filter(pk=affiliate.pk)).get()

    report = report_of(affiliate, "30")

    assert (report.total.clicks, report.total.orders, dict(report.total.earned)) == (3, 3, {"USD": 600})
    assert report.total.conversion_bps == 10_000
    assert (len(report.spans), report.spans[-1].figures.orders) == (30, 3)
    assert [(title, figures.orders) for title, figures in report.facets["product"]] == [("A book", 3)]
    assert [value for value, _figures in report.facets["link"]] == ["/products/book/"]
    assert sum(span.figures.orders for span in report_of(affiliate, "365").spans) == 3


def test_the_ledger_as_a_file_has_every_line_with_its_reason(client: Client, affiliate: Affiliate) -> None:
    with_history(affiliate, 2)
    adjust(affiliate, -100, "USD", reason='=HYPERLINK("x")', by=make_user(), key="1")

    text = b"".join(client.get("/fa/affiliates/ledger.csv")).decode()

    rows = list(csv.reader(StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == 4
    assert [row[2] for row in rows[1:]] == ["2.00", "2.00", "-1.00"]
    assert not any(
        cell.lstrip("'\u2066\u2067").startswith("=") and cell[0] != "'" for row in rows for cell in row
    )
    assert "secret" not in text


def test_pages_of_others_are_closed(client: Client, affiliate: Affiliate) -> None:
    other = make_affiliate("other")
    adjust(other, 500, "USD", reason="A gift", by=make_user(), key="1")
    (batch,) = make_batches({(other.pk, "USD"): 500}, by=make_user())
    mark_batch_paid(batch, reference="TX", by=make_user())
    payout = Payout.objects.get()

    assert client.get(f"/affiliates/payouts/{payout.pk}/statements/en.pdf").status_code == 404
    assert client.post(f"/affiliates/payouts/{payout.pk}/statements/").status_code == 404
    assert Client().get("/affiliates/ledger.csv").status_code == 302
    nobody = Client()
    nobody.force_login(make_user())
    assert nobody.get("/affiliates/")["Location"] == "/affiliates/join/"
    assert nobody.get("/affiliates/ledger/").status_code == 404


@pytest.mark.parametrize("language", ["en", "ar", "fa"])
def test_a_statement_is_printed_and_fetched(client: Client, affiliate: Affiliate, language: str) -> None:
    with_history(affiliate, 2)
    (batch,) = make_batches({(affiliate.pk, "USD"): 400}, by=make_user())
    mark_batch_paid(batch, reference="TX", by=make_user())
    payout, prefix = batch.payouts.get(), "" if language == "en" else f"/{language}"

    client.post(f"{prefix}/affiliates/payouts/{payout.pk}/statements/")
    for statement in payout.statements.all():
        print_statement(statement)
    answer = client.get(f"{prefix}/affiliates/payouts/{payout.pk}/statements/{language}.pdf")

    assert b"".join(answer).startswith(b"%PDF")
    assert payout.statements.count() == (1 if language == "en" else 2)
    assert f"statements/{language}.pdf" in client.get(f"{prefix}/affiliates/payouts/").content.decode()


# --- Rates -------------------------------------------------------------------------------------------


def test_the_most_particular_rate_counts() -> None:
    Program.objects.create(rate_bps=1000)
    amal, other = make_affiliate(), make_affiliate()
    book, tool, plain = make_product(1000), make_product(1000), make_product(1000)
    shelf = Category.objects.create(slug="shelf", title_en="Shelf")
    tool.categories.add(shelf)
    Rate.objects.create(percent_bps=1500, category=shelf)
    Rate.objects.create(percent_bps=2000, product=book)
    Rate.objects.create(affiliate=amal, percent_bps=2500)
    Rate.objects.create(affiliate=amal, product=book, amount=70, currency="USD")
    Rate.objects.create(affiliate=amal, product=book, amount=70, currency="EUR")
    Rate.objects.create(affiliate=other, percent_bps=3000, from_orders=2)

    for affiliate in (amal, other, other):
        referred_order(affiliate, book, tool, plain)

    earned = [
        [(line.commission, line.rule) for line in referral.lines.all()]
        for referral in Referral.objects.order_by("pk")
    ]
    assert earned == [
        [(70, "affiliate product"), (250, "affiliate"), (250, "affiliate")],
        [(200, "product"), (150, "category"), (100, "program")],
        [(300, "affiliate from:2")] * 3,
    ]


def test_a_fixed_sum_is_never_more_than_the_price() -> None:
    affiliate = make_affiliate()
    Rate.objects.create(amount=5000, currency="USD")

    referred_order(affiliate, make_product(1000))

    assert LedgerEntry.objects.get().amount == 1000


# --- check_ledger ------------------------------------------------------------------------------------


def test_check_ledger_says_that_all_is_well(affiliate: Affiliate, capsys: Any) -> None:
    with_history(affiliate, 2)

    call_command("check_ledger")

    assert "adds up" in capsys.readouterr().out


WRONG = {
    "another commission": "UPDATE affiliates_referralline SET commission = commission + 1",
    "a payout that is less": "UPDATE affiliates_payout SET amount = amount - 1",
    "a payout that is back": "UPDATE affiliates_payout SET status = 'canceled', canceled_at = created_at",
    "a row that is more": "UPDATE affiliates_ledgerentry SET amount = amount + 1 WHERE kind = 'commission'",
    "a row that is gone": "DELETE FROM affiliates_ledgerentry WHERE kind = 'commission'",
    "an order given back": "UPDATE checkout_order SET status = 'refunded'",
    "figures that differ": "UPDATE affiliates_tally SET earned = earned + 1 WHERE facet = 'all'",
    "another affiliate": "UPDATE affiliates_referral SET affiliate_id ="
    " (SELECT MAX(id) FROM affiliates_affiliate)",
    "a refusal that earned": "UPDATE affiliates_referral SET status = 'refused', refusal = 'not_active'",
    "a sum that lies": "UPDATE affiliates_ledgersum SET amount = amount + 1",
}


@pytest.mark.parametrize("statement", WRONG.values(), ids=WRONG)
def test_check_ledger_finds_what_is_wrong(affiliate: Affiliate, statement: str, settings: Any) -> None:
    settings.ADMINS = [("Staff", "staff@example.com")]
    with_history(affiliate, 2)
    make_batches({(affiliate.pk, "USD"): 400}, by=make_user())
    midnight = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    close(affiliate.pk, midnight + timedelta(days=1))
    make_affiliate("somebody")
    assert list(breaches()) == []

    with triggers_off(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert list(breaches()) != []
    with pytest.raises(CommandError):
        call_command("check_ledger")
    assert not prove_and_tell()
    assert not prove_and_tell()
    assert OutgoingMail.objects.filter(to="staff@example.com").count() == 1


def test_check_ledger_misses_its_guards() -> None:
    with triggers_off():
        assert len([each for each in breaches() if "trigger" in each]) == len(
            proving.GUARDS[connection.vendor]
        )
    assert list(breaches()) == []


# --- Staff -------------------------------------------------------------------------------------------


def test_staff_reads_every_page(staff: Client, affiliate: Affiliate) -> None:
    with_history(affiliate, 3)
    adjust(affiliate, 500, "EUR", reason="A gift", by=make_user(), key="1")
    make_batches({(affiliate.pk, "USD"): 600}, by=make_user())
    Referral.objects.update(hints="burst,same_address")
    batch, entry, referral = PayoutBatch.objects.get(), LedgerEntry.objects.first(), Referral.objects.first()
    assert entry
    assert referral
    paths = [
        "affiliate/",
        f"affiliate/{affiliate.pk}/change/",
        "affiliate/earners/",
        "affiliate/earners/?csv=1",
    ]
    paths += [
        "payoutbatch/",
        "payoutbatch/due/",
        f"payoutbatch/{batch.pk}/change/",
        f"payoutbatch/{batch.pk}/file/",
    ]
    paths += ["referral/", "referral/?odd=new", f"referral/{referral.pk}/change/", "ledgerentry/"]
    paths += [f"ledgerentry/{entry.pk}/change/", "rate/add/", "program/add/", "creative/add/"]

    for language in ("", "/ar", "/fa"):
        for path in paths:
            assert staff.get(f"{language}/admin/affiliates/{path}").status_code == 200, path


def test_the_ledger_has_no_form(staff: Client, affiliate: Affiliate) -> None:
    adjust(affiliate, 500, "USD", reason="A gift", by=make_user(), key="1")
    entry = LedgerEntry.objects.get()

    assert staff.get("/admin/affiliates/ledgerentry/add/").status_code == 403
    assert staff.post(f"/admin/affiliates/ledgerentry/{entry.pk}/change/", {"amount": 1}).status_code == 403
    assert staff.post(f"/admin/affiliates/ledgerentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert LedgerEntry.objects.get().amount == 500


def test_an_adjustment_sent_twice_is_one_row(staff: Client, affiliate: Affiliate) -> None:
    page = f"/admin/affiliates/affiliate/{affiliate.pk}/"
    key = staff.get(f"{page}change/").context["adjust_form"]["key"].value()
    wish = {"key": key, "direction": "take", "amount": "١٢٫٥", "currency": "USD", "reason": "Wrong book"}

    for bad in ({"amount": "-5"}, {"amount": "1.234"}, {"reason": " "}, {"key": "x"}, {"currency": "XXX"}):
        assert staff.post(f"{page}adjustments/", wish | bad).status_code == 200
    assert not LedgerEntry.objects.exists()
    for _click in range(2):
        assert staff.post(f"{page}adjustments/", wish).status_code == 302

    entry = LedgerEntry.objects.get()
    assert (entry.amount, entry.reason, str(entry.by)) == (-1250, "Wrong book", "staff@example.com")


def test_staff_pays_what_they_looked_at(staff: Client, affiliate: Affiliate) -> None:
    adjust(affiliate, 500, "USD", reason="A gift", by=make_user(), key="1")
    (wish,) = [each.wish for each in staff.get("/admin/affiliates/payoutbatch/due/").context["due"]]
    adjust(affiliate, 1, "USD", reason="More", by=make_user(), key="2")

    staff.post(
        "/admin/affiliates/payoutbatch/due/", {"due": [wish, "nonsense", "1-USD--5", "9" * 40 + "-USD-1"]}
    )
    assert not Payout.objects.exists()
    (wish,) = [each.wish for each in staff.get("/admin/affiliates/payoutbatch/due/").context["due"]]
    for _click in range(2):
        staff.post("/admin/affiliates/payoutbatch/due/", {"due": [wish]})

    payout = Payout.objects.get()
    page = f"/admin/affiliates/payoutbatch/{payout.batch_id}/"
    assert staff.post(f"{page}paid/", {"reference": ""}).status_code == 200
    staff.post(f"{page}cancellations/", {"payout": payout.pk, "note": "Wrong account"})
    staff.post(f"{page}paid/", {"reference": "TX-1"})
    payout.refresh_from_db()
    assert (payout.status, payout.note, payout.amount) == ("canceled", "Wrong account", 501)


def test_doors_are_closed_to_staff_without_the_right(affiliate: Affiliate) -> None:
    client = Client()
    client.force_login(make_user("helper@example.com", is_staff=True))

    for path in ("moves", "rejections", "adjustments"):
        page = f"/admin/affiliates/affiliate/{affiliate.pk}/{path}/"
        assert client.post(page, {"move": "pause"}).status_code == 403
    for path in ("affiliate/earners/", "payoutbatch/due/", f"affiliate/{affiliate.pk}/change/"):
        assert client.get(f"/admin/affiliates/{path}").status_code == 403
    affiliate.refresh_from_db()
    assert affiliate.status == "active"


def test_staff_answers_and_sets_rates(staff: Client) -> None:
    applicant = make_affiliate("new", status="pending")
    page = f"/admin/affiliates/affiliate/{applicant.pk}/"

    staff.post(f"{page}moves/", {"move": "approve"})
    staff.post(
        "/admin/affiliates/rate/add/", {"from_orders": 1, "percent_bps": "۱۲٫۵", "affiliate": applicant.pk}
    )
    staff.post("/admin/affiliates/rate/add/", {"from_orders": 1, "amount": "2.50", "currency": "USD"})
    bad = staff.post("/admin/affiliates/rate/add/", {"from_orders": 1, "percent_bps": "101"})
    both = staff.post("/admin/affiliates/rate/add/", {"from_orders": 1, "percent_bps": "5", "amount": "1"})

    applicant.refresh_from_db()
    assert applicant.status == "active"
    assert list(Rate.objects.order_by("pk").values_list("percent_bps", "amount", "currency")) == [
        (1250, None, ""),
        (None, 250, "USD"),
    ]
    assert (bad.status_code, both.status_code) == (200, 200)


def test_figures_of_tallies_and_ledger_agree(affiliate: Affiliate) -> None:
    with_history(affiliate, 2)

    assert sum(Tally.objects.filter(facet="all").values_list("earned", flat=True)) == 400
