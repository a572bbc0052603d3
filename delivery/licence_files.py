"""Licence files: what a program may believe for a while without asking, signed.

A file is the signed form of a good answer about one instance, with three times in Unix seconds: `iat` when it
was made, `exp` until when it is good, `grace` until when it still works where the shop can't be reached.
Neither lies beyond the licence's own expiry. Whoever asks with a nonce gets each answer signed, refusals too.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from delivery.finding import Facts, Use
from delivery.signing import sign


def signed_answer(body: dict[str, Any], facts: Facts | None, *, asked: str, nonce: str) -> str | None:
    """The answer, signed. It is a licence file where the facts are given, which are of an instance in use.

    `asked` is the instance in the caller's own words, by which it knows its file again.
    """
    if facts is None and not nonce:
        return None
    claims = {
        "iss": settings.SITE_URL,
        "iat": int(timezone.now().timestamp()),
        "nonce": nonce,
        "asked": asked,
    }
    claims |= body
    if facts:
        exp, grace = times(facts)
        claims |= {"exp": exp, "grace": grace}
    return sign(claims)


def times(facts: Facts) -> tuple[int, int]:
    """Until when a file of now is good, and until when it works without the shop, in Unix seconds."""
    good = timezone.now() + timedelta(days=facts.offline_days)
    works = good + timedelta(days=facts.grace_days)
    end = facts.expires_at or datetime.max.replace(tzinfo=UTC)
    return int(min(good, end).timestamp()), int(min(works, end).timestamp())


def licence_file(facts: Facts, asked: str) -> str:
    """The file for an instance in use, as the answer to its activation would be."""
    use = instance_data(facts.use) if facts.use else None
    body = {"activated": True, "code": "ok", "message": "", "license": license_data(facts), "instance": use}
    return signed_answer(body, facts, asked=asked, nonce="") or ""


def license_data(facts: Facts) -> dict[str, Any]:
    return {
        "id": str(facts.uid),
        "key": facts.key,
        "status": facts.standing,
        "expires_at": written(facts.expires_at),
        "activation_limit": facts.limit or None,
        "activations": facts.used,
        "activations_left": facts.left,
        "product": {"id": facts.product_id, "slug": facts.product_slug, "title": facts.product_title},
        "variant": {"id": facts.variant_id, "title": facts.variant_title},
    }


def instance_data(use: Use) -> dict[str, Any]:
    return {
        "id": str(use.uid),
        "instance": use.instance,
        "name": use.name,
        "is_counted": not use.is_free,
        "activated_at": written(use.activated_at),
    }


def written(time: datetime | None) -> str | None:
    """As all answers write times: ISO 8601 in UTC."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else None
