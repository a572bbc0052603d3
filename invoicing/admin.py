"""Documents for staff: to read, to fetch, and to export. Nothing is edited."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from checkout.admin import ReadOnly
from checkout.admin.base import say
from checkout.admin.money import order_link
from checkout.templatetags.staff import state
from checkout.wording import explain
from invoicing.errors import PdfNotReady
from invoicing.exporting import ask_for_export, count_for_export
from invoicing.models import Document, Export, Series
from invoicing.pages import state_of
from invoicing.paper import filename_of, page_of
from invoicing.printing import open_pdf, print_again
from storefront.errors import StorefrontError
from storefront.money import digits
from storefront.templatetags.shop import icon, ltr, money

PAGE = "admin:invoicing_document_change"


def document_page(request: HttpRequest, pk: int) -> HttpResponse:
    document = _document(request, pk)
    bar = {
        "back": reverse(PAGE, args=[pk]),
        "pdf": reverse("admin:invoicing_document_pdf", args=[pk]),
        "state": state_of(document.pdf),
    }
    return HttpResponse(page_of(document, bar=bar))


def document_pdf(request: HttpRequest, pk: int) -> HttpResponseBase:
    document = _document(request, pk)
    try:
        return FileResponse(open_pdf(document.pdf), as_attachment=True, filename=filename_of(document))
    except PdfNotReady:
        messages.info(request, gettext("The PDF is being made. Load this page again in a moment."))
        return redirect(PAGE, pk)


def _document(request: HttpRequest, pk: int) -> Document:
    if not request.user.has_perm("invoicing.view_document"):
        raise PermissionDenied
    return get_object_or_404(Document.objects.select_related("pdf"), pk=pk)


@admin.register(Document)
class DocumentAdmin(ReadOnly):
    change_form_template = "admin/checkout/change_form.html"
    list_display = ["number_shown", "issued_at", "kind", "reason", "order_shown", "total_shown", "pdf_shown"]
    list_filter = ["kind", "reason", "series", "currency", "language", "issued_at"]
    list_select_related = ["order", "pdf"]
    search_fields = ["number", "order__email_folded"]
    search_help_text = _("Number, or e-mail address of the buyer")
    date_hierarchy = "issued_at"
    fields = readonly_fields = (
        *("number_shown", "kind", "reason", "issued_at", "order_shown", "refers_to", "buyer"),
        *("net_shown", "tax_shown", "total_shown", "language", "pdf_shown", "page_shown"),
        *("counter", "hash_shown", "previous_shown"),
    )
    actions = ["make_pdf_again"]
    row_actions = ("make_pdf_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        return super().get_queryset(request).select_related("order", "pdf", "corrects")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/page/", view(document_page), name="invoicing_document_page"),
            path("<int:pk>/pdf/", view(document_pdf), name="invoicing_document_pdf"),
            *super().get_urls(),
        ]

    @admin.action(description=_("Make the PDF again"), permissions=["move"])
    def make_pdf_again(self, request: HttpRequest, documents: QuerySet[Document]) -> None:
        for document in documents:
            print_again(document.pdf)
        count = len(documents)
        say(
            self,
            request,
            ngettext("%(count)s PDF is made again.", "%(count)s PDFs are made again.", count),
            count,
        )

    @admin.display(description=_("number"), ordering="counter")
    def number_shown(self, document: Document) -> str:
        return ltr(document.number)

    @admin.display(description=_("order"), ordering="order")
    def order_shown(self, document: Document) -> str:
        return order_link(document.order)

    @admin.display(description=_("refers to"))
    def refers_to(self, document: Document) -> str:
        if document.corrects is None:
            return "—"
        address = reverse(PAGE, args=[document.corrects.pk])
        return format_html('<a href="{}">{}</a>', address, ltr(document.corrects.number))

    @admin.display(description=_("buyer"))
    def buyer(self, document: Document) -> str:
        buyer = document.snapshot["buyer"]
        shown = (buyer["name"], buyer["vat_id"], buyer["email"])
        return format_html_join(" · ", "<bdi>{}</bdi>", ((each,) for each in shown if each))

    @admin.display(description=_("without tax"))
    def net_shown(self, document: Document) -> str:
        return money(document.sign * document.net, document.currency)

    @admin.display(description=_("tax"))
    def tax_shown(self, document: Document) -> str:
        return money(document.sign * document.tax, document.currency)

    @admin.display(description=_("total"), ordering="total")
    def total_shown(self, document: Document) -> str:
        return money(document.sign * document.total, document.currency)

    @admin.display(description=_("PDF"))
    def pdf_shown(self, document: Document) -> str:
        if document.pdf.is_ready:
            address = reverse("admin:invoicing_document_pdf", args=[document.pk])
            return format_html('<a href="{}">{} {}</a>', address, icon("download"), _("Download the PDF"))
        if document.pdf.error:
            return state("bad", "circle-alert", explain(document.pdf.error[:200]))
        return state("wait", "hourglass", _("Being made"))

    @admin.display(description=_("page"))
    def page_shown(self, document: Document) -> str:
        address = reverse("admin:invoicing_document_page", args=[document.pk])
        return format_html('<a href="{}">{} {}</a>', address, icon("eye"), _("As the buyer sees it"))

    @admin.display(description=_("hash"))
    def hash_shown(self, document: Document) -> str:
        return ltr(document.sha256)

    @admin.display(description=_("hash of the document before"))
    def previous_shown(self, document: Document) -> str:
        return ltr(document.previous_sha256)


@admin.register(Series)
class SeriesAdmin(ReadOnly):
    list_display = ["__str__", "kind", "year", "last_shown"]
    list_display_links = None

    @admin.display(description=_("last number"), ordering="last_number")
    def last_shown(self, series: Series) -> str:
        return ltr(series.number(series.last_number))


def export_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    if not request.user.has_perm("invoicing.view_export"):
        raise PermissionDenied
    export = get_object_or_404(Export.objects.exclude(file=""), pk=pk)
    name = f"invoices-{export.first_day}-{export.last_day}.zip"
    try:
        return FileResponse(export.file.open("rb"), as_attachment=True, filename=name)
    except FileNotFoundError:
        raise Http404 from None


class ExportForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        first_day, last_day = self.cleaned_data.get("first_day"), self.cleaned_data.get("last_day")
        if first_day and last_day:
            try:
                count_for_export(first_day, last_day)
            except StorefrontError as refusal:
                raise forms.ValidationError(str(refusal)) from refusal
        return self.cleaned_data


@admin.register(Export)
class ExportAdmin(ReadOnly):
    form = ExportForm
    list_display = ["created_at", "first_day", "last_day", "state", "requested_by"]
    list_select_related = ["requested_by"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("invoicing.add_export")

    def get_fields(self, request: HttpRequest, obj: Export | None = None) -> Any:
        return (
            ["first_day", "last_day", "state", "requested_by", "created_at"]
            if obj
            else ["first_day", "last_day"]
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Export | None = None) -> Any:
        return self.get_fields(request, obj) if obj else []

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [path("<int:pk>/file/", view(export_file), name="invoicing_export_file"), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Export, form: Any, change: bool) -> None:  # noqa: FBT001
        if isinstance(request.user, User):
            vars(obj).update(vars(ask_for_export(obj.first_day, obj.last_day, by=request.user)))

    @admin.display(description=_("state"))
    def state(self, export: Export) -> str:
        if export.file:
            address = reverse("admin:invoicing_export_file", args=[export.pk])
            words = ngettext("%(count)s document", "%(count)s documents", export.total)
            shown = words % {"count": digits(export.total)}
            return format_html('<a href="{}">{} {}</a>', address, icon("download"), shown)
        if export.error:
            return state("bad", "circle-alert", explain(export.error[:200]))
        so_far = _("%(done)s of %(total)s") % {"done": digits(export.done), "total": digits(export.total)}
        return state("wait", "hourglass", so_far)
