from collections.abc import Callable

from django.conf import settings
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils import translation
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.utils.translation import get_language_from_path

Handler = Callable[[HttpRequest], HttpResponseBase]


class RefuseNulMiddleware:
    """Refuses a NUL in the address or a cookie: no reader sends one, and PostgreSQL takes none in a text."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Most requests have no escape in which one could hide, and are not read for it.
        cookie, query = request.META.get("HTTP_COOKIE", ""), request.META.get("QUERY_STRING", "")
        texts = [request.path_info]
        if "\\" in cookie or "\0" in cookie:
            texts += request.COOKIES.values()
        if "%00" in query or "\0" in query:
            texts += [value for values in request.GET.lists() for value in values[1]]
        if any("\0" in text for text in texts):
            return HttpResponseBadRequest()
        return self.get_response(request)


class ClientAddressMiddleware:
    """Sets REMOTE_ADDR to the client's address behind TRUSTED_PROXIES proxies of our own.

    Each trusted proxy appends one address to X-Forwarded-For, so the client is that many from the end;
    whatever stands before it was written by the client and is not believed.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        count = settings.TRUSTED_PROXIES
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if count and len(forwarded) >= count and forwarded[-count].strip():
            request.META["REMOTE_ADDR"] = forwarded[-count].strip()
        return self.get_response(request)


class LanguageFromPathMiddleware:
    """Takes the language from the address alone, so that one address is one page for every reader."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        language = get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class AskAgainMiddleware:
    """When two of the staff save the same at once, the slower one's form is read again and says so.

    The database refused what the form had found free, so nothing was written, and reading it again is safe.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        found = request.resolver_match
        if not isinstance(error, IntegrityError) or found is None or found.app_name != "admin":
            return None
        response = found.func(request, *found.args, **found.kwargs)
        return response.render() if isinstance(response, SimpleTemplateResponse) else response


class PrivateByDefaultMiddleware:
    """Keeps every page out of every cache, unless its view said otherwise."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
            patch_cache_control(response, private=True, no_store=True)
        return response
