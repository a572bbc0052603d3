"""Answers programs and sends files before all that only pages need: sessions, accounts, messages, policies.

These are asked for most often, by whoever has a link or a key, and the rest would cost more than the answer.
"""

import re
from collections.abc import Callable
from contextlib import nullcontext

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.translation import override

from delivery.answering import answer_link, answer_order_link
from delivery.api.edd import edd, is_for_edd
from delivery.api.urls import urlpatterns
from delivery.errors import DownloadRefused, LinkNotValid, NotNow
from delivery.links import open_gift_link, open_link, open_order_link

_PROGRAMS = ("/api/", "/v1/licenses/")
_VIEWS = {f"/{each.pattern}": each.callback for each in urlpatterns if "<" not in str(each.pattern)}
_CODES = "|".join(code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE)
_FILE = re.compile(rf"/(?:({_CODES})/)?downloads/(?:(order|gift)/)?([^/]+)/")

_OPEN = {"order": open_order_link, "gift": open_gift_link}


class StraightMiddleware:
    """Stands behind what every answer needs, and before the rest. What it can't answer goes on to a view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = _to_program(request) or _to_reader(request)
        if answer is None:
            return self.get_response(request)
        answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer


def _to_program(request: HttpRequest) -> HttpResponseBase | None:
    if is_for_edd(request):
        return edd(request)
    if not request.path_info.startswith(_PROGRAMS):
        return None
    if view := _VIEWS.get(request.path_info):
        return view(request)
    try:
        found = resolve(request.path_info, "delivery.api.urls")
    except Resolver404:
        return None
    answer: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
    return answer


def _to_reader(request: HttpRequest) -> HttpResponseBase | None:
    """The file of a link; where there is none, the view finds the reason with the request, and shows it."""
    found = _FILE.fullmatch(request.path_info) if request.method in ("GET", "HEAD") else None
    if found is None:
        return None
    language, whole, token = found.groups()
    with override(language) if language else nullcontext():
        try:
            if whole:
                return answer_order_link(request, _OPEN[whole](token))
            return answer_link(request, open_link(token))
        except (LinkNotValid, DownloadRefused, NotNow) as refusal:
            vars(request)["refusal"] = refusal
            return None
