from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, get_language_bidi

from storefront.shop import shop


def is_personal(request: HttpRequest) -> bool:
    """Whether the page may show something about its reader. Readers without a session all get one page.

    A request that was refused before its session was looked for has none, whatever its cookie says.
    """
    return settings.SESSION_COOKIE_NAME in request.COOKIES and hasattr(request, "session")


def page(request: HttpRequest) -> dict[str, Any]:
    facts = shop()
    language = get_language() or settings.LANGUAGE_CODE
    return {
        "shop": facts,
        "site_name": facts.name,
        "site_url": settings.SITE_URL,
        "is_demo": settings.DEMO,
        "refund_window_days": facts.refund_window_days,
        "personal": is_personal(request),
        "language": language,
        "direction": "rtl" if get_language_bidi() else "ltr",
        "alternates": [
            {
                "code": code,
                "name": name,
                "url": address_in(code, request),
                "is_current": code == language,
            }
            for code, name in settings.LANGUAGES
            if code in facts.languages or code == language
        ],
    }


def address_in(language: str, request: HttpRequest) -> str:
    """This page in another language: the prefix is the only difference between the addresses."""
    here = _prefix(get_language() or settings.LANGUAGE_CODE)
    return _prefix(language) + request.get_full_path().removeprefix(here)


def _prefix(language: str) -> str:
    return "" if language == settings.LANGUAGE_CODE else f"/{language}"
