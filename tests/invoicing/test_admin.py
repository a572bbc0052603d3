from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from checkout.models import Order
from invoicing.models import Document, DocumentPdf, Export
from invoicing.printing import print_document
from tests.factories import make_user
from tests.invoicing.sales import sold

pytestmark = pytest.mark.django_db
LIST, EXPORTS = "/admin/invoicing/document/", "/admin/invoicing/export/"
SERIES = "/admin/invoicing/series/"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_user("staff@example.com", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def order() -> Order:
    return sold([(1000, 1500)])


def page_of(part: str = "change/") -> str:
    return f"{LIST}{Document.objects.get().pk}/{part}"


def test_documents_are_listed_found_and_read(staff: Client, order: Order) -> None:
    number = Document.objects.get().number

    for path in (LIST, f"{LIST}?q={number}", f"{LIST}?q={order.email}", f"{LIST}?kind__exact=invoice"):
        assert number in staff.get(path).text
    assert number not in staff.get(f"{LIST}?kind__exact=credit_note").text
    page = staff.get(page_of()).text
    assert all(each in page for each in (number, order.number, "$11.50", Document.objects.get().sha256))
    assert f"<bdi>{order.email}</bdi>" in page
    assert staff.get(LIST + "add/").status_code == 403
    assert staff.post(page_of(), {"total": 1}).status_code == 403
    assert staff.post(page_of("delete/"), {"post": "yes"}).status_code == 403
    assert Document.objects.get().total == 1150


@pytest.mark.parametrize("language", ["ar", "fa"])
def test_staff_reads_them_in_their_language(staff: Client, order: Order, language: str) -> None:
    for path in (LIST, page_of(), SERIES, EXPORTS, EXPORTS + "add/"):
        assert staff.get(f"/{language}{path}").status_code == 200


def test_series_show_their_last_number(staff: Client, order: Order) -> None:
    assert Document.objects.get().number in staff.get(SERIES).text


def test_the_order_tells_of_its_documents(staff: Client, order: Order) -> None:
    page = staff.get(f"/admin/checkout/order/{order.pk}/change/").text

    assert "The order was paid" in page
    assert page_of() in page


def test_staff_fetches_the_pdf_and_has_it_made_again(staff: Client, order: Order, commits: Any) -> None:
    assert staff.get(page_of("pdf/")).status_code == 302
    assert "Being made" in staff.get(LIST).text
    print_document(DocumentPdf.objects.get())
    first = staff.get(page_of("pdf/")).getvalue()

    with commits():
        chosen = {"action": "make_pdf_again", "_selected_action": [Document.objects.get().pk]}
        said = staff.post(LIST, chosen, follow=True).text

    assert "1 PDF is made again." in said
    assert staff.get(page_of("pdf/")).getvalue() == first
    assert DocumentPdf.objects.get().attempts == 2
    assert "Download the PDF" in staff.get(page_of("page/")).text


def test_staff_exports_a_period(staff: Client, order: Order, commits: Any) -> None:
    today = timezone.localdate()

    with commits():
        answer = staff.post(EXPORTS + "add/", {"first_day": today, "last_day": today})

    export = Export.objects.get()
    assert answer.status_code == 302
    assert str(export.requested_by) == "staff@example.com"
    assert "1 document" in staff.get(EXPORTS).text
    file = staff.get(f"{EXPORTS}{export.pk}/file/")
    assert file["Content-Disposition"] == f'attachment; filename="invoices-{today}-{today}.zip"'
    assert file.getvalue().startswith(b"PK")
    assert staff.get(f"{EXPORTS}{export.pk}/change/").status_code == 200


def test_a_period_without_invoices_is_refused_with_words(staff: Client) -> None:
    page = staff.post(EXPORTS + "add/", {"first_day": "2020-01-01", "last_day": "2020-01-31"}).text

    assert "No invoice was issued in this period." in page
    assert 'value="2020-01-31"' in page
    assert not Export.objects.exists()


def test_each_right_opens_its_own_door(client: Client, order: Order) -> None:
    clerk = make_user("clerk@example.com", is_staff=True)
    client.force_login(clerk)

    assert [client.get(page_of(part)).status_code for part in ("change/", "page/", "pdf/")] == [403] * 3
    assert client.get(EXPORTS + "add/").status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_document"))
    assert [client.get(page_of(part)).status_code for part in ("change/", "page/")] == [200] * 2
    assert "make_pdf_again" not in client.get(page_of()).text
    assert Client().get(page_of("pdf/")).status_code == 302
