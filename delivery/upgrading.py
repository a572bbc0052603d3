"""Upgrades move a key to another plan, and back when the money for one is given back.

Where a key belongs is computed from the rows of now, so that payments, refunds and disputes in any order end
alike.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime

from checkout.models import OrderLine, Upgrade
from checkout.standing import Standing, standings
from delivery.models import License, LicenseMove, LicensePlan
from delivery.plans import plans_for


def former_lines(line_ids: Collection[int]) -> dict[int, int]:
    """The lines that these take the places of, at any remove: each with the given line that it ends in."""
    found: dict[int, int] = {}
    reached = {pk: pk for pk in line_ids}
    while reached:
        upgrades = Upgrade.objects.filter(line__in=reached).values_list("former_id", "line_id")
        reached = {former: reached[line] for former, line in upgrades}
        found |= reached
    return found


def keys_that_move(line: OrderLine) -> int:
    """How many licences come along with what this line upgrades, instead of new ones for it."""
    return sum(_can_move(license_) for license_ in _licenses(former_lines([line.pk])))


@transaction.atomic
def settle_licenses(line_ids: Iterable[int]) -> None:
    """Let the keys of these lines and of what they upgrade be of the edition that stands now.

    Safe to repeat. The orders are locked already: licences come after them.
    """
    ids = set(line_ids)
    for license_ in _licenses(ids | former_lines(ids).keys()):
        _settle(License.objects.locked().select_related("line__order", "plan").get(pk=license_.pk))


def _licenses(line_ids: Iterable[int]) -> list[License]:
    return list(License.objects.filter(line__in=list(line_ids)).select_related("plan").order_by("pk"))


def _can_move(license_: License) -> bool:
    """A code of somebody else's program is what it is, and so is a key for another part of a bundle."""
    return not license_.plan.gives_codes and license_.bundled_id is None


def _settle(license_: License) -> None:
    upgrade = _standing_upgrade(license_.line)
    plan = plans_for([upgrade.line.variant]).get(upgrade.line.variant_id) if upgrade else None
    if upgrade is None or plan is None or plan.gives_codes or not _can_move(license_):
        if license_.upgraded_by_id is not None:
            _restore(license_)
    elif license_.upgraded_by_id != upgrade.line_id:
        _move(license_, upgrade, plan)


def _standing_upgrade(line: OrderLine) -> Upgrade | None:
    """The last of the upgrades that stand one upon the other, from this line on."""
    found: Upgrade | None = None
    while upgrade := _taken(line):
        is_kept = standings(upgrade.line.order)[upgrade.line_id] == Standing.KEPT
        if upgrade.line.order.is_held or not is_kept:
            break
        found, line = upgrade, upgrade.line
    return found


def _taken(line: OrderLine) -> Upgrade | None:
    upgrades = Upgrade.objects.filter(former=line, taken_at__isnull=False)
    return upgrades.select_related("line__order", "line__variant").first()


def _move(license_: License, upgrade: Upgrade, plan: LicensePlan) -> None:
    """Same key, new limits; places in use stay in use. What it was before any upgrade is kept with it."""
    base = license_.before_upgrade or {
        "variant": license_.variant_id,
        "plan": license_.plan_id,
        "limit": license_.activation_limit,
        "expires_at": license_.expires_at.isoformat() if license_.expires_at else None,
    }
    _change(
        license_,
        "upgraded",
        upgraded_by=upgrade.line_id,
        before_upgrade=base,
        variant=upgrade.line.variant_id,
        plan=plan.pk,
        activation_limit=plan.activation_limit,
        expires_at=_expiry(upgrade, plan, base),
    )


def _expiry(upgrade: Upgrade, plan: LicensePlan, base: dict[str, Any]) -> Any:
    """As if the new edition had been bought that day, and never earlier than the key had before."""
    paid_at, had = upgrade.line.order.paid_at, base["expires_at"]
    if plan.valid_days is None or had is None or paid_at is None:
        return None
    return max(paid_at + timedelta(days=plan.valid_days), parse_datetime(had) or paid_at)


def _restore(license_: License) -> None:
    """What it was before; days that were added meanwhile stay added."""
    base = license_.before_upgrade or {}
    expires_at = parse_datetime(base["expires_at"]) if base["expires_at"] else None
    upgraded = license_.moves.filter(name="upgraded").order_by("-pk").first()
    later = license_.moves.filter(name__in=["extended", "expiry_set"], pk__gt=upgraded.pk if upgraded else 0)
    _change(
        license_,
        "downgraded",
        upgraded_by=None,
        before_upgrade=None,
        variant=base["variant"],
        plan=base["plan"],
        activation_limit=base["limit"],
        expires_at=license_.expires_at if later.exists() else expires_at,
    )


def _change(license_: License, name: str, **change: Any) -> None:
    told = {field: change[field] for field in ("variant", "plan", "activation_limit")}
    LicenseMove.record(license_, name, {**told, "line": change["upgraded_by"]})
    License.objects.filter(pk=license_.pk).update(**change)
