"""The delivery mail once more, on the wish of staff."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from checkout.errors import MailNotPossible
from checkout.models import Order, OrderEvent
from storefront.limits import within_limit


@transaction.atomic
def ask_for_mail(order: Order, *, by: User) -> None:
    """Have the delivery mail written anew, with fresh links, to the address of now. Once a minute.

    Raises MailNotPossible when there is nothing to deliver, or when it was asked for just now.
    """
    if not order.is_deliverable:
        raise MailNotPossible(_("There is nothing to deliver: the order is not paid, or it is held."))
    if not within_limit("order.mail", str(order.pk), limit=1, per=timedelta(minutes=1)):
        raise MailNotPossible(_("This mail was asked for just now. Wait a minute before the next one."))
    OrderEvent.record(order, "order.mail_asked", {"by": str(by)})
