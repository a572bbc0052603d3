"""Licences are issued when their order is paid; delivery.access stops them as the money says."""

from django.db import transaction

from catalog.models import Variant
from checkout.models import Order, OrderEvent
from delivery.access import update_access_of
from delivery.bringing import Brought, brought_by
from delivery.codes import take_codes
from delivery.models import Code, License, LicenseMove, LicensePlan
from delivery.plans import plans_for


@transaction.atomic
def issue_licenses(event: OrderEvent) -> None:
    """Give each unit of the order its licences, where there are plans for it. Safe to repeat and to race.

    One licence a unit and variant, by constraint; the order is locked meanwhile. Where codes have run out,
    which only a payment after the order's time can meet, the order is held for staff, and its release comes
    back here.
    """
    order = Order.objects.select_for_update().get(pk=event.order_id)
    if order.paid_at is None:
        return
    by_line = brought_by(order.lines.select_related("variant")).values()
    brought = [each for own in by_line for each in own]
    plans = plans_for([each.variant for each in brought])
    if not plans:
        return
    missing = sum(_issue(each, plans[each.variant.pk]) for each in brought if each.variant.pk in plans)
    update_access_of(order.pk)
    if missing:
        event.order.hold(f"Codes missing: {missing}. Load more of them, then release the order.")


@transaction.atomic
def upgrade_license(license_: License, variant: Variant, *, once: str) -> bool:
    """Move the key to another variant, with the limit of that one's plan; places in use stay in use.

    Once for each cause, such as "line:17": false, and nothing done, on a repeat. Raises KeyError for a
    variant without a plan of its own or its product's.
    """
    plan = plans_for([variant])[variant.pk]
    license_ = License.objects.locked().get(pk=license_.pk)
    was = {"variant": license_.variant_id, "plan": license_.plan_id, "limit": license_.activation_limit}
    if not LicenseMove.record(license_, "upgraded", {"was": was, "variant": variant.pk}, once=once):
        return False
    change = {"variant": variant, "plan": plan, "activation_limit": plan.activation_limit}
    return bool(License.objects.filter(pk=license_.pk).update(**change))


def _issue(brought: Brought, plan: LicensePlan) -> int:
    """The licences that the line lacks of a variant; gives how many codes were missing for them."""
    line = brought.line
    there = line.licenses.filter(bundled=brought.part).values_list("number", flat=True)
    numbers = set(range(1, brought.quantity + 1)) - set(there)
    codes: list[Code] = take_codes(line, plan, len(numbers)) if plan.gives_codes and numbers else []
    made = [None] * (0 if plan.gives_codes else len(numbers))
    for number, code in zip(sorted(numbers), [*codes, *made], strict=False):
        license_ = License.objects.create(
            line=line,
            bundled=brought.part,
            number=number,
            plan=plan,
            variant=brought.variant,
            key=code.text if code else plan.new_key(),
            activation_limit=plan.activation_limit,
            expires_at=plan.first_expiry(),
        )
        if code:
            Code.objects.filter(pk=code.pk).update(license=license_)
    return len(numbers) - len(codes) - len(made)
