"""Many coupons at once, each with a code of its own that nobody guesses."""

import secrets
from copy import copy
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from checkout.errors import PatternNotUsable
from checkout.models import Coupon
from checkout.models.coupon import LISTS, MAX_CODE, MAX_FOLDED
from storefront.money import digits
from storefront.text import clean_line, fold_code

PLACE = "#"
MIN_PLACES = 8  # 28 letters each: more than 3 * 10**11 codes, of which at most MAX_COUNT are valid
MAX_COUNT = 10_000
# Without those that look alike, and without vowels, which make words.
_LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"


def check_pattern(pattern: str) -> str:
    """The pattern as it is used, such as EID-####-####. Raises PatternNotUsable."""
    pattern = clean_line(pattern)
    if pattern.count(PLACE) < MIN_PLACES:
        words = ngettext(
            "Write %(sign)s at least %(count)s time: each becomes a letter or digit by chance.",
            "Write %(sign)s at least %(count)s times: each becomes a letter or digit by chance.",
            MIN_PLACES,
        )
        raise PatternNotUsable(words % {"sign": PLACE, "count": digits(MIN_PLACES)})
    if len(pattern) > MAX_CODE or len(fold_code(pattern)) + pattern.count(PLACE) > MAX_FOLDED:
        raise PatternNotUsable(_("This is too long for a code."))
    return pattern


@transaction.atomic
def make_copies(
    coupon: Coupon, *, pattern: str, count: int, batch: str, max_uses: int | None
) -> list[Coupon]:
    """Make so many switched-on coupons that do what this one does, each with a code by the pattern.

    `max_uses` is for each of them. Raises PatternNotUsable, and makes nothing then.
    """
    pattern = check_pattern(pattern)
    codes = _new_codes(pattern, count)
    copies = []
    for folded, code in codes.items():
        one = copy(coupon)
        one.pk, one.code, one.code_folded, one.batch = None, code, folded, batch
        one.is_active, one.max_uses, one.note = True, max_uses, ""
        copies.append(one)
    made = Coupon.objects.bulk_create(copies, batch_size=500)
    for name in LISTS:
        _copy_list(coupon, made, name)
    return made


def _new_codes(pattern: str, count: int) -> dict[str, str]:
    """Codes by their folded spelling, none of which is there yet."""
    found: dict[str, str] = {}
    while len(found) < count:
        drawn = (_draw(pattern) for _each in range(count - len(found)))
        found |= {fold_code(code): code for code in drawn}
        folded = list(found)
        for start in range(0, len(folded), 500):
            taken = Coupon.objects.filter(code_folded__in=folded[start : start + 500])
            for known in taken.values_list("code_folded", flat=True):
                del found[known]
    return found


def _draw(pattern: str) -> str:
    return "".join(secrets.choice(_LETTERS) if char == PLACE else char for char in pattern)


def _copy_list(coupon: Coupon, copies: list[Coupon], name: str) -> None:
    relation: Any = getattr(Coupon, name)
    through, target = relation.through, relation.field.m2m_reverse_field_name()
    chosen = list(getattr(coupon, name).values_list("pk", flat=True))
    rows = (through(**{"coupon_id": copy.pk, f"{target}_id": pk}) for copy in copies for pk in chosen)
    through.objects.bulk_create(rows, batch_size=500)
