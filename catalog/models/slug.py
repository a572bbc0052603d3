from itertools import count
from typing import Any

from django.db.models import QuerySet
from django.utils.text import slugify

LENGTH = 100


def slug_of(title: str) -> str:
    """A title as the end of an address, in its own script; empty for a title without letters or digits."""
    words = title.replace("\u200c", " ").replace("\u0640", "")  # ZWNJ parts words, tatweel only stretches
    return slugify(words, allow_unicode=True)[:LENGTH].rstrip("-_")


def free_slug(others: QuerySet[Any], title: str, otherwise: str) -> str:
    """A slug from the title that none of the others has, with a number when the plain one is taken."""
    wanted = slug_of(title) or otherwise
    taken = set(others.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return next(
        slug for number in count(1) if (slug := f"{wanted}-{number}" if number > 1 else wanted) not in taken
    )
