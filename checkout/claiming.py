"""Orders of a guest join the account of whoever proves that the address is theirs."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.contrib.auth.signals import user_logged_in

from accounts.models import User
from checkout.models import Gift, Order
from storefront.text import fold_email


def claim_orders(user: User) -> int:
    """Give the user the guest orders of the addresses they have proven, and tell how many.

    Gifts that were accepted by the link mailed to such an address come along. Safe to repeat: an order or
    gift that belongs to somebody is never moved.
    """
    addresses = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    proven = [fold_email(address) for address in addresses]
    accepted = Gift.objects.filter(claimed_at__isnull=False, claimed_by=None, email_folded__in=proven)
    accepted.update(claimed_by=user)
    return Order.objects.filter(user=None, email_folded__in=proven).update(user=user)


def listen() -> None:
    """Claim when an address is proven and at each sign-in: orders may have come in between."""
    email_confirmed.connect(_on_email_confirmed, dispatch_uid="claim_orders")
    user_logged_in.connect(_on_login, dispatch_uid="claim_orders")


def _on_email_confirmed(email_address: EmailAddress, **_rest: Any) -> None:
    claim_orders(email_address.user)


def _on_login(user: User, **_rest: Any) -> None:
    claim_orders(user)
