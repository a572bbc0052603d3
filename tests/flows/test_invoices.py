"""A guest fetches the invoice, and has a corrected one for the company, on a phone in three languages."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from invoicing import printing
from invoicing.models import Document
from tests.factories import make_shop
from tests.flows.conftest import DESKTOP, PHONE
from tests.flows.test_paypal import look
from tests.invoicing.sales import GERMAN, PLAIN, SAUDI, pay, taxed

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = {
    "en": {"title": "Letters that flow", "file": "Simplified-tax-invoice", "bad": "VAT id is of 4 to 20"},
    "ar": {"title": "دليل النشر الرقمي", "file": "فاتورة-ضريبية-مبسّطة", "bad": "الرقم الضريبي من 4"},
    "fa": {"title": "چهار فصل سر سفره", "file": "فاکتور", "bad": "شناسهٔ مالیاتی ۴ تا ۲۰"},
}


def fill(page: Page, **fields: str) -> None:
    for name, text in fields.items():
        page.locator(f"[name={name}]").fill(text)
    page.locator("form[action$='/invoice-details/'] button[type=submit]").click()


@pytest.mark.parametrize("language", ["en", "ar", "fa"])
def test_a_guest_fetches_the_invoice_and_corrects_it(
    language: str,
    open_page: Callable[..., Page],
    prefix: Callable[[str], str],
    assert_accessible: Callable[[Page], None],
    tmp_path: Path,
) -> None:
    make_shop(**(PLAIN if language == "fa" else SAUDI))
    words = WORDS[language]
    order = pay(taxed([(11500, 1500), (0, 0)], titles=[words["title"]], language=language))
    page, address = open_page(language, PHONE), f"{prefix(language)}/orders/{order.token}/"

    page.goto(address)
    assert_accessible(page)
    look(page, f"invoice-{language}-1-order")
    with page.expect_download() as download:
        page.locator("#invoice a[href$='/pdf/']").click()
    assert download.value.suggested_filename.startswith(words["file"])
    download.value.save_as(tmp_path / "a.pdf")
    text = subprocess.run(["pdftotext", tmp_path / "a.pdf", "-"], capture_output=True, check=True)
    assert Document.objects.get().number in text.stdout.decode()

    page.locator("#invoice summary").click()
    assert_accessible(page)
    look(page, f"invoice-{language}-2-form")
    fill(page, name="Mona Studio", address="1 High Street\nAmman", vat_id="?")
    expect(page.get_by_text(words["bad"])).to_be_visible()
    expect(page.locator("[name=name]")).to_have_value("Mona Studio")
    assert_accessible(page)
    look(page, f"invoice-{language}-3-refused")
    fill(page, vat_id="٣١٠١-٢٢٣٩")
    page.wait_for_url(f"**{address}#invoice")
    expect(page.locator("#invoice .story > li")).to_have_count(3)
    look(page, f"invoice-{language}-4-corrected")

    last = Document.objects.latest("counter")
    assert last.snapshot["buyer"]["vat_id"] == "31012239"
    page.locator(f"#invoice a[href$='{last.number}/']").click()
    expect(page.get_by_text("Mona Studio")).to_be_visible()
    assert_accessible(page)
    look(page, f"invoice-{language}-5-page")
    page.set_viewport_size(DESKTOP)
    look(page, f"invoice-{language}-6-page-wide")


def test_the_page_of_an_invoice_waits_for_its_pdf(
    open_page: Callable[..., Page],
    assert_accessible: Callable[[Page], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_shop(**GERMAN)
    with monkeypatch.context() as patch:
        patch.setattr("invoicing.printing.print_document", lambda pdf: None)
        order = pay(taxed([(1000, 1900)]))
    document = Document.objects.get()
    page = open_page("en", PHONE)

    page.goto(f"/orders/{order.token}/invoices/{document.number}/")
    expect(page.get_by_role("status")).to_be_visible()
    assert_accessible(page)
    printing.print_document(document.pdf)

    expect(page.locator("a[href$='/pdf/']")).to_be_visible()
