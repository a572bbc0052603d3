"""How states of affiliates look: a coloured word with its icon, and never colour alone."""

from typing import Any

from django.utils.safestring import SafeString

from checkout.templatetags.staff import state

_LOOKS = {
    "pending": ("wait", "hourglass"),
    "active": ("good", "circle-check"),
    "paused": ("wait", "clock"),
    "rejected": ("bad", "x"),
    "credited": ("good", "circle-check"),
    "refused": ("bad", "x"),
    "paid": ("good", "circle-check"),
    "canceled": ("", "x"),
}


def look(row: Any) -> SafeString:
    tone, icon_name = _LOOKS[row.status]
    return state(tone, icon_name, row.get_status_display())
