"""What buyers may use, as the money says: recomputed from its rows, so that events in any order end alike."""

from django.db import transaction
from django.utils import timezone

from checkout.models import Order, OrderEvent, Upgrade
from checkout.standing import Standing, standings
from delivery.models import DownloadGrant, License
from delivery.upgrading import settle_licenses


def update_access(event: OrderEvent) -> None:
    """As update_access_of(), for the order of an event."""
    update_access_of(event.order_id)


@transaction.atomic
def update_access_of(order_id: int) -> None:
    """Take back or restore the rights and licences of each line of the order. Safe to repeat and to race.

    Orders that upgrade something of it follow, since they stand on it. All are locked before any licence.
    """
    orders = Order.objects.select_for_update().filter(pk__in=_family(order_id)).order_by("pk")
    upgraded = [line for order in orders for line in _update(order)]
    if upgraded:
        settle_licenses(upgraded)


def _family(order_id: int) -> set[int]:
    """The order, those that upgrade what is in it, those that upgrade what is in these, and so on."""
    family, newest = {order_id}, {order_id}
    while newest:
        upgrades = Upgrade.objects.filter(former__order__in=newest)
        newest = set(upgrades.values_list("line__order_id", flat=True)) - family
        family |= newest
    return family


def _update(order: Order) -> list[int]:
    """One order of the family; gives its lines that upgrade another."""
    found = standings(order)
    closed = [pk for pk, standing in found.items() if standing != Standing.KEPT]
    grants = DownloadGrant.objects.filter(line__order=order)
    grants.filter(line__in=closed, revoked_at=None).update(revoked_at=timezone.now())
    grants.exclude(line__in=closed).exclude(revoked_at=None).update(revoked_at=None)
    for license_ in License.objects.filter(line__order=order):
        license_.follow_money(found[license_.line_id])
    upgrades = list(Upgrade.objects.filter(line__order=order))
    for upgrade in upgrades:
        if found[upgrade.line_id] == Standing.REFUNDED:
            upgrade.give_back()
        elif not order.is_held:
            upgrade.take()
    return [upgrade.line_id for upgrade in upgrades]
