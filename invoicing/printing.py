"""The PDF of a document: a row that is due, printed and stored by a task."""

import logging
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile, File

from invoicing.attaching import attach_cii
from invoicing.cii import has_cii
from invoicing.errors import PdfNotReady
from invoicing.models import Document, DocumentPdf
from invoicing.paper import page_of, title_of
from storefront.jobs import enqueue
from storefront.pdf import PdfNotPossible, render_pdf

logger = logging.getLogger(__name__)
STYLESHEET = Path(settings.BASE_DIR) / "static" / "css" / "invoice.css"


def print_document(pdf: DocumentPdf) -> None:
    """Print and store the PDF. Safe to repeat: one file a row; a failure is tried again later."""
    if not pdf.claim():
        return
    try:
        content = pdf_of(pdf.document)
    except PdfNotPossible as refusal:
        pdf.mark_failed(str(refusal))
    except Exception as error:
        # Whatever went wrong stays on the row for staff to see, and the sweep tries again.
        logger.exception("Document %s could not be printed.", pdf.document)
        pdf.mark_failed(f"{type(error).__name__}: {error}")
    else:
        store(pdf, content)
        pdf.mark_handled()


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


def store(pdf: DocumentPdf, content: bytes) -> None:
    """Under a name made from the row's key, so that a repeat takes the place of what a dead worker left."""
    name = f"documents/{pdf.key[:2]}/{pdf.key}.pdf"
    pdf.file.storage.delete(name)
    pdf.file.save(name, ContentFile(content), save=False)
    DocumentPdf.objects.filter(pk=pdf.pk).update(file=pdf.file.name)
