"""Gifts: what a recipient sees and does, and what the buyer does on the page of the order."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from checkout.errors import GiftNotPossible
from checkout.gift_forms import RecipientForm
from checkout.gifts import accept, keep, readdress, send_again
from checkout.models import Gift, Order
from delivery.gift_pages import gift_page
from delivery.views import show_order
from storefront.unlisted import unlisted


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def gift(request: HttpRequest, token: str) -> HttpResponse:
    """The recipient's page: looking changes nothing, since mail programs look too; a POST accepts it."""
    gift = get_object_or_404(Gift.objects.select_related("order"), token=token)
    user = request.user if isinstance(request.user, User) else None
    if request.method == "POST":
        try:
            accept(gift, user)
        except GiftNotPossible as refusal:
            messages.error(request, str(refusal))
        return redirect(gift)
    return unlisted(TemplateResponse(request, "delivery/gift.html", gift_page(gift, user)))


@login_not_required
@require_POST
def mails(request: HttpRequest, token: str) -> HttpResponse:
    """The buyer has the gift sent once more."""
    order = get_object_or_404(Order, token=token)
    return _answer(request, order, send_again, _("The gift is sent again."))


@login_not_required
@require_POST
def keeping(request: HttpRequest, token: str) -> HttpResponse:
    """The buyer keeps the gift, as long as nobody has accepted it."""
    order = get_object_or_404(Order, token=token)
    return _answer(request, order, keep, _("It is yours now."))


@login_not_required
@require_POST
def address(request: HttpRequest, token: str) -> HttpResponse:
    """The buyer corrects where the gift goes."""
    order, form = get_object_or_404(Order, token=token), RecipientForm(request.POST)
    if form.is_valid():
        name, email = form.cleaned_data["name"], form.cleaned_data["email"]
        words = _("The gift goes to this address. A link that was sent before is closed.")
        return _answer(request, order, lambda order: readdress(order, name, email), words)
    return show_order(request, order, {"recipient_form": form})


def _answer(request: HttpRequest, order: Order, deed: Callable[[Order], Gift], words: str) -> HttpResponse:
    try:
        deed(order)
        messages.success(request, words)
    except GiftNotPossible as refusal:
        messages.error(request, str(refusal))
    return redirect(order)
