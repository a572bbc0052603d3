"""Stripe's lists: newest first, in pages. https://docs.stripe.com/api/pagination"""

from collections.abc import Iterable
from typing import Any


def answer(path: str, rows: Iterable[dict[str, Any]], sent: dict[str, Any]) -> dict[str, Any]:
    """One page of the rows, which come oldest first, as the parameters of the call want it."""
    found = [row for row in rows if _is_wanted(row, sent)][::-1]
    if after := sent.get("starting_after"):
        found = found[[row["id"] for row in found].index(after) + 1 :]
    limit = int(sent.get("limit", 10))
    return {"object": "list", "url": path, "data": found[:limit], "has_more": len(found) > limit}


def _is_wanted(row: dict[str, Any], sent: dict[str, Any]) -> bool:
    types = list(sent.get("types", {}).values())
    return (
        sent.get("payment_intent") in (None, row.get("payment_intent"))
        and (not types or row["type"] in types)
        and row["created"] >= int(sent.get("created", {}).get("gte", 0))
    )
