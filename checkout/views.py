from dataclasses import replace

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from catalog.models import Variant
from checkout.buyer import Buyer
from checkout.cart import Cart
from checkout.errors import CartNotUsable, OfferOver, ProviderUnavailable
from checkout.forms import (
    AddToCartForm,
    ChangeCartForm,
    CheckoutForm,
    CurrencyForm,
    UpgradeForm,
    UpsellForm,
    likely_country,
)
from checkout.gift_forms import GiftForm
from checkout.models import Order
from checkout.offers import answer_bump
from checkout.origin import is_from_this_shop
from checkout.payments import start_payment
from checkout.placing import place_order
from checkout.providers import hidden_for
from checkout.providers.transport import patience
from checkout.quoting import Quote, quote_cart
from checkout.upgrades import choose_upgrade
from checkout.upselling import provider_of, take_upsell
from storefront.errors import StorefrontError


@login_not_required
@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    cart = Cart(request.session)
    cart.drop_gone()
    return TemplateResponse(
        request,
        "checkout/cart.html",
        {"cart": cart, "quote": quote_cart(cart, _reader(request)), "removed": _removed(request)},
    )


@csrf_exempt
@login_not_required
@require_POST
def cart_lines(request: HttpRequest) -> HttpResponse:
    """Put something in the cart. The form stands on pages shared by everybody, so Origin guards it."""
    if not is_from_this_shop(request):
        raise PermissionDenied
    form = AddToCartForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("That could not be put in the cart. Please choose again."))
        return redirect("cart")
    variant: Variant = get_object_or_404(
        Variant.objects.select_related("product").prefetch_related("prices"), pk=form.cleaned_data["variant"]
    )
    try:
        Cart(request.session).add(variant, form.cleaned_data["quantity"])
    except CartNotUsable as refusal:
        messages.error(request, str(refusal))
    return redirect("cart")


@login_not_required
@require_POST
def cart_line(request: HttpRequest, variant_id: int) -> HttpResponse:
    """Set how many; 0 removes, and the page then offers to put it back."""
    form = ChangeCartForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please give a whole number from 0 to 99."))
        return redirect("cart")
    cart, quantity = Cart(request.session), form.cleaned_data["quantity"]
    removed = cart.quantities.get(variant_id) if quantity == 0 else None
    try:
        cart.change(variant_id, quantity)
    except CartNotUsable as refusal:
        messages.error(request, str(refusal))
    page = reverse("cart")
    return redirect(f"{page}?removed={variant_id}&quantity={removed}" if removed else page)


@require_POST
def cart_upgrades(request: HttpRequest) -> HttpResponse:
    """Put an edition in the cart that takes the place of one that the reader has."""
    form = UpgradeForm(request.POST)
    user = request.user
    try:
        if not form.is_valid() or not isinstance(user, User):
            raise CartNotUsable(_("That could not be put in the cart. Please choose again."))
        choose_upgrade(Cart(request.session), user, form.cleaned_data["line"], form.cleaned_data["variant"])
    except CartNotUsable as refusal:
        messages.error(request, str(refusal))
    return redirect("cart")


@login_not_required
@require_POST
def cart_currency(request: HttpRequest) -> HttpResponse:
    form = CurrencyForm(request.POST)
    try:
        Cart(request.session).choose_currency(form.cleaned_data["currency"] if form.is_valid() else "")
    except CartNotUsable as refusal:
        messages.error(request, str(refusal))
    return redirect("cart")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    cart = Cart(request.session)
    quote = quote_cart(cart, _reader(request))
    if not quote.can_checkout:
        return redirect("cart")
    if request.method != "POST":
        initial = {"email": getattr(request.user, "email", ""), "country": likely_country(request)}
        return _checkout_page(request, quote, CheckoutForm(quote=quote, initial=initial), GiftForm())
    form = CheckoutForm(request.POST, quote=quote)
    gift = GiftForm(request.POST if quote.can_be_given else {})
    try:
        has_changed = _answer_bump(request, cart, quote)
        if has_changed or "look" in request.POST:
            return _checkout_as_typed(request, cart, is_new=has_changed)
        if all([form.is_valid(), gift.is_valid()]):
            order = place_order(
                cart,
                _buyer(request, form),
                shown_total=form.cleaned_data["shown_total"],
                gift=gift.wish,
            )
            return _to_payment(order, form.cleaned_data.get("provider", ""))
    except ProviderUnavailable:
        form.add_error(
            None, _("This way to pay does not answer just now. Please try again, or choose another.")
        )
    except StorefrontError as refusal:
        form.add_error(None, str(refusal))
    return _checkout_page(request, quote, form, gift)


def _answer_bump(request: HttpRequest, cart: Cart, quote: Quote) -> bool:
    """Whether the box in the checkout was ticked or emptied, so that the cart has changed."""
    bump = quote.offered.bump
    if bump is None:
        return False
    return answer_bump(cart, bump, is_wanted=request.POST.get("bump") == str(bump.offer.pk))


def _checkout_as_typed(request: HttpRequest, cart: Cart, *, is_new: bool) -> HttpResponse:
    """The page with the sum of now and what was typed, before anybody said "pay"."""
    quote = quote_cart(cart, _reader(request))
    if not quote.can_checkout:
        return redirect("cart")
    form = CheckoutForm(quote=quote, initial=request.POST.dict())
    return _checkout_page(request, quote, form, GiftForm.as_typed(request.POST), is_new=is_new)


@login_not_required
@require_POST
def order_payments(request: HttpRequest, token: str) -> HttpResponse:
    """Pay an order that was placed before: after a declined payment, or after turning back."""
    order = get_object_or_404(Order, token=token)
    try:
        return _to_payment(order, request.POST.get("provider", ""))
    except ProviderUnavailable:
        messages.error(
            request, _("This way to pay does not answer just now. Please try again, or choose another.")
        )
    except StorefrontError as refusal:
        messages.error(request, str(refusal))
    return redirect(order)


@login_not_required
@require_POST
def order_upsells(request: HttpRequest, token: str) -> HttpResponse:
    """Take what the page of a paid order offers: another order, paid the way the first one was."""
    source = get_object_or_404(Order, token=token)
    form = UpsellForm(request.POST)
    try:
        if not form.is_valid():
            raise OfferOver(_("This offer is over."))
        order = take_upsell(
            source,
            form.cleaned_data["offer"],
            client_address=request.META.get("REMOTE_ADDR") or None,
            shown_total=form.cleaned_data["shown_total"],
        )
    except StorefrontError as refusal:
        messages.error(request, str(refusal))
        return redirect(source)
    try:
        return _to_payment(order, provider_of(source))
    except StorefrontError as refusal:
        messages.error(request, str(refusal))
        return redirect(order)


def _removed(request: HttpRequest) -> dict[str, object] | None:
    """What was just taken out of the cart, for the offer to put it back."""
    form = AddToCartForm({"variant": request.GET.get("removed"), "quantity": request.GET.get("quantity")})
    if "removed" not in request.GET or not form.is_valid():
        return None
    variant = Variant.objects.select_related("product").filter(pk=form.cleaned_data["variant"]).first()
    if variant is None:
        return None
    return {"variant": variant.pk, "title": str(variant), "quantity": form.cleaned_data["quantity"]}


def _to_payment(order: Order, provider: str) -> HttpResponse:
    if order.paid_at:
        return redirect(order)
    with patience():
        return HttpResponseRedirect(start_payment(order, provider).redirect_url)


def _checkout_page(
    request: HttpRequest, quote: Quote, form: CheckoutForm, gift: GiftForm, *, is_new: bool = False
) -> HttpResponse:
    """`is_new`: the sum is another than the buyer agreed to, and is to be looked at before paying."""
    context = {"form": form, "gift": gift, "quote": quote, "is_new": is_new}
    if quote.total and getattr(request.user, "is_staff", False):
        context["hidden"] = hidden_for(quote.total, quote.currency)
    return TemplateResponse(request, "checkout/checkout.html", context)


def _reader(request: HttpRequest) -> Buyer:
    return Buyer(
        language=get_language() or "en",
        client_address=request.META.get("REMOTE_ADDR") or None,
        user=request.user if isinstance(request.user, User) else None,
    )


def _buyer(request: HttpRequest, form: CheckoutForm) -> Buyer:
    return replace(_reader(request), email=form.cleaned_data["email"], country=form.cleaned_data["country"])
