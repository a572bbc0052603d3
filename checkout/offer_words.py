"""Says in a sentence what an offer does, for whoever makes it."""

from babel.lists import format_list
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from catalog.models import Product
from checkout.models import Offer
from checkout.wording import sentence
from storefront.dates import moment
from storefront.money import digits, format_rate
from storefront.templatetags.shop import isolate, money


def say_offer(offer: Offer) -> SafeString:
    """What a stored offer does, for whom and when, in the language of now."""
    parts = [_deed(offer), *_time(offer)]
    if not offer.is_active:
        parts.append(sentence(_("It is switched off.")))
    return SafeString(" ".join(parts))


def _deed(offer: Offer) -> SafeString:
    products = list(offer.products.all())
    words = {
        Offer.Kind.CROSS: _("Whoever has %(products)s in the cart gets %(variant)s %(price)s, one for each."),
        Offer.Kind.BUMP: _(
            "In the checkout, a box offers %(variant)s %(price)s to whoever buys %(products)s."
        ),
        Offer.Kind.UPSELL: ngettext(
            "For %(hours)s hour after %(products)s is paid, buyers get %(variant)s %(price)s by one click.",
            "For %(hours)s hours after %(products)s is paid, buyers get %(variant)s %(price)s by one click.",
            offer.hours,
        ),
        Offer.Kind.LOYAL: _("Whoever is signed in and has %(products)s gets %(variant)s %(price)s."),
        Offer.Kind.UPGRADE: _(
            "Whoever is signed in and has %(products)s gets %(variant)s for the difference to what was paid; "
            "a licence key moves along."
        ),
    }[Offer.Kind(offer.kind)]
    return sentence(
        words,
        products=_named(offer, products),
        variant=isolate(offer.variant),
        price=_price(offer),
        hours=digits(offer.hours),
    )


def _named(offer: Offer, products: list[Product]) -> SafeString:
    names = [isolate(offer.former)] if offer.former else []
    names += [isolate(product) for product in products]
    return SafeString(format_list(names, style="or", locale=get_language() or "en")) or sentence(
        _("anything")
    )


def _price(offer: Offer) -> SafeString:
    prices = list(offer.prices.all())
    if prices:
        amounts = [money(price.amount, price.currency) for price in prices]
        listed = SafeString(format_list(amounts, style="or", locale=get_language() or "en"))
        return sentence(_("for %(price)s"), price=listed)
    if offer.rate_bps:
        return sentence(
            _("for %(rate)s less"), rate=isolate(format_rate(offer.rate_bps, get_language() or "en"))
        )
    return SafeString()


def _time(offer: Offer) -> list[SafeString]:
    ends = {name: moment(at) for name, at in (("start", offer.starts_at), ("end", offer.ends_at)) if at}
    if not ends:
        return []
    if len(ends) == 2:
        return [sentence(_("It holds from %(start)s until %(end)s."), **ends)]
    words = _("It holds from %(start)s.") if offer.starts_at else _("It holds until %(end)s.")
    return [sentence(words, **ends)]
