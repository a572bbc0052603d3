from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from catalog.models import Variant
from checkout.buyer import Buyer
from checkout.cart import Cart
from checkout.coupon_views import enter_or_remove, take_along
from checkout.entering import code_in
from checkout.errors import AmountRefused, CartNotUsable, OfferOver, ProviderUnavailable
from checkout.forms import (
    AddToCartForm,
    AmountForm,
    ChangeCartForm,
    CheckoutForm,
    CurrencyForm,
    UpgradeForm,
    UpsellForm,
    buyer_at,
    likely_country,
)
from checkout.gift_forms import GiftForm
from checkout.models import Order
from checkout.offers import answer_bump
from checkout.origin import is_from_this_shop
from checkout.payments import start_payment
from checkout.place import network_country
from checkout.placing import place_order
from checkout.providers import hidden_for
from checkout.providers.transport import patience
from checkout.quoting import Quote, quote_cart
from checkout.reader import reader_of
from checkout.upgrades import choose_upgrade
from checkout.upselling import provider_of, take_upsell
from storefront.errors import StorefrontError


@login_not_required
@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    cart = Cart(request.session)
    if "coupon" in request.GET:
        take_along(request, cart, request.GET["coupon"])
        # Without the code, which would come back with the page after it was taken out.
        return redirect("cart")
    cart.drop_gone()
    return _cart_page(request, cart, removed=_removed(request))


def _cart_page(request: HttpRequest, cart: Cart, **context: object) -> HttpResponse:
    quote = quote_cart(cart, reader_of(request))
    return TemplateResponse(request, "checkout/cart.html", {"cart": cart, "quote": quote} | context)


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
    variant, cart = _variant(form.cleaned_data["variant"]), Cart(request.session)
    amount = form.cleaned_data["amount"] if "amount" in request.POST else None
    try:
        cart.add(variant, form.cleaned_data["quantity"], amount)
    except AmountRefused as refusal:
        form.add_error("amount", str(refusal))
        return TemplateResponse(request, "checkout/amount.html", {"form": form, "variant": variant})
    except CartNotUsable as refusal:
        messages.error(request, str(refusal))
    # Shared pages set no cookie, so that a link's code comes with the first form that is sent from them.
    take_along(request, cart, request.POST.get("coupon", "") or code_in(request.headers.get("Referer", "")))
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
def cart_amount(request: HttpRequest, variant_id: int) -> HttpResponse:
    """Set what each costs, where buyers name the price. What can't be taken stays in its field."""
    form, cart = AmountForm(request.POST), Cart(request.session)
    if variant_id not in cart.quantities or not form.is_valid():
        return redirect("cart")
    try:
        cart.choose_amount(_variant(variant_id), form.cleaned_data["amount"])
    except AmountRefused as refusal:
        refused = {"variant": variant_id, "typed": form.cleaned_data["amount"], "words": str(refusal)}
        return _cart_page(request, cart, refused=refused)
    return redirect("cart")


def _variant(pk: int) -> Variant:
    return get_object_or_404(
        Variant.objects.select_related("product__cover").prefetch_related("prices"), pk=pk
    )


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
    if "coupon" in request.GET:
        take_along(request, Cart(request.session), request.GET["coupon"])
        return redirect("checkout")
    cart, network, typed = Cart(request.session), network_country(request), request.POST
    asks_for_coupon = any(typed.get(name) for name in ("coupon", "enter_coupon", "remove_coupon"))
    refusal = enter_or_remove(request, cart) if asks_for_coupon else ""
    guess = {"country": network or likely_country(request)}
    buyer = buyer_at(replace(reader_of(request), network_country=network), typed or guess)
    quote = quote_cart(cart, buyer)
    if not quote.can_checkout:
        return redirect("cart")
    if request.method == "POST":
        return _answer_checkout(request, cart, quote, buyer, refusal)
    return _fresh_checkout(request, quote, buyer, guess)


def _fresh_checkout(
    request: HttpRequest, quote: Quote, buyer: Buyer, filled: Mapping[str, Any], **said: object
) -> HttpResponse:
    """The page filled in so far, without a word on what is missing yet."""
    initial = {"email": getattr(request.user, "email", ""), **filled}
    form = CheckoutForm(quote=quote, network_country=buyer.network_country, initial=initial)
    return _checkout_page(request, form, GiftForm.as_typed(filled), quote, **said)


def _answer_checkout(
    request: HttpRequest, cart: Cart, quote: Quote, buyer: Buyer, coupon_refusal: str
) -> HttpResponse:
    """The box and the coupon are answered before anything is ordered; who pays has seen what they changed."""
    typed, unbumped, has_changed = request.POST, "", False
    try:
        has_changed = _answer_bump(typed, cart, quote)
    except CartNotUsable as refusal:
        unbumped = str(refusal)
    if has_changed:
        quote = quote_cart(cart, buyer)
    if not quote.can_checkout:
        return redirect("cart")
    said = {"coupon_refusal": coupon_refusal, "is_new": has_changed}
    if "enter_coupon" in typed or "remove_coupon" in typed:
        return _fresh_checkout(request, quote, buyer, typed.dict(), **said)
    form = CheckoutForm(typed, quote=quote, network_country=buyer.network_country)
    if unbumped:
        form.add_error(None, unbumped)
    if has_changed or "reprice" in typed:
        form.forgive_what_is_missing()
        return _checkout_page(request, form, GiftForm.as_typed(typed), quote, **said)
    gift = GiftForm(typed if quote.can_be_given else {})
    if not all([form.is_valid(), gift.is_valid()]) or coupon_refusal:
        return _checkout_page(request, form, gift, quote, **said)
    if typed.get("coupon") and form.cleaned_data["shown_total"] not in (None, quote.total):
        return _checkout_page(request, form, gift, quote, is_new_sum=True)
    return _order(request, cart, form, gift, buyer)


def _answer_bump(typed: Mapping[str, str], cart: Cart, quote: Quote) -> bool:
    """Whether the box in the checkout was ticked or emptied, so that the cart has changed."""
    bump = quote.offered.bump
    if bump is None:
        return False
    return answer_bump(cart, bump, is_wanted=typed.get("bump") == str(bump.offer.pk))


def _order(
    request: HttpRequest, cart: Cart, form: CheckoutForm, gift: GiftForm, buyer: Buyer
) -> HttpResponse:
    """On to paying; or the page again, with what can't be done, and what the cart costs by now."""
    total = form.cleaned_data["shown_total"]
    try:
        order = place_order(cart, _named(buyer, form), shown_total=total, gift=gift.wish)
        return _to_payment(order, form.cleaned_data.get("provider", ""))
    except StorefrontError as refusal:
        words = _why_not(refusal)
    quote = quote_cart(Cart(request.session), buyer)
    form = CheckoutForm(request.POST, quote=quote, network_country=buyer.network_country)
    form.add_error(None, words)
    return _checkout_page(request, form, gift, quote)


@login_not_required
@require_POST
def order_payments(request: HttpRequest, token: str) -> HttpResponse:
    """Pay an order that was placed before: after a declined payment, or after turning back."""
    order = get_object_or_404(Order, token=token)
    try:
        return _to_payment(order, request.POST.get("provider", ""))
    except StorefrontError as refusal:
        messages.error(request, _why_not(refusal))
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
            network_country=network_country(request),
        )
    except StorefrontError as refusal:
        messages.error(request, str(refusal))
        return redirect(source)
    try:
        return _to_payment(order, provider_of(source))
    except StorefrontError as refusal:
        messages.error(request, _why_not(refusal))
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


def _why_not(refusal: StorefrontError) -> str:
    """In words for buyers; what a provider that does not answer says of itself is for staff."""
    if isinstance(refusal, ProviderUnavailable):
        return _("This way to pay does not answer just now. Please try again, or choose another.")
    return str(refusal)


def _checkout_page(
    request: HttpRequest, form: CheckoutForm, gift: GiftForm, quote: Quote, **said: object
) -> HttpResponse:
    context = {"form": form, "gift": gift, "quote": quote, **said}
    if quote.total and getattr(request.user, "is_staff", False):
        context["hidden"] = hidden_for(quote.total, quote.currency)
    return TemplateResponse(request, "checkout/checkout.html", context)


def _named(buyer: Buyer, form: CheckoutForm) -> Buyer:
    is_confirmed = form.cleaned_data.get("is_place_confirmed", False)
    return replace(buyer, email=form.cleaned_data["email"], is_place_confirmed=is_confirmed)
