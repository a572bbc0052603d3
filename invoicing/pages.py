"""What buyers see of their invoices: a part of the order's page, and a page for each document."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from checkout.models import Order
from invoicing.books import standing_invoice
from invoicing.correcting import may_correct
from invoicing.forms import DetailsForm
from invoicing.models import Document, DocumentPdf
from invoicing.paper import page_of
from invoicing.wording import title


def order_part(request: HttpRequest, order: Order) -> SafeString:
    """The invoices of a paid order, and the form for the buyer's details. One query."""
    if order.paid_at is None or order.is_held:
        return SafeString()
    return render_to_string("invoicing/_order_part.html", details_context(order), request)


def details_context(order: Order, form: DetailsForm | None = None) -> dict[str, Any]:
    """`form` is the one that was refused, with what was typed."""
    documents = list(order.documents.select_related("pdf").order_by("counter"))
    return {
        "order": order,
        "documents": [
            {"row": document, "title": title(document.snapshot), "is_ready": document.pdf.is_ready}
            for document in documents
        ],
        "may_correct": may_correct(order, documents),
        "form": form or DetailsForm(order, standing_invoice(documents)),
    }


def document_page(document: Document) -> str:
    """The document for a screen, with its PDF, or how far that is."""
    address = [document.order.token, document.number]
    return page_of(
        document,
        bar={
            "back": document.order.get_absolute_url(),
            "pdf": reverse("document_pdf", args=address),
            "state": state_of(document.pdf),
        },
    )


def state_of(pdf: DocumentPdf) -> str:
    """One of: ready, waiting, failed. What failed is tried again, but nobody should wait for it."""
    if pdf.is_ready:
        return "ready"
    return "failed" if pdf.error else "waiting"
