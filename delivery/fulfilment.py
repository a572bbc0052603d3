"""What a paid order brings: at once, and whatever its products bring later."""

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from catalog.models import ProductFile
from catalog.releases import current_files
from checkout.models import Order, OrderEvent, OrderLine, Payment, Upgrade
from checkout.upgrades import take_upgrades
from delivery.access import update_access_of
from delivery.bringing import Brought, brought_by
from delivery.licensing import issue_licenses
from delivery.models import DownloadGrant
from delivery.plans import brings_licenses
from delivery.stamping import ask_for_stamps, needs_stamp

_GRANTING = ("order.paid", "order.gift_accepted", "order.gift_kept")


def grant_downloads(event: OrderEvent) -> None:
    """Give each line of the order the right to its files, and its licences."""
    has_keys = grant_files(event.order_id)
    if has_keys is None:
        event.order.refresh_from_db()  # held: what else follows from the event must see that
    elif has_keys:
        issue_licenses(event)


@transaction.atomic
def grant_files(order_id: int) -> bool | None:
    """Give each line of the order the right to each of its files, as far as the money still allows.

    An order refunded meanwhile gets its rights too, taken back: the refund may fail yet. Safe to repeat and
    to race: one right a line and file, by constraint. The order is locked, so that what a refund takes back
    is either seen here or finds the rights there. Gives whether the order brings licences, too. A gift
    brings nothing before it is accepted, nor does an upgrade that another order was quicker with: that one is
    held, and gives None.
    """
    followers = Q(refunds__isnull=False) | Q(disputes__isnull=False)
    has_followers = Exists(Payment.objects.filter(followers, order=OuterRef("pk")))
    orders = Order.objects.select_for_update(of=["self"])
    facts = {
        "has_followers": has_followers,
        "brings_licenses": brings_licenses(OuterRef(OuterRef("pk"))),
        "has_upgrades": Exists(Upgrade.objects.filter(line__order=OuterRef("pk"))),
    }
    order = orders.annotate(**facts).get(pk=order_id)
    if not order.has_owner:
        return False
    if order.has_upgrades and order.is_paid and not take_upgrades(order):  # type: ignore[attr-defined]
        return None
    lines = list(order.lines.select_related("variant__product"))
    brought = brought_files(lines)
    grants = [DownloadGrant(line=line, file=file) for line in lines for file in brought[line.pk]]
    DownloadGrant.objects.bulk_create(grants, ignore_conflicts=True)
    _ask_for_stamps(lines, brought)
    if order.has_followers or not order.is_paid:  # type: ignore[attr-defined]
        update_access_of(order_id)
    return bool(order.brings_licenses)  # type: ignore[attr-defined]


def _ask_for_stamps(lines: list[OrderLine], brought: dict[int, list[ProductFile]]) -> None:
    """The rights were perhaps there already, so they are looked for, where a product wants marks at all."""
    if not any(needs_stamp(file) for files in brought.values() for file in files):
        return
    grants = DownloadGrant.objects.filter(line__in=lines)
    ask_for_stamps(grants.select_related("file__product", "stamp"))


def grant_at_once(order: Order) -> None:
    """For a reader who looks at the paid order, or at the gift, now: no worker is waited for."""
    for event in order.events.filter(name__in=_GRANTING, handled_at=None):
        grant_downloads(event)


def brought_files(lines: Iterable[OrderLine]) -> dict[int, list[ProductFile]]:
    """The files that each line brings today, by line, with product and release at hand. Two queries.

    Three where a bundle is among them. The lines come with their variants and products.
    """
    brought = brought_by(lines)
    products = {each.variant.product_id: each.variant.product for own in brought.values() for each in own}
    files = list(
        ProductFile.objects.filter(product__in=products)
        .select_related("release")
        .prefetch_related("variants")
        .order_by("position", "pk")
    )
    for file in files:
        file.product = products[file.product_id]
    by_product: dict[int, list[ProductFile]] = defaultdict(list)
    for file in current_files(files):
        by_product[file.product_id].append(file)
    return {pk: _files_of(own, by_product) for pk, own in brought.items()}


def _files_of(brought: list[Brought], by_product: dict[int, list[ProductFile]]) -> list[ProductFile]:
    """Each once, however many editions bring it."""
    files = (
        file
        for each in brought
        for file in by_product[each.variant.product_id]
        if file.is_brought_by(each.variant)
    )
    return list(dict.fromkeys(files))
