"""What the page of a gift shows its recipient."""

from typing import Any

from accounts.models import User
from checkout.models import Gift
from delivery.fulfilment import grant_at_once
from delivery.links import order_download_url
from delivery.pages import is_closed
from delivery.shelves import lay_out


def state_of_gift(gift: Gift, user: User | None) -> str:
    """One of: taken back, held, new, open, somebody's; for a reader with its link, signed in or not."""
    if gift.is_kept or not gift.order.is_paid:
        return "taken back"
    if gift.order.is_held:
        return "held"
    if not gift.is_claimed:
        return "new"
    return "open" if gift.is_open_to(user.pk if user else None) else "somebody's"


def gift_page(gift: Gift, user: User | None) -> dict[str, Any]:
    """All that the page shows: no price, and nothing of the buyer but the name they gave themselves."""
    state = state_of_gift(gift, user)
    if state == "open":
        grant_at_once(gift.order)
    laid = lay_out(gift.order.lines.all()) if state in ("new", "open") else []
    downloads = [offer for shelf in laid for offer in shelf.offers] if state == "open" else []
    return {
        "gift": gift,
        "state": "taken back" if state == "open" and is_closed(laid) else state,
        "lines": [shelf.line for shelf in laid],
        "shelves": laid if state == "open" else [],
        "downloads": downloads,
        "is_making": any(offer.is_being_made for offer in downloads),
        "whole_url": order_download_url(gift.order) if downloads else "",
        "may_join": state == "open" and gift.claimed_by_id is None,
    }
