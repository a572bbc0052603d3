"""What the timeline of an order tells of gifts, upsells and upgrades."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from checkout.models import Gift, Order, Upgrade, Upsell
from checkout.timeline import Entry
from checkout.wording import sentence
from storefront.dates import day
from storefront.templatetags.shop import isolate, ltr


def tell_gift(order: Order, limit: int) -> Iterator[Entry]:
    """For whom the order is, and when they are written to; the events tell the rest."""
    gift = order.gift if order.is_gift else None
    if gift is None:
        return
    name, email = isolate(gift.name), ltr(gift.email)
    if gift.day:
        words = sentence(
            _("A gift for %(name)s, to be sent to %(email)s on %(day)s."),
            name=name,
            email=email,
            day=day(gift.day),
        )
    else:
        words = sentence(
            _("A gift for %(name)s, sent to %(email)s as soon as it is paid."), name=name, email=email
        )
    yield Entry(
        order.placed_at,
        "gift",
        words,
        _tone(gift),
        isolate(gift.message[:200]) if gift.message else SafeString(),
    )


def _tone(gift: Gift) -> str:
    if gift.parked_at:
        return "bad"
    return "" if gift.is_open else "wait"


def with_offers(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Orders that tell by `has_upsells` and `has_upgrades` whether those need be looked for at all."""
    upsells = Upsell.objects.filter(Q(order=OuterRef("pk")) | Q(source=OuterRef("pk")))
    upgrades = Upgrade.objects.filter(Q(line__order=OuterRef("pk")) | Q(former__order=OuterRef("pk")))
    return orders.annotate(has_upsells=Exists(upsells), has_upgrades=Exists(upgrades))


def tell_upsells(order: Order, limit: int) -> Iterator[Entry]:
    """The click that this order came by, or that another came by from its page."""
    if not getattr(order, "has_upsells", True):
        return
    upsells = Upsell.objects.filter(Q(order=order) | Q(source=order)).select_related("source", "order")
    for upsell in upsells.order_by("-pk")[:limit]:
        if upsell.order_id == order.pk:
            said, other = _("It was placed by one click on the page of order %(number)s."), upsell.source
        else:
            said, other = _("One click on its page placed order %(number)s."), upsell.order
        yield Entry(upsell.order.placed_at, "order", sentence(said, number=ltr(other.number)))


def tell_upgrades(order: Order, limit: int) -> Iterator[Entry]:
    """Lines that take the place of others, here or in another order."""
    if not getattr(order, "has_upgrades", True):
        return
    upgrades = Upgrade.objects.filter(Q(line__order=order) | Q(former__order=order, taken_at__isnull=False))
    for upgrade in upgrades.select_related("former__order", "line__order").order_by("-pk")[:limit]:
        former, line = isolate(upgrade.former), isolate(upgrade.line)
        if upgrade.line.order_id == order.pk:
            words = sentence(
                _("%(line)s takes the place of %(former)s in order %(number)s."),
                line=line,
                former=former,
                number=ltr(upgrade.former.order.number),
            )
            yield Entry(order.placed_at, "order", words)
        if upgrade.former.order_id == order.pk and upgrade.taken_at:
            words = sentence(
                _("%(former)s was upgraded by order %(number)s."),
                former=former,
                number=ltr(upgrade.line.order.number),
            )
            yield Entry(upgrade.taken_at, "order", words)
