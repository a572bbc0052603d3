import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from affiliates.admin.forms import CancelForm, PaidForm
from affiliates.admin.looks import look
from affiliates.models import Payout, PayoutBatch
from affiliates.payout_files import batch_file
from affiliates.payouts import Wish, cancel, due, make_batches, mark_batch_paid, send_by_paypal
from checkout.admin.base import OwnPage, door
from checkout.providers.paypal_payouts import can_pay_out
from storefront.errors import StorefrontError
from storefront.money import digits
from storefront.templatetags.shop import money, when

PAGE = "admin:affiliates_payoutbatch_change"
DUE = "admin:affiliates_payoutbatch_due"
LIST = "admin:affiliates_payoutbatch_changelist"
_WISH = re.compile(r"(\d{1,18})-([A-Z]{3})-(\d{1,18})", re.ASCII)


def batch_page(request: HttpRequest, batch: PayoutBatch, bound: forms.Form | None = None) -> TemplateResponse:
    payouts = list(batch.payouts.select_related("affiliate", "settled_by").order_by("pk"))
    pending = [payout for payout in payouts if payout.status == Payout.Status.PENDING]
    context = {
        **admin.site.each_context(request),
        "opts": PayoutBatch._meta,
        "title": str(batch),
        "batch": batch,
        "payouts": [(payout, look(payout)) for payout in payouts],
        "pending": pending,
        "total": sum(payout.amount for payout in payouts if payout.status != Payout.Status.CANCELED),
        "paid_form": bound if isinstance(bound, PaidForm) else PaidForm(),
        "cancel_form": bound if isinstance(bound, CancelForm) else CancelForm(),
        "bound": bound,
        "can_send": batch.method == "paypal" and not batch.sent_at and can_pay_out(),
        "can_move": request.user.has_perm("affiliates.change_payoutbatch"),
    }
    return TemplateResponse(request, "admin/affiliates/payoutbatch/page.html", context)


def due_page(request: HttpRequest) -> HttpResponse:
    """What is due, to be looked at and put into batches."""
    if not request.user.has_perm("affiliates.view_payoutbatch"):
        raise PermissionDenied
    if request.method == "POST":
        return _make(request)
    found = due()
    sums: dict[str, int] = {}
    for each in found:
        if not each.why_not:
            sums[each.currency] = sums.get(each.currency, 0) + each.amount
    context = {
        **admin.site.each_context(request),
        "opts": PayoutBatch._meta,
        "title": gettext("What is due"),
        "due": found,
        "sums": sorted(sums.items()),
        "can_make": request.user.has_perm("affiliates.add_payoutbatch"),
    }
    return TemplateResponse(request, "admin/affiliates/payoutbatch/due.html", context)


def _make(request: HttpRequest) -> HttpResponse:
    if not isinstance(request.user, User) or not request.user.has_perm("affiliates.add_payoutbatch"):
        raise PermissionDenied
    try:
        batches = make_batches(_wishes(request.POST.getlist("due")), by=request.user)
    except StorefrontError as refusal:
        messages.error(request, str(refusal))
        return redirect(DUE)
    count = len(batches)
    words = ngettext("%(count)s batch was made.", "%(count)s batches were made.", count)
    messages.success(request, words % {"count": digits(count)})
    return redirect(PAGE, batches[0].pk) if count == 1 else redirect(LIST)


def _wishes(told: list[str]) -> dict[Wish, int]:
    """What was ticked, as Due.wish writes it; whatever else came is left out."""
    found = filter(None, map(_WISH.fullmatch, told))
    return {(int(match[1]), match[2]): int(match[3]) for match in found}


@door(PAGE, "affiliates.change_payoutbatch")
def paid(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    batch, form = get_object_or_404(PayoutBatch, pk=pk), PaidForm(request.POST)
    if form.is_valid():
        try:
            count = mark_batch_paid(batch, reference=form.cleaned_data["reference"], by=user)
        except StorefrontError as refusal:
            messages.error(request, str(refusal))
        else:
            words = ngettext("%(count)s payout is paid.", "%(count)s payouts are paid.", count)
            messages.success(request, words % {"count": digits(count)})
        return redirect(PAGE, pk)
    return batch_page(request, batch, form)


@door(PAGE, "affiliates.change_payoutbatch")
def cancellations(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    batch, form = get_object_or_404(PayoutBatch, pk=pk), CancelForm(request.POST)
    chosen = request.POST.get("payout", "")
    if not (chosen.isascii() and chosen.isdecimal() and len(chosen) < 19):
        raise Http404
    payout = get_object_or_404(batch.payouts.select_related("batch"), pk=int(chosen))
    if not form.is_valid():
        return batch_page(request, batch, form)
    try:
        cancel(payout, note=form.cleaned_data["note"], by=user)
        messages.success(request, gettext("The payout is canceled; the money is in the balance again."))
    except StorefrontError as refusal:
        messages.error(request, str(refusal))
    return redirect(PAGE, pk)


@door(PAGE, "affiliates.change_payoutbatch")
def sendings(request: HttpRequest, pk: int, _user: User) -> HttpResponse:
    try:
        send_by_paypal(get_object_or_404(PayoutBatch, pk=pk))
        messages.success(request, gettext("PayPal is asked to send it. This page tells what becomes of it."))
    except StorefrontError as refusal:
        messages.error(request, str(refusal))
    return redirect(PAGE, pk)


def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The batch as a file to upload where it is paid."""
    if not request.user.has_perm("affiliates.view_payoutbatch"):
        raise PermissionDenied
    return batch_file(get_object_or_404(PayoutBatch, pk=pk))


@admin.register(PayoutBatch)
class PayoutBatchAdmin(OwnPage):
    change_list_template = "admin/affiliates/payoutbatch/list.html"
    list_display = ["made_shown", "method", "payouts_shown", "total", "open_shown", "error"]
    list_filter = ["method", "currency", "created_at"]
    search_fields = ["key", "reference", "payouts__affiliate__name", "payouts__reference"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PayoutBatch]:
        pending = Q(payouts__status=Payout.Status.PENDING)
        kept = ~Q(payouts__status=Payout.Status.CANCELED)
        return (
            super()
            .get_queryset(request)
            .annotate(
                count=Count("payouts"),
                open=Count("payouts", filter=pending),
                sum=Sum("payouts__amount", filter=kept, default=0),
            )
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("due/", view(due_page), name="affiliates_payoutbatch_due"),
            path("<int:pk>/paid/", view(paid), name="affiliates_payoutbatch_paid"),
            path("<int:pk>/cancellations/", view(cancellations), name="affiliates_payoutbatch_cancellations"),
            path("<int:pk>/sendings/", view(sendings), name="affiliates_payoutbatch_sendings"),
            path("<int:pk>/file/", view(file), name="affiliates_payoutbatch_file"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        return batch_page(request, get_object_or_404(PayoutBatch, pk=pk))

    @admin.display(description=_("made"), ordering="created_at")
    def made_shown(self, batch: PayoutBatch) -> str:
        return when(batch.created_at, "time")

    @admin.display(description=_("payouts"))
    def payouts_shown(self, batch: Any) -> str:
        return digits(batch.count)

    @admin.display(description=_("total"))
    def total(self, batch: Any) -> str:
        return money(batch.sum, batch.currency)

    @admin.display(description=_("not settled"))
    def open_shown(self, batch: Any) -> str:
        return digits(batch.open) if batch.open else "—"
