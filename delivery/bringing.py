"""What an order line brings: its own variant, and the parts of its bundle."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, prefetch_related_objects

from catalog.models import Variant
from checkout.models import BundledVariant, OrderLine


@dataclass(frozen=True)
class Brought:
    """So many of a variant that a line brings; `part` where it is not its own, but out of its bundle."""

    line: OrderLine
    variant: Variant
    quantity: int
    part: BundledVariant | None = None


def brought_by(lines: Iterable[OrderLine]) -> dict[int, list[Brought]]:
    """What each line brings, by line. One query where a bundle is among them, none otherwise.

    The lines come with their variants. A part that the buyer had before is not brought.
    """
    lines = list(lines)
    parts = BundledVariant.objects.filter(quantity__gt=0).select_related("variant__product")
    prefetch_related_objects([line for line in lines if line.is_bundle], Prefetch("bundled", parts))
    return {line.pk: [Brought(line, line.variant, line.quantity), *_parts(line)] for line in lines}


def _parts(line: OrderLine) -> list[Brought]:
    parts = line.bundled.all() if line.is_bundle else ()
    return [Brought(line, part.variant, part.quantity, part) for part in parts]
