from django.conf import settings
from django.utils.translation import override

from checkout.models import OrderEvent
from storefront.mail import send_templated


def mail_staff_of_hold(event: OrderEvent) -> None:
    """Tell staff that an order waits for them. One mail a hold and person."""
    with override(settings.LANGUAGE_CODE):
        for _name, address in settings.ADMINS:
            send_templated(
                "order_held",
                to=address,
                context={"order": event.order, "reason": event.data.get("reason", "")},
                language=settings.LANGUAGE_CODE,
                cause=f"order.held:{event.pk}:{address}",
            )
