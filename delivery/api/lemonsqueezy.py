"""Lemon Squeezy's License API, spoken for programs in the wild: docs/licence-api.md says where we differ.

https://docs.lemonsqueezy.com/help/licensing/license-api
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, JsonResponse

from delivery.activating import activate, deactivate, validate
from delivery.api.asking import asked, client_of, open_to_programs
from delivery.errors import LicenseRefused
from delivery.finding import Facts, Question, Use

STORE_ID = 1  # there is one shop here
_ERRORS = {
    "not_found": (404, "license_key not found."),
    "too_many_guesses": (429, "Too many requests."),
    "instance_missing": (422, "The instance_name is not usable."),
    "not_activated": (404, "instance_id not found."),
    "limit_reached": (400, "This license key has reached the activation limit."),
    "expired": (400, "This license key is expired."),
    "suspended": (400, "This license key is disabled."),
    "revoked": (400, "This license key is disabled."),
}


@open_to_programs("POST")
def activate_view(request: HttpRequest) -> JsonResponse:
    return _answer(request, activate, "activated", needed=("license_key", "instance_name"))


@open_to_programs("POST")
def validate_view(request: HttpRequest) -> JsonResponse:
    return _answer(request, validate, "valid", needed=("license_key",))


@open_to_programs("POST")
def deactivate_view(request: HttpRequest) -> JsonResponse:
    return _answer(request, deactivate, "deactivated", needed=("license_key", "instance_id"))


def _answer(
    request: HttpRequest, deed: Callable[[Question], Facts], word: str, *, needed: tuple[str, ...]
) -> JsonResponse:
    try:
        texts = asked(request)
    except BadRequest as mistake:
        return JsonResponse({word: False, "error": str(mistake)}, status=400)
    missing = [name for name in needed if not texts.get(name, "").strip()]
    if missing:
        words = f"The {missing[0].replace('_', ' ')} field is required."
        return JsonResponse({word: False, "error": words, "message": words}, status=422)
    status, error, facts = 200, "", None
    try:
        facts = deed(_question(request, texts))
    except LicenseRefused as refusal:
        (status, error), facts = _ERRORS[refusal.code], refusal.facts
    body: dict[str, Any] = {word: not error, "error": error or None}
    if facts:
        body |= {"license_key": _key(facts), "meta": _meta(facts)}
        if word != "deactivated":
            body["instance"] = _instance(facts.use) if facts.use else None
    response = JsonResponse(body, status=status)
    if status == 429:
        response["Retry-After"] = "600"
    return response


def _question(request: HttpRequest, texts: Mapping[str, str]) -> Question:
    return Question(
        key=texts["license_key"],
        instance=texts.get("instance_name", ""),
        activation=texts.get("instance_id", ""),
        client=client_of(request),
    )


def _key(facts: Facts) -> dict[str, Any]:
    standing = {"suspended": "disabled", "revoked": "disabled"}.get(facts.standing, facts.standing)
    return {
        "id": facts.id,
        "status": "inactive" if standing == "active" and not facts.used else standing,
        "key": facts.key,
        "activation_limit": facts.limit or None,
        "activation_usage": facts.used,
        "created_at": _written(facts.issued_at),
        "expires_at": _written(facts.expires_at) if facts.expires_at else None,
    }


def _instance(use: Use) -> dict[str, Any]:
    return {"id": str(use.uid), "name": use.name, "created_at": _written(use.activated_at)}


def _meta(facts: Facts) -> dict[str, Any]:
    """Name and address of the buyer are nobody's business who holds a key, so they stay empty."""
    return {
        "store_id": STORE_ID,
        "order_id": facts.order_id,
        "order_item_id": facts.line_id,
        "product_id": int(facts.item_id) if facts.item_id.isdecimal() else facts.product_id,
        "product_name": facts.product_title,
        "variant_id": facts.variant_id,
        "variant_name": facts.variant_title or "Default",
        "customer_id": 0,
        "customer_name": "",
        "customer_email": "",
    }


def _written(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
