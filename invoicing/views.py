from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from checkout.models import Order
from invoicing.books import standing_invoice
from invoicing.correcting import correct_invoice
from invoicing.errors import PdfNotReady
from invoicing.forms import DetailsForm
from invoicing.models import Document
from invoicing.pages import details_context, document_page
from invoicing.paper import filename_of
from invoicing.printing import open_pdf
from storefront.errors import StorefrontError
from storefront.unlisted import unlisted


@login_not_required
@require_safe
def document(request: HttpRequest, token: str, number: str) -> HttpResponse:
    """An invoice or credit note as a page; whoever has the order's address is the buyer."""
    document = _document(token, number)
    response = HttpResponse(document_page(document))
    response["Content-Language"] = document.language
    return unlisted(response)


@login_not_required
@require_safe
def document_pdf(request: HttpRequest, token: str, number: str) -> HttpResponseBase:
    """The PDF, or the page of the document, which waits for it."""
    document = _document(token, number)
    try:
        file = open_pdf(document.pdf)
    except PdfNotReady:
        return redirect("document", token, number)
    return unlisted(FileResponse(file, as_attachment=True, filename=filename_of(document)))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def invoice_details(request: HttpRequest, token: str) -> HttpResponse:
    """The buyer says whom the invoice is made out to. A second click finds the first one's invoice."""
    order = get_object_or_404(Order, token=token)
    if request.method != "POST":
        return _details_page(request, order)
    form = DetailsForm(order, standing_invoice(list(order.documents.order_by("counter"))), request.POST)
    if form.is_valid():
        try:
            issued = correct_invoice(order, form.details)
        except StorefrontError as refusal:
            form.add_error(None, str(refusal))
        else:
            words = _("Invoice %(number)s is made out to these details.")
            messages.success(request, words % {"number": issued.number})
            return redirect(f"{order.get_absolute_url()}#invoice")
    return _details_page(request, order, form)


def _details_page(request: HttpRequest, order: Order, form: DetailsForm | None = None) -> HttpResponse:
    return unlisted(TemplateResponse(request, "invoicing/details.html", details_context(order, form)))


def _document(token: str, number: str) -> Document:
    documents = Document.objects.select_related("order", "pdf")
    return get_object_or_404(documents, order__token=token, number=number)
