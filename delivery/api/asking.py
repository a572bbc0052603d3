"""Reads what programs ask: JSON or a form, from anywhere, without a session."""

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt

View = Callable[[HttpRequest], HttpResponse]
MAX_VALUE = 2000
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


def open_to_programs(*methods: str) -> Callable[[View], View]:
    """A view that programs on other machines and other sites may call. It sets and reads no cookie."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest) -> HttpResponse:
            if request.method == "OPTIONS":
                response = HttpResponse(status=204)
            elif request.method in methods:
                response = view(request)
            else:
                response = JsonResponse({"code": "method_not_allowed"}, status=405)
            response["Access-Control-Allow-Origin"] = "*"
            if request.method == "OPTIONS":
                response["Access-Control-Allow-Methods"] = ", ".join(methods)
                response["Access-Control-Allow-Headers"] = "Content-Type, Accept"
                response["Access-Control-Max-Age"] = "86400"
            if response.status_code == 405:
                response["Allow"] = ", ".join([*methods, "OPTIONS"])
            return response

        return csrf_exempt(login_not_required(answer))

    return decorate


def asked(request: HttpRequest) -> Mapping[str, str]:
    """The named texts of the body, and of the query where GET is allowed. Raises BadRequest."""
    try:
        texts = _read_json(request) if request.content_type == "application/json" else _read_form(request)
    except (SuspiciousOperation, MultiPartParserError):  # too long, too many fields, or cut
        raise BadRequest("The body can't be read.") from None
    for value in texts.values():
        if len(value) > MAX_VALUE:
            raise BadRequest("A value is too long.")
        if _NO_TEXT.search(value):
            raise BadRequest("A value is no text.")
    return texts


def _read_json(request: HttpRequest) -> dict[str, str]:
    try:
        data = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):  # bad JSON, bad UTF-8, and numbers that are too long
        raise BadRequest("The body is no JSON.") from None
    if not isinstance(data, dict):
        raise BadRequest("The body is no JSON object.")
    return {str(name): _text(name, value) for name, value in data.items() if value is not None}


def _read_form(request: HttpRequest) -> dict[str, str]:
    """The body of a POST before the query, as PHP's $_REQUEST has it."""
    return {name: str(value) for form in (request.GET, request.POST) for name, value in form.items()}


def client_of(request: HttpRequest) -> str:
    """By what guesses are counted: the address, of IPv6 the network, of which one client has many."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address, 64), strict=False))
    except ValueError:
        return address


def _text(name: Any, value: Any) -> str:
    if isinstance(value, (str, int)):
        return str(value)
    raise BadRequest(f"{str(name)[:40]} must be a text.")
