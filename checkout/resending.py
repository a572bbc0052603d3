"""The delivery mail once more, on the wish of staff or of the buyer."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from checkout.errors import MailNotPossible
from checkout.models import Order, OrderEvent
from storefront.limits import within_limit

BUYERS_A_DAY = 5


@transaction.atomic
def ask_for_own_mail(order: Order) -> None:
    """As ask_for_mail(), for whoever has the address of the order's page; some times a day."""
    if not within_limit("order.own_mail", str(order.pk), limit=BUYERS_A_DAY, per=timedelta(days=1)):
        raise MailNotPossible(_("We have sent it often today. Look among unwanted mail, please."))
    ask_for_mail(order)


@transaction.atomic
def ask_for_mail(order: Order, *, by: User | None = None) -> None:
    """Have the delivery mail written anew, with fresh links, to the address of now. Once a minute.

    Raises MailNotPossible when there is nothing to deliver, or when it was asked for just now.
    """
    if not order.is_deliverable:
        raise MailNotPossible(_("There is nothing to deliver: the order is not paid, or it is held."))
    if not within_limit("order.mail", str(order.pk), limit=1, per=timedelta(minutes=1)):
        raise MailNotPossible(_("This mail was asked for just now. Wait a minute before the next one."))
    OrderEvent.record(order, "order.mail_asked", {"by": str(by)} if by else {})
