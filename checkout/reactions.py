"""Runs what follows from an order's events: the table ORDER_REACTIONS in the settings."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from checkout.models import OrderEvent
from checkout.parking import note_failure

logger = logging.getLogger(__name__)


def handle_event(event: OrderEvent) -> None:
    """Run the reactions to an event, unless another worker does or did. A failure is tried again later."""
    if event.claim():
        react(event)


def react(event: OrderEvent) -> None:
    """Run each reaction in a transaction of its own. Reactions are repeatable, so this may race itself.

    A held order waits: its buyer gets nothing before staff has released it.
    """
    if event.name == "order.paid" and event.order.is_held:
        event.put_off("The order is held.", timedelta(minutes=10))  # or until release() makes it due
        return
    try:
        for path in settings.ORDER_REACTIONS[event.name]:
            with transaction.atomic():
                import_string(path)(event)
    except Exception as error:
        # Whatever went wrong stays on the row for staff to see, and the sweep tries again.
        logger.exception("A reaction to %s of order %s failed.", event.name, event.order_id)
        note_failure(event, error)
    else:
        event.mark_handled()
