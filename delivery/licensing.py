"""Licences are issued when their order is paid; delivery.access stops them as the money says."""

from django.db import transaction

from checkout.models import Order, OrderEvent
from delivery.access import update_access_of
from delivery.bringing import Brought, brought_by
from delivery.codes import take_codes
from delivery.models import Code, License, LicensePlan
from delivery.plans import plans_for
from delivery.upgrading import keys_that_move


@transaction.atomic
def issue_licenses(event: OrderEvent) -> None:
    """Give each unit of the order its licences, where there are plans for it. Safe to repeat and to race.

    An upgrade brings the key that its buyer has, and new ones only beyond that. One licence a unit and
    variant, by constraint; the order is locked meanwhile. Where codes have run out, which only a payment
    after the order's time can meet, the order is held for staff, and its release comes back here.
    """
    order = Order.objects.select_for_update().get(pk=event.order_id)
    if order.paid_at is None or not order.has_owner:
        return
    by_line = brought_by(order.lines.select_related("variant", "upgrade")).values()
    brought = [each for own in by_line for each in own]
    plans = plans_for([each.variant for each in brought])
    if not plans:
        return
    missing = sum(_issue(each, plans[each.variant.pk]) for each in brought if each.variant.pk in plans)
    update_access_of(order.pk)
    if missing:
        event.order.hold(f"Codes missing: {missing}. Load more of them, then release the order.")


def _issue(brought: Brought, plan: LicensePlan) -> int:
    """The licences that the line lacks of a variant; gives how many codes were missing for them."""
    line, is_own = brought.line, brought.part is None
    there = line.licenses.filter(bundled=brought.part).values_list("number", flat=True)
    missing = set(range(1, brought.quantity + 1)) - set(there)
    moves = is_own and hasattr(line, "upgrade") and not plan.gives_codes
    numbers = sorted(missing)[keys_that_move(line) if moves else 0 :]
    codes: list[Code] = take_codes(line, plan, len(numbers)) if plan.gives_codes and numbers else []
    made = [None] * (0 if plan.gives_codes else len(numbers))
    for number, code in zip(numbers, [*codes, *made], strict=False):
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
