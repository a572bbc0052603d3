"""Which licence a variant brings."""

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, Q

from catalog.models import Variant
from checkout.models import BundledVariant, OrderLine
from delivery.models import LicensePlan


def plans_for(variants: Collection[Variant]) -> dict[int, LicensePlan]:
    """Plans by variant id, for those that have one: the variant's own before its product's; one query."""
    own = Q(variant__in=[variant.pk for variant in variants])
    general = Q(variant=None, product__in={variant.product_id for variant in variants})
    plans = list(LicensePlan.objects.filter(own | general))
    by_variant = {plan.variant_id: plan for plan in plans if plan.variant_id}
    by_product = {plan.product_id: plan for plan in plans if not plan.variant_id}
    found = {
        variant.pk: by_variant.get(variant.pk) or by_product.get(variant.product_id) for variant in variants
    }
    return {pk: plan for pk, plan in found.items() if plan}


def brings_licenses(order: Any) -> Exists:
    """An expression: whether anything in the order (an id, or OuterRef twice) has a plan."""
    lines = OrderLine.objects.filter(order=order)
    parts = BundledVariant.objects.filter(line__order=order, quantity__gt=0)
    own, general = Q(), Q()
    for brought in (lines, parts):
        own |= Q(variant__in=brought.values("variant"))
        general |= Q(variant=None, product__in=brought.values("variant__product"))
    return Exists(LicensePlan.objects.filter(own | general))
