"""The pages of an affiliate. Nothing here tells who bought."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from affiliates.errors import LinkNotOurs
from affiliates.forms import ApplicationForm, LinkForm, ProfileForm
from affiliates.friends import friend_link, invite
from affiliates.joining import Application, apply
from affiliates.ledger import balances
from affiliates.ledger_pages import ledger_file, ledger_page, newest
from affiliates.links import link_to, qr, short_link
from affiliates.models import Affiliate, Creative, Payout, Program
from affiliates.pages import coupons_of, creative_of, dashboard_of, payout_rows
from affiliates.profiles import change_profile
from affiliates.reports import with_fresh_clicks
from affiliates.statements import ask_for_statement
from storefront.errors import StorefrontError


def _mine(request: HttpRequest) -> Affiliate | None:
    """The affiliate who reads, whatever their standing."""
    mine = Affiliate.objects.filter(user=request.user.pk).select_related("user")
    return with_fresh_clicks(mine).first()


def _active_or_404(request: HttpRequest) -> Affiliate:
    """Who has ever been let in has a ledger to look at; applicants have none yet."""
    affiliate = _mine(request)
    if affiliate is None or affiliate.is_friend or affiliate.status == Affiliate.Status.PENDING:
        raise Http404
    return affiliate


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """What the programme offers, to everybody; whoever is signed in may apply."""
    reader = request.user if isinstance(request.user, User) else None
    mine = _mine(request) if reader else None
    if mine and not mine.is_friend:
        return redirect("affiliate")
    if request.method != "POST" or reader is None:
        form = ApplicationForm(initial={"name": reader.name if reader else ""})
        return _join_page(request, form)
    form = ApplicationForm(request.POST)
    if form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("name", "code", "website", "plan")}
        try:
            apply(reader, Application(**said, language=get_language() or "en"))
        except StorefrontError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("affiliate")
    return _join_page(request, form)


def _join_page(request: HttpRequest, form: ApplicationForm) -> HttpResponse:
    return TemplateResponse(request, "affiliates/join.html", {"form": form, "program": Program.load()})


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    affiliate = _mine(request)
    if affiliate is None:
        return redirect("affiliate_join")
    if affiliate.is_friend:
        return redirect("affiliate_friends")
    program = Program.load()
    context: dict[str, Any] = {"affiliate": affiliate, "program": program}
    if affiliate.status == Affiliate.Status.PENDING:
        return TemplateResponse(request, "affiliates/waiting.html", context)
    context |= dashboard_of(affiliate, request.GET.get("period", ""))
    context |= {"balances": balances(affiliate), "lines": newest(affiliate)}
    return TemplateResponse(request, "affiliates/dashboard.html", context | _link(request, affiliate))


def _link(request: HttpRequest, affiliate: Affiliate) -> dict[str, Any]:
    """The link that is asked for, or the one to the front of the shop."""
    form = LinkForm(request.GET if "address" in request.GET else None)
    link = short_link(affiliate)
    if form.is_bound and form.is_valid():
        try:
            wanted = form.cleaned_data
            link = link_to(affiliate, wanted["address"], sub_id=wanted["sub"])
        except LinkNotOurs as refusal:
            form.add_error("address", str(refusal))
    return {"form": form, "link": link, "qr": qr(link)}


@require_http_methods(["GET", "HEAD", "POST"])
def friends(request: HttpRequest) -> HttpResponse:
    """The link that a buyer gives to friends, and what it has brought."""
    reader, program = request.user, Program.load()
    affiliate = _mine(request)
    if affiliate and not affiliate.is_friend:
        return redirect("affiliate")
    context: dict[str, Any] = {"program": program, "affiliate": affiliate}
    if request.method == "POST" and isinstance(reader, User):
        try:
            invite(reader, language=get_language() or "en")
            return redirect("affiliate_friends")
        except StorefrontError as refusal:
            context["refusal"] = str(refusal)
    if affiliate:
        link = friend_link(affiliate, program)
        context |= {"link": link, "qr": qr(link), "balances": balances(affiliate), "lines": newest(affiliate)}
    return TemplateResponse(request, "affiliates/friends.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    affiliate = _mine(request)
    if affiliate is None or affiliate.is_friend:
        return redirect("affiliate_join")
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=affiliate)
    if form.is_bound and form.is_valid():
        change_profile(form.save(commit=False), form.changed_data)
        messages.success(request, _("Saved."))
        return redirect("affiliate_profile")
    return TemplateResponse(request, "affiliates/profile.html", {"affiliate": affiliate, "form": form})


@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    affiliate = _active_or_404(request)
    context = ledger_page(affiliate, before=request.GET.get("before", ""))
    context |= {"affiliate": affiliate, "balances": balances(affiliate)}
    return TemplateResponse(request, "affiliates/ledger.html", context)


@require_safe
def ledger_csv(request: HttpRequest) -> HttpResponseBase:
    return ledger_file(_active_or_404(request))


@require_safe
def payouts(request: HttpRequest) -> HttpResponse:
    affiliate = _active_or_404(request)
    context = {"affiliate": affiliate, "payouts": payout_rows(affiliate), "balances": balances(affiliate)}
    return TemplateResponse(request, "affiliates/payouts.html", context)


@require_POST
def statements(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a statement printed in the language of the page."""
    payout = get_object_or_404(_paid(request), pk=pk)
    ask_for_statement(payout, get_language() or "en")
    messages.success(request, _("Your statement is being printed. Look again in a moment."))
    return redirect("affiliate_payouts")


@require_safe
def statement(request: HttpRequest, pk: int, language: str) -> HttpResponseBase:
    payout = get_object_or_404(_paid(request), pk=pk)
    printed = payout.statements.filter(language=language).exclude(file="").first()
    if printed is None:
        raise Http404
    return FileResponse(printed.file.open("rb"), as_attachment=True, filename=f"{payout.number}.pdf")


def _paid(request: HttpRequest) -> Any:
    return Payout.objects.filter(affiliate=_active_or_404(request), status=Payout.Status.PAID)


@require_safe
def creatives(request: HttpRequest) -> HttpResponse:
    affiliate = _active_or_404(request)
    offered = Creative.objects.filter(is_active=True).select_related("picture", "product__cover")
    context = {
        "affiliate": affiliate,
        "creatives": [creative_of(affiliate, each) for each in offered],
        "coupons": coupons_of(affiliate),
    }
    return TemplateResponse(request, "affiliates/creatives.html", context)
