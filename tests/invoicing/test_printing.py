import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import facturx
import pikepdf
import pytest

from checkout.models import Order
from checkout.pricing import Discount
from invoicing import tasks
from invoicing.models import Document, DocumentPdf
from invoicing.printing import open_pdf, pdf_of, print_again, print_document
from storefront import pdf as storefront_pdf
from storefront.money import format_number
from storefront.pdf import PdfNotPossible
from tests.factories import make_shop
from tests.invoicing.sales import GERMAN, PLAIN, SAUDI, sold
from tests.invoicing.test_zatca import fields_of

pytestmark = pytest.mark.django_db
TITLES = {
    "en": ["Letters that flow", "The quiet plugin"],
    "ar": ["دليل النشر الرقمي", "إضافة «أرقام»"],
    "fa": ["چهار فصل سر سفره", "افزونهٔ نامه"],
}


def printed(order: Order) -> bytes:
    pdf = DocumentPdf.objects.filter(document__order=order).latest("pk")
    print_document(pdf)
    pdf.refresh_from_db()
    assert (pdf.error, pdf.handled_at is None) == ("", False)
    with open_pdf(pdf) as file:
        return file.read()


def words_of(pdf: bytes) -> str:
    """As one copies it: without marks of direction, each letter in its plain form, digits as they are."""
    said = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    text = unicodedata.normalize("NFKC", said.stdout.decode())
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cf")


def plain(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKC", text) if unicodedata.category(each) != "Cf")


def pages_of(pdf: bytes, folder: Path, resolution: int = 150) -> list[Path]:
    (folder / "a.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", str(resolution), "-png", folder / "a.pdf", folder / "a"], check=True)
    return sorted(folder.glob("a-*.png"))


def assert_sound(pdf: bytes, folder: Path) -> None:
    (folder / "check.pdf").write_bytes(pdf)
    said = subprocess.run(["qpdf", "--check", folder / "check.pdf"], capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (0, ""), said.stdout


def amounts_of(document: Document) -> set[int]:
    said = document.snapshot
    lines = {line[name] for line in said["lines"] for name in ("unit_amount", "net", "amount")}
    discounts = {part["amount"] for line in said["lines"] for part in line["discounts"]}
    taxes = {tax["tax"] for tax in said["totals"]["taxes"] if tax["rate_bps"]}
    return lines | discounts | taxes | {said["totals"][name] for name in ("net", "total", "list")}


@pytest.mark.parametrize("language", ["en", "ar", "fa"])
@pytest.mark.parametrize("seller", [SAUDI, GERMAN, PLAIN], ids=["SA", "DE", "none"])
def test_every_number_stands_on_one_page(language: str, seller: Any, tmp_path: Path) -> None:
    make_shop(**seller)
    order = sold(
        [(245_000, 1500), (4990, 700)],
        discounts=[Discount("coupon", "EID-2026", (0, 1), rate_bps=1000)],
        titles=TITLES[language],
        language=language,
    )
    document, pdf = Document.objects.get(), printed(order)
    words = words_of(pdf)

    for number in (document.number, order.number, order.email, *filter(None, [seller.get("vat_id")])):
        assert number in words
    for amount in amounts_of(document):
        assert plain(format_number(amount, "USD", language)) in words
    assert "15" in words or "۱۵" in words
    assert pdf == pdf_of(document)
    assert len(pages_of(pdf, tmp_path, 20)) == 1
    assert_sound(pdf, tmp_path)


def test_many_lines_break_with_their_heads_repeated(tmp_path: Path) -> None:
    make_shop(**PLAIN)
    order = sold([(1000 + number, 1900) for number in range(50)])
    pdf = printed(order)
    words, pages = words_of(pdf), len(pages_of(pdf, tmp_path, 20))

    assert pages > 1
    assert words.count("Unit price") == pages
    assert words.count(Document.objects.get().number) == pages + 1  # at the foot of each page, too
    assert f"{pages}/{pages}" in words.replace(" ", "")
    assert all(f"${(1000 + number) / 100:.2f}" in words for number in range(50))


@pytest.mark.parametrize("language", ["en", "ar", "fa"])
def test_a_camera_reads_the_code_of_a_saudi_invoice(language: str, tmp_path: Path) -> None:
    make_shop(**SAUDI)
    order = sold([(10_000, 1500)], language=language)
    (page,) = pages_of(printed(order), tmp_path)

    said = subprocess.run(["zbarimg", "-q", "--raw", page], capture_output=True, text=True, check=True)

    issued_at = Document.objects.get().snapshot["issued_at"]
    figures = [SAUDI["legal_name"], SAUDI["vat_id"], issued_at, "115.00", "15.00"]
    assert fields_of(said.stdout.strip()) == dict(enumerate(figures, start=1))


def test_the_invoice_of_a_european_seller_has_its_copy_inside(tmp_path: Path) -> None:
    make_shop(**GERMAN)
    order = sold([(10_000, 1900)], currency="EUR", language="ar")
    pdf = printed(order)

    name, xml = facturx.get_facturx_xml_from_pdf(pdf, check_xsd=True)
    assert name == "factur-x.xml"
    assert b"<ram:GrandTotalAmount>119.00<" in xml
    (tmp_path / "a.pdf").write_bytes(pdf)
    with pikepdf.open(tmp_path / "a.pdf") as document:
        metadata = document.Root.Metadata.read_bytes().decode()
        assert (len(document.Root.AF), str(document.Root.Lang)) == (1, "ar")
        assert "<pdfaid:part>3<" in metadata
        assert f"<pdf:Producer>{document.docinfo.Producer}<" in metadata
    other = pdf_of(Document.objects.get())
    assert other == pdf


def test_a_machine_without_pango_says_so_and_tries_again(monkeypatch: Any) -> None:
    order = sold([(1000, 0)])
    monkeypatch.setitem(sys.modules, "weasyprint", None)

    with pytest.raises(PdfNotPossible):
        storefront_pdf.render_pdf("<p>", "")
    pdf = DocumentPdf.objects.get(document__order=order)
    tasks.print_document(pdf.pk)
    pdf.refresh_from_db()

    assert (pdf.is_ready, pdf.handled_at, pdf.attempts) == (False, None, 1)
    assert "Pango is missing" in pdf.error


def test_a_fault_stays_on_the_row(monkeypatch: Any, caplog: Any) -> None:
    sold([(1000, 0)])
    monkeypatch.setattr("invoicing.printing.render_pdf", lambda *_args, **_more: 1 / 0)

    tasks.print_due_documents()

    assert DocumentPdf.objects.get().error == "ZeroDivisionError: division by zero"


def test_a_pdf_made_again_is_the_same(commits: Any) -> None:
    first = printed(sold([(1000, 1500)]))
    with commits():
        print_again(DocumentPdf.objects.get())

    with open_pdf(DocumentPdf.objects.get()) as file:
        assert file.read() == first
