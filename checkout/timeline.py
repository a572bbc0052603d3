"""What happened to one order, as sentences for staff: one list, newest first.

ORDER_TIMELINE in the settings names who contributes, so that apps above this one speak too.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString

from checkout.models import Order

ICONS = {
    "order": "shopping-bag",
    "coupon": "ticket-percent",
    "payment": "credit-card",
    "refund": "undo-2",
    "dispute": "triangle-alert",
    "mismatch": "triangle-alert",
    "webhook": "webhook",
    "mail": "mail",
    "staff": "mail",
    "download": "download",
    "document": "file-text",
    "license": "key-round",
    "referral": "link",
    "gift": "gift",
}


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `words` and `note` are safe markup; `tone` is good, wait, bad or nothing."""

    at: datetime
    kind: str
    words: SafeString
    tone: str = ""
    note: SafeString = SafeString()
    url: str = ""

    @property
    def icon(self) -> str:
        return ICONS[self.kind]


def timeline(order: Order, limit: int = 200) -> list[Entry]:
    """At most so many rows of each source, the newest, so that a page stays a page."""
    told = (entry for path in settings.ORDER_TIMELINE for entry in import_string(path)(order, limit))
    return sorted(told, key=lambda entry: entry.at, reverse=True)
