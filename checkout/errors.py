from datetime import timedelta

from django.core.exceptions import SuspiciousOperation

from storefront.errors import StorefrontError


class CartNotUsable(StorefrontError):
    """The cart is empty, or a line in it can't be bought as it stands."""


class AmountRefused(StorefrontError):
    """What a buyer names as the price is no amount, too little, or absurdly much."""


class PriceChanged(StorefrontError):
    """The sum is not the one that the buyer was shown."""


class CouponNotUsable(StorefrontError):
    """A code that is none, or a coupon that does not hold for this cart, this buyer or at this moment."""


class PatternNotUsable(StorefrontError):
    """No codes that nobody guesses can be made by it."""


class VatIdRefused(StorefrontError):
    """What was given as a VAT id is none of the country."""


class OfferOver(StorefrontError):
    """What was offered is offered no more."""


class GiftNotPossible(StorefrontError):
    """The order can't be a gift, or what is asked for can't be done with a gift that is accepted or kept."""


class OrderNotPayable(StorefrontError):
    """The order is paid, refunded or gone: there is nothing to pay."""


class InvalidTransition(StorefrontError):
    """The order or payment can't move there from where it stands."""


class RefundTooLarge(StorefrontError):
    """More than is left of the payment."""


class RefundNotPossible(StorefrontError):
    """The payment can't be refunded now: it is in dispute, or the provider's time for it has passed."""


class RefundsChanged(StorefrontError):
    """Money was given back since the page was shown: whoever decides must look again."""


class MailNotPossible(StorefrontError):
    """There is nothing to deliver, or the mail was sent just now."""


class TooManyOrders(StorefrontError):
    """The limit for free orders or payment attempts is reached."""


class ProviderNotOffered(StorefrontError):
    """No such provider here, or not for this order."""


class ProviderUnavailable(StorefrontError):
    """No sensible answer. Whether the provider acted is unknown: ask again with the same key.

    `wait` is how long the provider wants to be left alone, if it said so.
    """

    def __init__(self, message: str, wait: timedelta = timedelta(0)) -> None:
        super().__init__(message)
        self.wait = wait


class PaymentRefused(StorefrontError):
    """The provider answered no, and will go on to."""


class BadWebhookSignature(SuspiciousOperation):
    """The message is not provably the provider's. Django answers 400."""
