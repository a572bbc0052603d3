"""What a buyer came by, signed: it travels in a cookie or a session, and stays with the order."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import unquote

from django.core import signing
from django.utils import timezone

from storefront.text import clean_line

SALT = "affiliates.visit"
LONGEST = 500  # characters, which an order has room for
LONGEST_PATH, LONGEST_SUB, LONGEST_UTM = 120, 60, 120


@dataclass(frozen=True)
class Visit:
    """Somebody followed a link of this affiliate at that time. `way` is one of Referral.Way."""

    affiliate_id: int
    at: datetime
    way: str
    path: str = ""
    sub_id: str = ""
    utm: str = ""
    coupon: str = ""  # known when the order is credited, and never part of what travels

    @classmethod
    def now(cls, affiliate_id: int, way: str, *, path: str = "", sub_id: str = "", utm: str = "") -> Self:
        """A visit of this moment, with what the link said cut to what is kept of it."""
        return cls(
            affiliate_id,
            timezone.now().replace(microsecond=0),
            way,
            clean_line(unquote(path))[:LONGEST_PATH],
            clean_line(sub_id)[:LONGEST_SUB],
            clean_line(utm)[:LONGEST_UTM],
        )


def sign(visit: Visit) -> str:
    """The visit as a text that nobody else can write, of at most 500 characters."""
    for kept in (visit, replace(visit, utm=""), replace(visit, utm="", path="")):
        told = [kept.affiliate_id, int(kept.at.timestamp()), kept.way, kept.path, kept.sub_id, kept.utm]
        text = signing.dumps(told, salt=SALT, compress=True)
        if len(text) <= LONGEST:
            return text
    return sign(replace(visit, sub_id="", utm="", path=""))


def read(text: str) -> Visit | None:
    """The visit, or nothing for a text that this shop has not signed."""
    try:
        told: Any = signing.loads(text, salt=SALT) if text else None
        affiliate_id, at, way, path, sub_id, utm = told
        return Visit(affiliate_id, datetime.fromtimestamp(at, tz=UTC), way, path, sub_id, utm)
    except (signing.BadSignature, TypeError, ValueError):
        return None
