"""What the timeline of an order tells of gifts, upsells and upgrades."""

from collections.abc import Iterator

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


def tell_upsells(order: Order, limit: int) -> Iterator[Entry]:
    """The click that this order came by, or that another came by from its page."""
    for upsell in Upsell.objects.filter(order=order).select_related("source"):
        words = sentence(
            _("It was placed by one click on the page of order %(number)s."), number=ltr(upsell.source.number)
        )
        yield Entry(order.placed_at, "order", words)
    for upsell in Upsell.objects.filter(source=order).select_related("order").order_by("-pk")[:limit]:
        words = sentence(_("One click on its page placed order %(number)s."), number=ltr(upsell.order.number))
        yield Entry(upsell.order.placed_at, "order", words)


def tell_upgrades(order: Order, limit: int) -> Iterator[Entry]:
    """Lines that take the place of others, here or in another order."""
    for upgrade in Upgrade.objects.filter(line__order=order).select_related("former__order", "line")[:limit]:
        words = sentence(
            _("%(line)s takes the place of %(former)s in order %(number)s."),
            line=isolate(upgrade.line),
            former=isolate(upgrade.former),
            number=ltr(upgrade.former.order.number),
        )
        yield Entry(order.placed_at, "order", words)
    taken = Upgrade.objects.filter(former__order=order, taken_at__isnull=False)
    for upgrade in taken.select_related("former", "line__order")[:limit]:
        words = sentence(
            _("%(former)s was upgraded by order %(number)s."),
            former=isolate(upgrade.former),
            number=ltr(upgrade.line.order.number),
        )
        yield Entry(upgrade.taken_at or order.placed_at, "order", words)
