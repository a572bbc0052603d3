"""The doors of coupons: entered by hand, brought along by a link, taken out again."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from checkout.cart import Cart
from checkout.entering import enter_coupon
from checkout.errors import CouponNotUsable
from checkout.quoting import quote_cart
from checkout.reader import reader_of
from storefront.text import fold_code, isolate_text


@login_not_required
@require_POST
def cart_coupons(request: HttpRequest) -> HttpResponse:
    """Enter a coupon in the cart, or take one out."""
    cart = Cart(request.session)
    if refusal := enter_or_remove(request, cart):
        quote = quote_cart(cart, reader_of(request))
        context = {"cart": cart, "quote": quote, "coupon_refusal": refusal}
        return TemplateResponse(request, "checkout/cart.html", context)
    return redirect("cart")


def enter_or_remove(request: HttpRequest, cart: Cart) -> str:
    """Do what the coupon part of a form asks; why it can't be done, or nothing."""
    if removed := request.POST.get("remove_coupon"):
        cart.remove_coupon(fold_code(removed))
        return ""
    try:
        enter_coupon(cart, request.POST.get("coupon", ""), reader_of(request))
    except CouponNotUsable as refusal:
        return str(refusal)
    return ""


def take_along(request: HttpRequest, cart: Cart, code: str) -> None:
    """Enter the code that a link brought along, if it did, and say what came of it."""
    before = cart.coupons
    if not code or fold_code(code) in before:
        return
    try:
        coupon = enter_coupon(cart, code, reader_of(request))
        words = _("The coupon %(code)s is in your cart.") % {"code": isolate_text(coupon.code)}
        messages.success(request, words)
    except CouponNotUsable as refusal:
        messages.info(request, _("The coupon of your link was left out. %(why)s") % {"why": refusal})
