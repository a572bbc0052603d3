import logging
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Prefetch, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from checkout.cart import Cart
from checkout.models import Order, OrderLine
from checkout.payments import sync_if_stale
from checkout.providers import providers_for
from delivery.errors import DownloadRefused, LinkExpired, LinkNotValid
from delivery.fulfilment import grant_at_once
from delivery.links import offers, open_link
from delivery.mails import is_mailed
from delivery.models import Download, DownloadGrant
from storefront.errors import StorefrontError

logger = logging.getLogger(__name__)


@login_not_required
@require_safe
def order(request: HttpRequest, token: str) -> HttpResponse:
    """The buyer's page of one order; whoever has its address is the buyer."""
    order = get_object_or_404(Order, token=token)
    state = _look_again(order)
    if order.paid_at:
        _empty_cart(request, order)
    lines = list(_with_rights(order.lines.all()))
    context = {
        "order": order,
        "state": state,
        "lines": lines,
        "downloads": [offer for line in lines for offer in offers(line)] if state == "paid" else [],
        "providers": providers_for(order.total, order.currency) if state == "failed" else [],
        "is_mailed": state == "paid" and is_mailed(order),
    }
    response = TemplateResponse(request, "delivery/order.html", context)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "same-origin"
    return response


@login_not_required
@require_safe
def order_status(request: HttpRequest, token: str) -> HttpResponse:
    return JsonResponse({"state": _look_again(get_object_or_404(Order, token=token))})


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """Everything the reader has bought, newest first."""
    paid = Order.objects.paid().filter(user=request.user.pk, held_at=None)
    lines = _with_rights(OrderLine.objects.filter(order__in=paid).order_by("-order_id", "pk"))
    shelves = [
        {"product": line.variant.product, "order": line.order, "downloads": offers(line)} for line in lines
    ]
    return TemplateResponse(request, "delivery/library.html", {"shelves": shelves})


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


def _look_again(order: Order) -> str:
    """How the order stands, after asking the provider and opening what a paid order brings."""
    if order.is_pending and not order.is_held:
        for payment in order.payments.unsettled().exclude(reference=""):
            sync_if_stale(payment)
        order.refresh_from_db()
    if order.is_deliverable:
        grant_at_once(order)
    return _state(order)


def _state(order: Order) -> str:
    """One of: held, paid, refunded, expired, confirming, failed."""
    if order.is_held:
        return "held"
    if order.is_paid:
        return "paid"
    if not order.is_pending:
        return str(order.status)
    return "confirming" if order.payments.unsettled().exclude(reference="").exists() else "failed"


def _with_rights(lines: QuerySet[OrderLine]) -> QuerySet[OrderLine]:
    """The lines with the usable rights of each and their files at hand, for offers()."""
    grants = DownloadGrant.objects.usable().select_related("file").order_by("file__position", "file_id")
    return lines.select_related("order", "variant__product__cover").prefetch_related(
        Prefetch("grants", queryset=grants)
    )


def _empty_cart(request: HttpRequest, order: Order) -> None:
    """What was bought leaves the cart, unless it was changed since."""
    cart = Cart(request.session)
    if cart.key and cart.key == order.cart_key:
        cart.clear()
