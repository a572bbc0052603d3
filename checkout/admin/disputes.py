from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.http.response import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from checkout.admin.base import OwnPage, door
from checkout.admin.money import order_link
from checkout.evidence import ask_for_evidence, evidence_of
from checkout.models import Dispute, Evidence
from checkout.templatetags.staff import badge
from storefront.templatetags.shop import ltr, money

PAGE = "admin:checkout_dispute_change"


def disputes() -> QuerySet[Dispute]:
    return Dispute.objects.select_related("payment__order__user")


def evidence_page(request: HttpRequest, pk: int) -> HttpResponse:
    """For reading and for the browser's own printing: nothing on it but the evidence."""
    if not request.user.has_perm("checkout.view_dispute"):
        raise PermissionDenied
    context = evidence_of(get_object_or_404(disputes(), pk=pk))
    return TemplateResponse(request, "checkout/evidence.html", context)


@door(PAGE, "checkout.change_dispute")
def files(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    ask_for_evidence(get_object_or_404(Dispute, pk=pk), language=get_language() or "en", by=user)
    messages.success(request, gettext("The PDF is being made. Load this page again in a moment."))
    return redirect(PAGE, pk)


def file(request: HttpRequest, pk: int, key: str) -> HttpResponseBase:
    if not request.user.has_perm("checkout.view_dispute"):
        raise PermissionDenied
    evidence = get_object_or_404(Evidence.objects.exclude(file=""), dispute=pk, key=key)
    name = f"evidence-{evidence.dispute.payment.order.number}-{evidence.created_at:%Y-%m-%d}.pdf"
    try:
        return FileResponse(evidence.file.open("rb"), as_attachment=True, filename=name)
    except FileNotFoundError:
        raise Http404 from None


@admin.register(Dispute)
class DisputeAdmin(OwnPage):
    list_display = ["opened_at", "order_shown", "amount_shown", "reason_shown", "is_warning", "status_shown"]
    list_filter = ["status", "is_warning", "opened_at"]
    list_select_related = ["payment__order"]
    search_fields = ["reference", "payment__reference", "payment__order__email_folded"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/evidence/", view(evidence_page), name="checkout_dispute_evidence"),
            path("<int:pk>/evidence/files/", view(files), name="checkout_dispute_files"),
            path("<int:pk>/evidence/files/<slug:key>/", view(file), name="checkout_dispute_file"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        dispute = get_object_or_404(disputes(), pk=pk)
        context = {
            **admin.site.each_context(request),
            "opts": Dispute._meta,
            "title": gettext("Dispute of order %(number)s") % {"number": dispute.payment.order.number},
            "dispute": dispute,
            "files": dispute.evidence.select_related("requested_by"),
            "can_move": request.user.has_perm("checkout.change_dispute"),
        }
        return TemplateResponse(request, "admin/checkout/dispute/page.html", context)

    @admin.display(description=_("order"), ordering="payment__order")
    def order_shown(self, dispute: Dispute) -> str:
        return order_link(dispute.payment.order)

    @admin.display(description=_("amount"), ordering="amount")
    def amount_shown(self, dispute: Dispute) -> str:
        return money(dispute.amount, dispute.payment.currency)

    @admin.display(description=_("reason"))
    def reason_shown(self, dispute: Dispute) -> str:
        return ltr(dispute.reason)

    @admin.display(description=_("status"), ordering="status")
    def status_shown(self, dispute: Dispute) -> str:
        return badge(dispute)
