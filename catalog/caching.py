from collections.abc import Callable
from datetime import datetime
from functools import wraps
from math import floor
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from storefront.context import address_in, is_personal
from storefront.shop import shop

Response = TypeVar("Response", bound=HttpResponseBase)
View = Callable[..., HttpResponseBase]
MOST_SECONDS = 60


def public_page(view: View) -> View:
    """Lets caches keep the page for a minute, where it is the same for every reader.

    No cache keeps it past the moment of holds_until(), if the view said one. In a language that the shop
    does not offer, the page leads to itself in one that it does. A reader with a session gets a page of
    their own, which the middleware keeps out of every cache.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        offered = shop().languages
        if offered and get_language() not in offered:
            response: HttpResponseBase = HttpResponseRedirect(address_in(offered[0], request))
        else:
            response = view(request, *args, **kwargs)
        patch_vary_headers(response, ["Cookie"])
        if not is_personal(request):
            seconds = _seconds_until(vars(response).get("holds_until"))
            response.headers.setdefault(
                "Cache-Control", f"public, max-age=0, s-maxage={seconds}, must-revalidate"
            )
        return response

    return wrapped


def holds_until(response: Response, time: datetime | None) -> Response:
    """Say when what the page shows changes by itself, as prices do where a sale begins or ends."""
    vars(response)["holds_until"] = time
    return response


def _seconds_until(time: datetime | None) -> int:
    """Whole ones, so that nobody is shown the old price after it."""
    left = MOST_SECONDS if time is None else floor((time - timezone.now()).total_seconds())
    return max(0, min(left, MOST_SECONDS))
