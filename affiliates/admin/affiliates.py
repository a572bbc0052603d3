from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from affiliates.admin.earners import earners_page
from affiliates.admin.forms import AdjustForm, RejectForm
from affiliates.admin.looks import look
from affiliates.joining import approve, reject
from affiliates.ledger import adjust, balances
from affiliates.ledger_pages import newest
from affiliates.models import Affiliate, LedgerEntry, Payout, Referral
from affiliates.reports import report_of, with_fresh_clicks
from checkout.admin.base import OwnPage, door
from storefront.errors import StorefrontError
from storefront.templatetags.shop import isolate, ltr, when

PAGE = "admin:affiliates_affiliate_change"
SHOWN = 20


def _affiliates() -> QuerySet[Affiliate]:
    return with_fresh_clicks(Affiliate.objects.select_related("user", "decided_by"))


def affiliate_page(
    request: HttpRequest, affiliate: Affiliate, bound: forms.Form | None = None
) -> TemplateResponse:
    """All of one affiliate: who they are, what they bring, what looks odd, and what they are owed."""
    referrals = Referral.objects.filter(affiliate=affiliate).select_related("order").order_by("-pk")
    context = {
        **admin.site.each_context(request),
        "opts": Affiliate._meta,
        "title": affiliate.name,
        "affiliate": affiliate,
        "look": look(affiliate),
        "balances": balances(affiliate),
        "report": report_of(affiliate, "365"),
        "refunded": _refunded(affiliate),
        "referrals": referrals[:SHOWN],
        "lines": newest(affiliate),
        "payouts": Payout.objects.filter(affiliate=affiliate).select_related("batch").order_by("-pk")[:SHOWN],
        "rates": affiliate.rates.select_related("product", "category"),
        "reject_form": bound if isinstance(bound, RejectForm) else RejectForm(),
        "adjust_form": bound if isinstance(bound, AdjustForm) else AdjustForm(),
        "bound": bound,
        "can_move": request.user.has_perm("affiliates.change_affiliate"),
        "can_adjust": request.user.has_perm("affiliates.add_ledgerentry"),
    }
    return TemplateResponse(request, "admin/affiliates/affiliate/page.html", context)


def _refunded(affiliate: Affiliate) -> tuple[int, int]:
    """Of the latest orders, how many were given back at least in part."""
    latest = Referral.objects.filter(affiliate=affiliate, status=Referral.Status.CREDITED).order_by("-pk")
    ids = list(latest.values_list("pk", flat=True)[:100])
    taken = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.REVERSAL, line__referral__in=ids)
    return taken.values("line__referral").distinct().count(), len(ids)


@door(PAGE, "affiliates.change_affiliate")
def moves(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    """Approve, pause, or let go on: a button each."""
    affiliate = get_object_or_404(_affiliates(), pk=pk)
    deeds: dict[str, tuple[Callable[[], bool], str]] = {
        "approve": (lambda: approve(affiliate, by=user), gettext("They are active now, and know by mail.")),
        "pause": (lambda: affiliate.pause(by=user), gettext("Their links earn nothing new from now on.")),
    }
    deed, words = deeds.get(request.POST.get("move", ""), (lambda: False, ""))
    if deed():
        messages.success(request, words)
    else:
        messages.error(request, gettext("This was done already, or can't be done now."))
    return redirect(PAGE, pk)


@door(PAGE, "affiliates.change_affiliate")
def rejections(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    affiliate, form = get_object_or_404(_affiliates(), pk=pk), RejectForm(request.POST)
    if not form.is_valid():
        return affiliate_page(request, affiliate, form)
    if reject(affiliate, by=user, answer=form.cleaned_data["answer"]):
        messages.success(request, gettext("They earn nothing new, and have your answer by mail."))
    else:
        messages.error(request, gettext("This was done already, or can't be done now."))
    return redirect(PAGE, pk)


@door(PAGE, "affiliates.add_ledgerentry")
def adjustments(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    affiliate, form = get_object_or_404(_affiliates(), pk=pk), AdjustForm(request.POST)
    if form.is_valid():
        wish = form.cleaned_data
        try:
            adjust(affiliate, wish["sum"], wish["currency"], reason=wish["reason"], by=user, key=wish["key"])
            messages.success(request, gettext("The row is written. The affiliate reads your reason."))
            return redirect(PAGE, pk)
        except StorefrontError as refusal:
            form.add_error(None, str(refusal))
    return affiliate_page(request, affiliate, form)


@admin.register(Affiliate)
class AffiliateAdmin(OwnPage):
    change_list_template = "admin/affiliates/affiliate/list.html"
    list_display = ["name_shown", "code_shown", "email", "status_shown", "method", "applied_shown"]
    list_filter = ["status", "method", "applied_at"]
    list_select_related = ["user"]
    search_fields = ["name", "code_folded", "user__email", "website"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("earners/", view(earners_page), name="affiliates_affiliate_earners"),
            path("<int:pk>/moves/", view(moves), name="affiliates_affiliate_moves"),
            path("<int:pk>/rejections/", view(rejections), name="affiliates_affiliate_rejections"),
            path("<int:pk>/adjustments/", view(adjustments), name="affiliates_affiliate_adjustments"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        return affiliate_page(request, get_object_or_404(_affiliates(), pk=pk))

    @admin.display(description=_("name"), ordering="name")
    def name_shown(self, affiliate: Affiliate) -> str:
        return isolate(affiliate.name)

    @admin.display(description=_("code"), ordering="code_folded")
    def code_shown(self, affiliate: Affiliate) -> str:
        return isolate(affiliate.code)

    @admin.display(description=_("e-mail"), ordering="user__email")
    def email(self, affiliate: Affiliate) -> str:
        return ltr(affiliate.user.email)

    @admin.display(description=_("applied"), ordering="applied_at")
    def applied_shown(self, affiliate: Affiliate) -> str:
        return when(affiliate.applied_at, "time")

    @admin.display(description=_("status"), ordering="status")
    def status_shown(self, affiliate: Affiliate) -> Any:
        return look(affiliate)
