from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from checkout.bundles import completions_for
from checkout.cart import Cart
from checkout.errors import MailNotPossible
from checkout.forms import RefundRequestForm
from checkout.models import Order, RefundRequest
from checkout.refund_requests import ask_for_refund
from checkout.resending import ask_for_own_mail
from delivery.errors import DownloadRefused, LinkExpired, LinkNotValid, NotNow
from delivery.mails import is_mailed
from delivery.models import MailOptOut
from delivery.news import email_of, start_mails, stop_mails
from delivery.pages import look_again, order_page, shelves, status_of
from storefront.errors import StorefrontError
from storefront.unlisted import unlisted

_NO_DOWNLOAD: dict[type[StorefrontError], tuple[str, int]] = {  # the first that fits
    LinkExpired: ("expired", 410),
    LinkNotValid: ("broken", 404),
    DownloadRefused: ("refused", 403),
    NotNow: ("later", 503),
}


@login_not_required
@require_safe
def order(request: HttpRequest, token: str) -> HttpResponse:
    """The buyer's page of one order; whoever has its address is the buyer."""
    return show_order(request, get_object_or_404(Order, token=token), {})


@login_not_required
@require_POST
def refund_request(request: HttpRequest, token: str) -> HttpResponse:
    """The buyer asks for their money back. A second click finds the first one's request."""
    order = get_object_or_404(Order, token=token)
    form = RefundRequestForm(request.POST)
    if form.is_valid():
        try:
            asked = ask_for_refund(order, form.cleaned_data["words"])
        except StorefrontError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _said_of(asked))
            return redirect(order)
    return show_order(request, order, {"form": form})


def _said_of(asked: RefundRequest) -> str:
    if asked.status == RefundRequest.Status.OPEN:
        return _("We have your wish, and answer by e-mail.")
    if asked.status == RefundRequest.Status.APPROVED:
        return _("Granted: your money is on its way back.")
    return _("We have looked at your wish. How it stands is told below.")


def show_order(request: HttpRequest, order: Order, forms: dict[str, Any]) -> HttpResponse:
    """The page of an order, with forms as they were sent; those that were not are empty."""
    if look_again(order).paid_at:
        _empty_cart(request, order)
    parts = [import_string(path)(request, order) for path in settings.ORDER_PARTS]
    context = {"form": RefundRequestForm(), **order_page(order), **forms, "parts": parts}
    return unlisted(TemplateResponse(request, "delivery/order.html", context))


@login_not_required
@require_safe
def order_status(request: HttpRequest, token: str) -> HttpResponse:
    """For scripts that wait: the payment is confirmed, or the buyer's own copies are made."""
    return JsonResponse({"state": status_of(look_again(get_object_or_404(Order, token=token)))})


@login_not_required
@require_POST
def order_mail(request: HttpRequest, token: str) -> HttpResponse:
    """Send the buyer's mail again, to the order's own address."""
    order = get_object_or_404(Order, token=token)
    try:
        if not is_mailed(order):  # nobody has proven the address
            raise MailNotPossible(_("This order has no mail. Keep the address of this page instead."))
        ask_for_own_mail(order)
    except MailNotPossible as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The mail is on its way to %(email)s.") % {"email": order.email})
    return redirect(order)


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """Everything the reader has bought, newest first."""
    user = cast("User", request.user)
    context = {"shelves": shelves(user.pk), "completions": completions_for(user)}
    return TemplateResponse(request, "delivery/library.html", context)


@login_not_required
@require_safe
def no_download(request: HttpRequest, token: str) -> HttpResponse:
    """Why a link brings no file, as StraightMiddleware found, which would have sent it."""
    refusal = vars(request)["refusal"]
    kind, status = next(said for error, said in _NO_DOWNLOAD.items() if isinstance(refusal, error))
    response = _link_problem(request, refusal, kind, status=status)
    if isinstance(refusal, NotNow):
        response["Retry-After"] = str(refusal.retry_after)
    return response


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def updates(request: HttpRequest, token: str) -> HttpResponse:
    """Where the reader of a mail of new releases stops them, or takes that back."""
    try:
        email = email_of(token)
    except LinkNotValid as refusal:
        return _link_problem(request, refusal, "broken", status=404)
    if request.method == "POST":
        (start_mails if "start" in request.POST else stop_mails)(email)
        return redirect("updates", token)
    context = {"email": email, "is_stopped": MailOptOut.objects.filter(email_folded=email).exists()}
    response = TemplateResponse(request, "delivery/updates.html", context)
    response["Referrer-Policy"] = "same-origin"
    return response


def _link_problem(request: HttpRequest, refusal: StorefrontError, kind: str, *, status: int) -> HttpResponse:
    context = {"problem": refusal, "kind": kind}
    return TemplateResponse(request, "delivery/link_problem.html", context, status=status)


def _empty_cart(request: HttpRequest, order: Order) -> None:
    """What was bought leaves the cart, unless it was changed since."""
    cart = Cart(request.session)
    if cart.key and cart.key == order.cart_key:
        cart.clear()
