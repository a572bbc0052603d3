"""Codes that staff loaded beforehand: none is sold twice, and none is sold that is not there."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Prefetch, prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from catalog.models import BundleItem, Product, Variant
from checkout.errors import CartNotUsable
from checkout.models import Order, OrderEvent, OrderLine
from delivery.bringing import brought_by
from delivery.errors import CodesNotUsable
from delivery.models import Code, License, LicensePlan, key_hash
from delivery.plans import plans_for
from storefront.mail import send_templated
from storefront.money import digits
from storefront.text import clean_line, fold_code

MAX_ROWS = 50_000
MAX_BYTES = 10_000_000
_HEADS = {"code", "codes", "key", "keys", "license", "licence", "licensekey", "licencekey", "serial"}


@dataclass
class LoadReport:
    """What became of each row of a list; rows are counted from 1, as a spreadsheet shows them."""

    taken: int = 0
    duplicates: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)


# --- The sale ------------------------------------------------------------------------------------


def reasons_not_to_sell(wanted: Mapping[Variant, int]) -> dict[int, str]:
    """By variant id, for what too few codes are left of. One query, two where something gives codes.

    Bundles sell as long as there are codes for each of their parts.
    """
    brought = _brought(wanted)
    plans = plans_for([each for own in brought.values() for each in own])
    plans = {pk: plan for pk, plan in plans.items() if plan.gives_codes}
    if not plans:
        return {}
    free = _count_free(plans.values())
    reasons = {}
    for variant, quantity in wanted.items():
        needed = Counter(plans[each.pk].pk for each in brought[variant.pk] if each.pk in plans)
        left = min((free[plan] // count for plan, count in needed.items()), default=quantity)
        if left < quantity:
            reasons[variant.pk] = _few(left)
    return reasons


def _brought(variants: Iterable[Variant]) -> dict[int, list[Variant]]:
    """What one of each brings: itself, and what is in its bundle today, which the cart has at hand."""
    variants = list(variants)
    bundles = [each.product for each in variants if each.product.kind == Product.Kind.BUNDLE]
    prefetch_related_objects(bundles, Prefetch("bundle_items", BundleItem.objects.select_related("member")))
    return {each.pk: [each, *_parts(each.product)] for each in variants}


def _parts(product: Product) -> list[Variant]:
    is_bundle = product.kind == Product.Kind.BUNDLE
    return [item.member for item in product.bundle_items.all()] if is_bundle else []


def set_aside(order: Order, lines: list[OrderLine]) -> None:
    """Keep the codes of a new order for it, in the transaction that places it.

    Raises CartNotUsable, so that the order is not placed, where somebody else has taken the last ones.
    """
    brought = brought_by(lines)
    plans = plans_for([each.variant for own in brought.values() for each in own])
    wanted = Counter[tuple[LicensePlan, OrderLine]]()
    for line in lines:
        for each in brought[line.pk]:
            plan = plans.get(each.variant.pk)
            if plan and plan.gives_codes:
                wanted[plan, line] += each.quantity
    # Always in this order, or two orders of two almost empty stocks could lock each other up as they warn.
    for plan, line in sorted(wanted, key=lambda pair: (pair[0].pk, pair[1].pk)):
        count = wanted[plan, line]
        if len(take_codes(line, plan, count)) < count:
            raise CartNotUsable(_few(_count_free([plan])[plan.pk]))


def take_codes(line: OrderLine, plan: LicensePlan, count: int) -> list[Code]:
    """Up to so many codes for the line: those set aside for it, then free ones. Inside a transaction."""
    codes = list(line.codes.filter(plan=plan, license=None)[:count])
    free = plan.codes.free().select_for_update(skip_locked=True).order_by("pk")
    more = list(free[: count - len(codes)])
    if more:
        Code.objects.filter(pk__in=[code.pk for code in more]).update(line=line)
        _warn_of_low_stock(plan)
    return codes + more


@transaction.atomic
def give_codes_back(event: OrderEvent) -> None:
    """What was set aside for an order that nobody paid is free again, and for a gift that is refunded before
    it was accepted. Safe to repeat.
    """
    order = Order.objects.select_for_update().get(pk=event.order_id)
    is_refunded = order.status == Order.Status.REFUNDED and not order.has_owner
    if order.status == Order.Status.EXPIRED or is_refunded:
        Code.objects.filter(line__order=order, license=None).update(line=None)


def _count_free(plans: Iterable[LicensePlan]) -> dict[int, int]:
    pks = [plan.pk for plan in plans]
    rows = Code.objects.free().filter(plan__in=pks).order_by().values_list("plan").annotate(Count("pk"))
    return dict.fromkeys(pks, 0) | dict(rows)


def _few(left: int) -> str:
    if not left:
        return _("This is sold out for now.")
    words = ngettext("Only %(count)s of this is left.", "Only %(count)s of this are left.", left)
    return words % {"count": digits(left)}


def _warn_of_low_stock(plan: LicensePlan) -> None:
    """Tell staff, once for each stock that was loaded, and once more when the last code is gone."""
    left = _count_free([plan])[plan.pk]
    if left > plan.low_stock and left > 0:
        return
    loaded = plan.codes.count()
    for _name, address in settings.ADMINS:
        with override(settings.LANGUAGE_CODE):
            title = (
                _("Codes are running out: %(product)s") if left else _("No code is left: %(product)s")
            ) % {"product": plan}
            words = ngettext("%(count)s code is left.", "%(count)s codes are left.", left)
            send_templated(
                "staff_note",
                to=address,
                context={
                    "title": title,
                    "words": words % {"count": digits(left)},
                    "details": _("Without codes it can't be bought."),
                    "path": reverse("admin:delivery_licenseplan_change", args=[plan.pk]),
                },
                language=settings.LANGUAGE_CODE,
                cause=f"codes.{'low' if left else 'gone'}:{plan.pk}:{loaded}:{address}",
            )


# --- Loading -------------------------------------------------------------------------------------


@transaction.atomic
def load_codes(plan: LicensePlan, content: bytes) -> LoadReport:
    """Take the codes of a CSV file, or of lines of text, into the plan's stock; each once in the whole shop.

    The column headed "code" or "key" is taken, else the first. Raises CodesNotUsable, having taken nothing,
    for what is no such list.
    """
    report, found = LoadReport(), dict[str, tuple[int, str]]()
    for row, text in _rows(content):
        folded = fold_code(text)
        if not folded or len(text) > 200:
            report.refused.append(row)
        elif key_hash(text) in found:
            report.duplicates.append(row)
        else:
            found[key_hash(text)] = (row, text)
    list(LicensePlan.objects.select_for_update().order_by("pk"))  # two loads at once wait for each other
    known = _known(list(found))
    report.duplicates = sorted(report.duplicates + [found[each][0] for each in known])
    new = [
        Code(plan=plan, text=text, text_hash=each)
        for each, (_row, text) in found.items()
        if each not in known
    ]
    Code.objects.bulk_create(new, batch_size=500)
    report.taken = len(new)
    return report


def _known(hashes: list[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(hashes), 500):
        part = hashes[start : start + 500]
        known |= set(Code.objects.filter(text_hash__in=part).values_list("text_hash", flat=True))
        known |= set(License.objects.filter(key_hash__in=part).values_list("key_hash", flat=True))
    return known


def _rows(content: bytes) -> Iterator[tuple[int, str]]:
    if len(content) > MAX_BYTES:
        raise CodesNotUsable(_("This list is too long. Please load it in parts."))
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), _dialect(text)))
    except (UnicodeDecodeError, csv.Error):
        raise CodesNotUsable(_("This is no list of codes. Please save it as CSV in UTF-8.")) from None
    if len(rows) > MAX_ROWS:
        raise CodesNotUsable(_("This list is too long. Please load it in parts."))
    heads = [fold_code(cell) for cell in rows[0]] if rows else []
    column = next((place for place, head in enumerate(heads) if head in _HEADS), None)
    for number, row in enumerate(rows, start=1):
        if number == 1 and column is not None:
            continue
        cell = clean_line(row[column or 0]) if len(row) > (column or 0) else ""
        if cell or any(part.strip() for part in row):
            yield number, cell


def _dialect(text: str) -> type[csv.Dialect]:
    class Lines(csv.excel):
        delimiter = max(",;\t", key=text.partition("\n")[0].count)

    return Lines
