"""The PDF of a document: a row that is due, printed and stored by a task."""

from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.files.base import File

from checkout.printing import print_due
from invoicing.attaching import attach_cii
from invoicing.cii import has_cii
from invoicing.errors import PdfNotReady
from invoicing.models import Document, DocumentPdf
from invoicing.paper import page_of, title_of
from storefront.jobs import enqueue
from storefront.pdf import render_pdf

STYLESHEET = Path(settings.BASE_DIR) / "static" / "css" / "invoice.css"


def print_document(pdf: DocumentPdf) -> None:
    """Print and store the PDF. Safe to repeat."""
    name = f"documents/{pdf.key[:2]}/{pdf.key}.pdf"
    print_due(pdf, pdf.file, name, partial(pdf_of, pdf.document))


def open_pdf(pdf: DocumentPdf) -> File:
    """The stored file. Raises PdfNotReady; a file that is lost is printed again."""
    if not pdf.is_ready:
        raise PdfNotReady
    try:
        return pdf.file.open("rb")
    except FileNotFoundError:
        print_again(pdf)
        raise PdfNotReady from None


def print_again(pdf: DocumentPdf) -> None:
    """Make the PDF anew, on the wish of staff or since its file is lost. It comes out the same."""
    DocumentPdf.objects.filter(pk=pdf.pk).update(file="")
    pdf.run_again()
    enqueue("invoicing.print_document", pdf.pk)


def pdf_of(document: Document) -> bytes:
    """The document for archives (PDF/A-3), the same bytes each time. Raises PdfNotPossible.

    Those of sellers in the EU have a machine-readable copy inside (Factur-X).
    """
    options = {"pdf_variant": "pdf/a-3b", "pdf_tags": True, "pdf_identifier": bytes.fromhex(document.sha256)}
    pdf = render_pdf(page_of(document), STYLESHEET.read_text(), **options)
    if not has_cii(document.snapshot):
        return pdf
    return attach_cii(pdf, document.snapshot, title=title_of(document))
