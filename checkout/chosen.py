"""Amounts that buyers name themselves."""

from django.utils.translation import gettext as _

from catalog.price_tag import PriceTag
from checkout.errors import AmountRefused
from storefront.money import AmountNotUnderstood, parse_price
from storefront.templatetags.shop import money_text

# What a card takes at once, in minor units: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
MOST = 99_999_999


def read_amount(text: str, tag: PriceTag) -> int:
    """What somebody typed, in digits of any of our languages, as minor units. Raises AmountRefused."""
    try:
        amount = parse_price(text, tag.currency)
    except AmountNotUnderstood as refusal:
        raise AmountRefused(str(refusal)) from refusal
    most = max(MOST, 100 * tag.amount)
    if amount < tag.amount:
        words = _("It costs at least %(price)s. You may give more, not less.")
        raise AmountRefused(words % {"price": money_text(tag.amount, tag.currency)})
    if amount > most:
        words = _("That is more than can be paid at once, which is %(price)s. Is there a digit too many?")
        raise AmountRefused(words % {"price": money_text(most, tag.currency)})
    return amount
