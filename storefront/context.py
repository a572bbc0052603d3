from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, get_language_bidi


def is_personal(request: HttpRequest) -> bool:
    """Whether the page may show something about its reader. Readers without a session all get one page.

    A request that was refused before its session was looked for has none, whatever its cookie says.
    """
    return settings.SESSION_COOKIE_NAME in request.COOKIES and hasattr(request, "session")


def shop(request: HttpRequest) -> dict[str, Any]:
    language = get_language() or settings.LANGUAGE_CODE
    # The prefix is the only difference between the addresses; translate_url() would resolve and reverse each.
    address = request.get_full_path().removeprefix(_prefix(language))
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "is_demo": settings.DEMO,
        "refund_window_days": settings.REFUND_WINDOW_DAYS,
        "personal": is_personal(request),
        "language": language,
        "direction": "rtl" if get_language_bidi() else "ltr",
        "alternates": [
            {
                "code": code,
                "name": name,
                "url": f"{_prefix(code)}{address}",
                "is_current": code == language,
            }
            for code, name in settings.LANGUAGES
        ],
    }


def _prefix(language: str) -> str:
    return "" if language == settings.LANGUAGE_CODE else f"/{language}"
