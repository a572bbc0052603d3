from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from storefront.context import address_in, is_personal
from storefront.shop import shop

View = Callable[..., HttpResponseBase]
PUBLIC = "public, max-age=0, s-maxage=60, must-revalidate"


def public_page(view: View) -> View:
    """Lets caches keep the page for a minute, where it is the same for every reader.

    In a language that the shop does not offer, the page leads to itself in one that it does.
    A reader with a session gets a page of their own, which the middleware keeps out of every cache.
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
            response.headers.setdefault("Cache-Control", PUBLIC)
        return response

    return wrapped
