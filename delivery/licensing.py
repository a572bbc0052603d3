"""Licences are issued when their order is paid; delivery.access stops them as the money says."""

from django.db import transaction

from catalog.models import Variant
from checkout.models import Order, OrderEvent, OrderLine
from delivery.access import update_access_of
from delivery.codes import take_codes
from delivery.models import Code, License, LicenseMove, LicensePlan
from delivery.plans import plans_for


@transaction.atomic
def issue_licenses(event: OrderEvent) -> None:
    """Give each unit of the order its licence, where there is a plan for it. Safe to repeat and to race.

    One licence a unit, by constraint; the order is locked meanwhile. Where codes have run out, which only a
    payment after the order's time can meet, the order is held for staff, and its release comes back here.
    """
    order = Order.objects.select_for_update().get(pk=event.order_id)
    if order.paid_at is None:
        return
    lines = list(order.lines.select_related("variant"))
    plans = plans_for([line.variant for line in lines])
    if not plans:
        return
    missing = sum(_issue(line, plans[line.variant_id]) for line in lines if line.variant_id in plans)
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


def _issue(line: OrderLine, plan: LicensePlan) -> int:
    """The licences that the line lacks; gives how many codes were missing for them."""
    numbers = set(range(1, line.quantity + 1)) - set(line.licenses.values_list("number", flat=True))
    codes: list[Code] = take_codes(line, plan, len(numbers)) if plan.gives_codes and numbers else []
    made = [None] * (0 if plan.gives_codes else len(numbers))
    for number, code in zip(sorted(numbers), [*codes, *made], strict=False):
        license_ = License.objects.create(
            line=line,
            number=number,
            plan=plan,
            variant=line.variant,
            key=code.text if code else plan.new_key(),
            activation_limit=plan.activation_limit,
            expires_at=plan.first_expiry(),
        )
        if code:
            Code.objects.filter(pk=code.pk).update(license=license_)
    return len(numbers) - len(codes) - len(made)
