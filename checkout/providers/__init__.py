"""Which providers this shop offers. A provider without keys is off."""

from django.conf import settings
from django.utils.translation import gettext as _

from checkout.errors import ProviderNotOffered
from checkout.providers.base import Provider
from checkout.providers.demo import DemoProvider
from checkout.providers.paypal import PayPalProvider
from checkout.providers.stripe import StripeProvider


def providers() -> dict[str, Provider]:
    """The providers that are set up, by name, in the order buyers see them."""
    offered: list[Provider] = []
    if settings.DEMO:
        offered.append(DemoProvider())
    if settings.STRIPE_SECRET_KEY:
        offered.append(StripeProvider())
    if settings.PAYPAL_CLIENT_ID and settings.PAYPAL_CLIENT_SECRET:
        offered.append(PayPalProvider())
    return {provider.name: provider for provider in offered}


def get_provider(name: str) -> Provider:
    """Raises ProviderNotOffered for a name that is not set up here."""
    try:
        return providers()[name]
    except KeyError:
        raise ProviderNotOffered(_("This way to pay is not offered here.")) from None


def hidden_for(amount: int, currency: str) -> dict[str, str]:
    """Why the other providers can't take this sum, by their labels: for staff, not for buyers."""
    reasons = {str(each.label): each.why_not(amount, currency) for each in providers().values()}
    return {label: reason for label, reason in reasons.items() if reason}


def providers_for(amount: int, currency: str) -> list[Provider]:
    """The providers that can take this sum, in minor units."""
    return [provider for provider in providers().values() if not provider.why_not(amount, currency)]
