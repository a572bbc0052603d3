"""The page of one order for staff, and the doors of what may be done there."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.models import User
from checkout.admin.base import door
from checkout.admin.forms import EmailForm, HoldForm, RefundForm, refund_forms
from checkout.errors import RefundTooLarge
from checkout.gifts import send_again
from checkout.models import Order, Payment, Refund, RefundRequest
from checkout.payments import release_order
from checkout.readdressing import change_email
from checkout.resending import ask_for_mail
from checkout.resyncing import resync
from checkout.staff_refunds import refund_as_shown
from checkout.telling_offers import with_offers
from checkout.timeline import timeline
from storefront.errors import StorefrontError

PAGE = "admin:checkout_order_change"


def orders() -> QuerySet[Order]:
    """Orders with all that their page shows of money, in a query for each table."""
    refunds: Any = Prefetch("refunds", Refund.objects.select_related("requested_by"))
    payments = Prefetch("payments", Payment.objects.prefetch_related(refunds, "disputes"))
    rows = Order.objects.select_related("user", "gift").prefetch_related("lines", "tax_evidence", payments)
    return with_offers(rows)


def order_page(request: HttpRequest, order: Order, bound: forms.Form | None = None) -> TemplateResponse:
    """`bound` is the form that was refused: it stands where it stood, with what was typed."""
    wishes = refund_forms(order)
    if isinstance(bound, RefundForm):
        wishes[bound.payment.pk] = bound
    payments = list(order.payments.all())
    context = {
        **admin.site.each_context(request),
        "opts": Order._meta,
        "title": _("Order %(number)s") % {"number": order.number},
        "order": order,
        "gift": order.gift if order.is_gift else None,
        "payments": [(payment, wishes.get(payment.pk)) for payment in payments],
        "disputes": [dispute for payment in payments for dispute in payment.disputes.all()],
        "open_request": RefundRequest.objects.filter(order=order, status=RefundRequest.Status.OPEN).first(),
        "entries": timeline(order),
        "email_form": bound if isinstance(bound, EmailForm) else EmailForm(),
        "hold_form": bound if isinstance(bound, HoldForm) else HoldForm(),
        "bound": bound,
        "can_move": request.user.has_perm("checkout.change_order"),
        "can_refund": request.user.has_perm("checkout.add_refund"),
    }
    return TemplateResponse(request, "admin/checkout/order/page.html", context)


def _answer(
    request: HttpRequest, order: Order, form: forms.Form, deed: Callable[[dict[str, Any]], str]
) -> HttpResponse:
    """Do what the form asks and go back to the order, or show the form again with what is wrong."""
    if form.is_valid():
        try:
            messages.success(request, deed(form.cleaned_data))
            return redirect(PAGE, order.pk)
        except RefundTooLarge as refusal:
            form.add_error("amount", str(refusal))
        except StorefrontError as refusal:
            form.add_error(None, str(refusal))
    return order_page(request, get_object_or_404(orders(), pk=order.pk), form)


@door(PAGE, "checkout.add_refund")
def refunds(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    order = get_object_or_404(orders(), pk=pk)
    chosen = request.POST.get("payment", "")
    payment = next((each for each in order.payments.all() if str(each.pk) == chosen), None)
    if payment is None:
        messages.error(request, _("This order has no such payment."))
        return redirect(PAGE, order.pk)
    form = RefundForm(payment, list(order.lines.all()), request.POST)

    def deed(wish: dict[str, Any]) -> str:
        refund_as_shown(
            payment,
            wish["amount"],
            left=wish["left"],
            reason=Refund.Reason(wish["reason"]),
            source=Refund.Source(wish["source"]),
            by=user,
            lines=form.parts(),
            revokes_access=wish["revokes_access"],
            note=wish["note"],
        )
        if wish["source"] == Refund.Source.MANUAL:
            return _("The refund is noted.")
        return _("The refund is on its way.")

    return _answer(request, order, form, deed)


@door(PAGE, "checkout.change_order")
def email(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    order = get_object_or_404(orders(), pk=pk)

    def deed(wish: dict[str, Any]) -> str:
        if change_email(order, wish["email"], by=user):
            return _("The address is changed. Send the delivery mail again, so that it arrives there too.")
        return _("This is the address that the order has.")

    return _answer(request, order, EmailForm(request.POST), deed)


@door(PAGE, "checkout.change_order")
def mails(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    order = get_object_or_404(orders(), pk=pk)

    def deed(_wish: dict[str, Any]) -> str:
        ask_for_mail(order, by=user)
        return _("The delivery mail is sent again.")

    return _carry_out(request, order, deed)


@door(PAGE, "checkout.change_order")
def gift(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    order = get_object_or_404(orders(), pk=pk)

    def deed(_wish: dict[str, Any]) -> str:
        send_again(order, by=user)
        return _("The gift is sent again.")

    return _carry_out(request, order, deed)


@door(PAGE, "checkout.change_order")
def hold(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    order = get_object_or_404(orders(), pk=pk)

    def deed(wish: dict[str, Any]) -> str:
        held = order.hold(wish["reason"], by=str(user))
        return _("The order is held.") if held else _("The order was held already.")

    return _answer(request, order, HoldForm(request.POST), deed)


@door(PAGE, "checkout.change_order")
def release(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    order = get_object_or_404(orders(), pk=pk)

    def deed(_wish: dict[str, Any]) -> str:
        released = release_order(order, by=str(user))
        return _("The order is released.") if released else _("The order was not held.")

    return _carry_out(request, order, deed)


@door(PAGE, "checkout.change_order")
def looks(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    """Look again at the providers."""
    order = get_object_or_404(orders(), pk=pk)
    started = [payment for payment in order.payments.all() if payment.reference]
    refusals = resync(started)
    for refusal in refusals:
        messages.warning(request, refusal)
    if not refusals:
        messages.success(request, _("The provider was asked. What it said is booked."))
    return redirect(PAGE, order.pk)


def _carry_out(request: HttpRequest, order: Order, deed: Callable[[dict[str, Any]], str]) -> HttpResponse:
    """A deed of one button: nothing is typed, so that a refusal is a message."""
    try:
        messages.success(request, deed({}))
    except StorefrontError as refusal:
        messages.error(request, str(refusal))
    return redirect(PAGE, order.pk)
