"""Codes that readers enter, by hand or by a link; and a limit for whoever guesses them."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from django.utils.translation import gettext as _

from checkout import coupon_words
from checkout.buyer import Buyer
from checkout.cart import Cart
from checkout.coupons import Uses, count_uses
from checkout.errors import CouponNotUsable
from checkout.models import Coupon
from checkout.models.coupon import MAX_CODE
from storefront.limits import is_spent, within_limit
from storefront.text import clean_line, fold_code

# Unknown codes only, for a whole network may enter the one of a campaign.
GUESSES, GUESSES_PER = 30, timedelta(minutes=10)
_LIMIT = "coupon.guess"


def enter_coupon(cart: Cart, text: str, buyer: Buyer) -> Coupon:
    """Keep a coupon with the cart, by its code in any spelling. Safe to repeat.

    Raises CouponNotUsable, and keeps nothing, for a code that is none, for a coupon that nobody can use now,
    and where too many unknown codes came from the reader's network. One that only asks for another cart or
    buyer is kept: the page says what is missing.
    """
    text = clean_line(text)[: 2 * MAX_CODE]
    if not text:
        raise CouponNotUsable(_("Please write the code of your coupon."))
    client = buyer.client_address or ""
    if is_spent(_LIMIT, client, limit=GUESSES, per=GUESSES_PER):
        raise CouponNotUsable(
            _("Too many unknown codes came from your network. Please try again in some minutes.")
        )
    coupon = Coupon.objects.filter(code_folded=fold_code(text)).first()
    if coupon is None:
        within_limit(_LIMIT, client, limit=GUESSES, per=GUESSES_PER)
        raise CouponNotUsable(coupon_words.unknown(text))
    uses = count_uses([coupon], cart, buyer).get(coupon.pk, Uses())
    if words := coupon_words.closed(coupon, uses.total):
        raise CouponNotUsable(words)
    cart.add_coupon(coupon.code_folded)
    return coupon


def code_in(address: str) -> str:
    """The code that a link brought along: `coupon` in the query of a page's address."""
    try:
        return parse_qs(urlsplit(address).query).get("coupon", [""])[-1]
    except ValueError:
        return ""
