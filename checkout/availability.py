"""Whether there is enough to sell: the tables SALE_CHECKS and SALE_RESERVATIONS in the settings."""

from collections.abc import Mapping

from django.conf import settings
from django.utils.module_loading import import_string

from catalog.models import Variant
from checkout.models import Order, OrderLine


def reasons_not_to_sell(wanted: Mapping[Variant, int]) -> dict[int, str]:
    """Words for the buyer by variant id, for what can't be sold in this quantity."""
    reasons: dict[int, str] = {}
    for path in settings.SALE_CHECKS if wanted else ():
        reasons |= import_string(path)(wanted)
    return reasons


def set_aside(order: Order, lines: list[OrderLine]) -> None:
    """Keep for a new order what it needs, in its transaction. Raises CartNotUsable where that is gone."""
    for path in settings.SALE_RESERVATIONS:
        import_string(path)(order, lines)
