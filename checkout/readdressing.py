"""Staff gives an order another address: the buyer mistyped it, or lost the mailbox."""

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.models import User
from checkout.models import Order, OrderEvent
from storefront.text import fold_email


@transaction.atomic
def change_email(order: Order, email: str, *, by: User) -> bool:
    """Send what the order brings to another address from now on. False when it is the one it has.

    The order follows its address: it leaves the account it was in, and joins the one that has proven the
    new address, now or when somebody proves it. Links in mails already sent keep working by their token.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    old = order.email
    if email == old:
        return False
    order.email, order.user = email, _owner(email)
    order.save(update_fields=["email", "email_folded", "mailbox", "user"])
    OrderEvent.record(order, "order.email_changed", {"old": old, "new": email, "by": str(by)})
    return True


def _owner(email: str) -> User | None:
    proven = EmailAddress.objects.filter(email__iexact=fold_email(email), verified=True)
    address = proven.select_related("user").first()
    return address.user if address else None
