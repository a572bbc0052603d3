import logging
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from checkout.cart import Cart
from checkout.forms import RefundRequestForm
from checkout.models import Order, RefundRequest
from checkout.refund_requests import ask_for_refund
from delivery.errors import DownloadRefused, LinkExpired, LinkNotValid
from delivery.links import open_link
from delivery.models import Download, DownloadGrant
from delivery.pages import look_again, order_page, shelves, state_of
from storefront.errors import StorefrontError

logger = logging.getLogger(__name__)


@login_not_required
@require_safe
def order(request: HttpRequest, token: str) -> HttpResponse:
    """The buyer's page of one order; whoever has its address is the buyer."""
    order = get_object_or_404(Order, token=token)
    return _order_page(request, order, RefundRequestForm())


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
    return _order_page(request, order, form)


def _said_of(asked: RefundRequest) -> str:
    if asked.status == RefundRequest.Status.OPEN:
        return _("We have your wish, and answer by e-mail.")
    if asked.status == RefundRequest.Status.APPROVED:
        return _("Granted: your money is on its way back.")
    return _("We have looked at your wish. How it stands is told below.")


def _order_page(request: HttpRequest, order: Order, form: RefundRequestForm) -> HttpResponse:
    if look_again(order).paid_at:
        _empty_cart(request, order)
    response = TemplateResponse(request, "delivery/order.html", order_page(order) | {"form": form})
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "same-origin"
    return response


@login_not_required
@require_safe
def order_status(request: HttpRequest, token: str) -> HttpResponse:
    return JsonResponse({"state": state_of(look_again(get_object_or_404(Order, token=token)))})


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """Everything the reader has bought, newest first."""
    return TemplateResponse(request, "delivery/library.html", {"shelves": shelves(request.user.pk)})


@login_not_required
@require_safe
def download(request: HttpRequest, token: str) -> HttpResponseBase:
    try:
        grant = open_link(token)
        response = _file_response(grant)
    except LinkExpired as refusal:
        return _link_problem(request, refusal, "expired", status=410)
    except LinkNotValid as refusal:
        return _link_problem(request, refusal, "broken", status=404)
    except DownloadRefused as refusal:
        return _link_problem(request, refusal, "refused", status=403)
    if request.method == "GET":
        Download.objects.create(
            grant=grant,
            client_address=request.META.get("REMOTE_ADDR") or None,
            user_agent=request.headers.get("User-Agent", "")[:300],
        )
    return response


def _link_problem(request: HttpRequest, refusal: StorefrontError, kind: str, *, status: int) -> HttpResponse:
    context = {"problem": refusal, "kind": kind}
    return TemplateResponse(request, "delivery/link_problem.html", context, status=status)


def _file_response(grant: DownloadGrant) -> HttpResponseBase:
    file = grant.file
    response: HttpResponseBase
    if settings.X_ACCEL_LOCATION:
        response = HttpResponse(
            headers={"X-Accel-Redirect": settings.X_ACCEL_LOCATION + quote(file.file.name)}
        )
    else:
        try:
            response = FileResponse(file.file.open("rb"))
        except FileNotFoundError:
            logger.exception("The file %s of product %s is gone from storage.", file.pk, file.product_id)
            raise DownloadRefused(
                _("This file is missing on our side. Please write to us; your right to it stays.")
            ) from None
        response["Content-Length"] = str(file.size)
    response["Content-Type"] = file.content_type
    response["Content-Disposition"] = content_disposition_header(True, file.filename) or "attachment"  # noqa: FBT003
    response["ETag"] = f'"{file.sha256}"'
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _empty_cart(request: HttpRequest, order: Order) -> None:
    """What was bought leaves the cart, unless it was changed since."""
    cart = Cart(request.session)
    if cart.key and cart.key == order.cart_key:
        cart.clear()
