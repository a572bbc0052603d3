from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from checkout.admin.base import OwnPage, door
from checkout.admin.forms import AnswerForm
from checkout.admin.money import order_link
from checkout.models import RefundRequest
from checkout.money_back import money_back
from checkout.refund_requests import approve, decline
from checkout.templatetags.staff import badge
from checkout.timeline import timeline
from storefront.errors import StorefrontError
from storefront.templatetags.shop import isolate, money

PAGE = "admin:checkout_refundrequest_change"


def requests() -> QuerySet[RefundRequest]:
    return RefundRequest.objects.select_related("order", "decided_by", "refund__payment")


def request_page(
    request: HttpRequest, asked: RefundRequest, form: AnswerForm | None = None
) -> TemplateResponse:
    entries, lines = timeline(asked.order), asked.order.lines.with_upgrades().select_related("order")
    context = {
        **admin.site.each_context(request),
        "opts": RefundRequest._meta,
        "title": gettext("A refund is asked for: order %(number)s") % {"number": asked.order.number},
        "asked": asked,
        "goes_back": money_back(asked.order, lines, at=asked.created_at),
        "downloads": [entry for entry in entries if entry.kind == "download"],
        "form": form or AnswerForm(),
        "can_decline": request.user.has_perm("checkout.change_refundrequest"),
        "can_grant": request.user.has_perms(["checkout.change_refundrequest", "checkout.add_refund"]),
    }
    return TemplateResponse(request, "admin/checkout/refundrequest/page.html", context)


@door(PAGE, "checkout.change_refundrequest", "checkout.add_refund")
def grants(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    try:
        approve(get_object_or_404(requests(), pk=pk), by=user)
        messages.success(request, gettext("The refund is on its way."))
    except StorefrontError as refusal:
        messages.error(request, str(refusal))
    return redirect(PAGE, pk)


@door(PAGE, "checkout.change_refundrequest")
def answers(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    asked, form = get_object_or_404(requests(), pk=pk), AnswerForm(request.POST)
    if not form.is_valid():
        return request_page(request, asked, form)
    if decline(asked, answer=form.cleaned_data["answer"], by=user):
        messages.success(request, gettext("The refund is declined, and the buyer gets your answer by mail."))
    else:
        messages.error(request, gettext("This was decided already."))
    return redirect(PAGE, pk)


@admin.register(RefundRequest)
class RefundRequestAdmin(OwnPage):
    list_display = ["created_at", "order_shown", "total", "words_shown", "status_shown", "decided_at"]
    list_filter = ["status", "created_at"]
    list_select_related = ["order"]
    search_fields = ["order__email_folded", "words"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/grants/", view(grants), name="checkout_refundrequest_grants"),
            path("<int:pk>/answers/", view(answers), name="checkout_refundrequest_answers"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        return request_page(request, get_object_or_404(requests(), pk=pk))

    @admin.display(description=_("order"), ordering="order")
    def order_shown(self, asked: RefundRequest) -> str:
        return order_link(asked.order)

    @admin.display(description=_("total"))
    def total(self, asked: RefundRequest) -> str:
        return money(asked.order.total, asked.order.currency)

    @admin.display(description=_("what the buyer says"))
    def words_shown(self, asked: RefundRequest) -> str:
        return isolate(asked.words[:120])

    @admin.display(description=_("status"), ordering="status")
    def status_shown(self, asked: RefundRequest) -> str:
        return badge(asked)
