"""Easy Digital Downloads' Software Licensing for plugins in the wild; docs/licence-api.md says how we differ.

https://easydigitaldownloads.com/docs/software-licensing-api/
"""

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any
from urllib.parse import unquote_plus

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, JsonResponse
from django.utils.crypto import salted_hmac

from delivery.activating import activate, deactivate, validate
from delivery.api.asking import asked, client_of, open_to_programs
from delivery.api.edd_versions import EMPTY_VERSION, version_data
from delivery.errors import LicenseRefused, TooManyGuesses, WrongProduct
from delivery.finding import Facts, Question

Texts = Mapping[str, str]
ACTIONS = {"activate_license", "check_license", "deactivate_license", "get_version"}
MAX_PRODUCTS = 50
_PRODUCT = re.compile(r"products\[([^\]]{1,100})\]\[(\w{1,40})\]")
_AGENT = re.compile(r"\bWordPress/[^;]*;\s*(https?://\S+)")
_ACTIVATE_ERRORS = {
    "not_found": "missing",
    "instance_missing": "missing_url",
    "limit_reached": "no_activations_left",
    "expired": "expired",
    "suspended": "disabled",
    "revoked": "disabled",
}


def is_for_edd(request: HttpRequest) -> bool:
    """Plugins ask the shop's root, or any page, with ?edd_action=…; nobody else sends that."""
    return "edd_action=" in request.META.get("QUERY_STRING", "") or _posts_to_root(request)


@open_to_programs("GET", "POST")
def edd(request: HttpRequest) -> JsonResponse:
    try:
        texts = asked(request)
    except BadRequest as error:
        return JsonResponse({"success": False, "license": "invalid", "error": str(error)}, status=400)
    action = texts.get("edd_action", "")
    if action == "get_version":
        response = JsonResponse(_versions(request, texts))
    elif action in ACTIONS:
        response = _license(request, action, texts)
    else:
        response = JsonResponse({"success": False, "error": "unknown_action"}, status=400)
    return response


def _license(request: HttpRequest, action: str, texts: Texts) -> JsonResponse:
    question = _question(request, texts)
    deeds = {"activate_license": activate, "check_license": validate, "deactivate_license": deactivate}
    facts, refusal = None, None
    try:
        facts = deeds[action](question)
    except LicenseRefused as error:
        facts, refusal = error.facts, error
    words = {"activate_license": _activated, "check_license": _checked, "deactivate_license": _deactivated}
    told = words[action](facts, refusal, texts)
    body = {
        "success": told["success"],
        "license": told["license"],
        "item_id": _number(texts.get("item_id", "")),
        "item_name": _plain(texts.get("item_name", "")) or (facts.product_title if facts else ""),
        "checksum": salted_hmac("edd", repr(sorted(texts.items()))).hexdigest()[:32],
        **told,
        **(_facts(facts) if facts else {}),
    }
    response = JsonResponse(body, status=429 if isinstance(refusal, TooManyGuesses) else 200)
    if response.status_code == 429:
        response["Retry-After"] = "600"
    return response


def _activated(facts: Facts | None, refusal: LicenseRefused | None, texts: Texts) -> dict[str, Any]:
    if refusal is None:
        is_local = {"is_local": True} if facts and facts.use and facts.use.is_free else {}
        return {"success": True, "license": "valid", **is_local}
    full = {"max_sites": facts.used} if facts and refusal.code == "limit_reached" else {}
    return {"success": False, "license": "invalid", "error": _error(refusal, texts), **full}


def _checked(facts: Facts | None, refusal: LicenseRefused | None, texts: Texts) -> dict[str, Any]:
    if isinstance(refusal, WrongProduct):
        return {"success": True, "license": _error(refusal, texts)}
    if facts is None:
        return {"success": False, "license": "invalid"}
    if facts.standing != "active":
        return {"success": True, "license": "expired" if facts.standing == "expired" else "disabled"}
    if facts.use is None:
        return {"success": True, "license": "site_inactive" if facts.used else "inactive"}
    return {"success": True, "license": "valid"}


def _deactivated(_facts: Facts | None, refusal: LicenseRefused | None, _texts: Texts) -> dict[str, Any]:
    return {"success": refusal is None, "license": "failed" if refusal else "deactivated"}


def _error(refusal: LicenseRefused, texts: Texts) -> str:
    if isinstance(refusal, WrongProduct):
        return "invalid_item_id" if texts.get("item_id") else "item_name_mismatch"
    return _ACTIVATE_ERRORS.get(refusal.code, "missing")


def _facts(facts: Facts) -> dict[str, Any]:
    """What the key's holder may know. Name and address of the buyer are none of it, so they stay empty."""
    return {
        "license_limit": facts.limit,
        "site_count": facts.used,
        "expires": _expiry(facts),
        "activations_left": "unlimited" if facts.left is None else facts.left,
        "payment_id": facts.order_id,
        "customer_name": "",
        "customer_email": "",
        "price_id": str(facts.variant_id),
    }


def _expiry(facts: Facts) -> str:
    if facts.expires_at is None:
        return "lifetime"
    return facts.expires_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _versions(request: HttpRequest, texts: Texts) -> dict[str, Any]:
    """The newest version of one product, or of each in products[]."""
    batch: dict[str, dict[str, str]] = {}
    for name, value in texts.items():
        if match := _PRODUCT.fullmatch(name):
            batch.setdefault(match[1], {})[match[2]] = value
    if not batch:
        return _version(request, texts)
    if len(batch) > MAX_PRODUCTS:
        return {**EMPTY_VERSION, "msg": "Too many products at once."}
    return {slug: _version(request, product) for slug, product in batch.items()}


def _version(request: HttpRequest, texts: Texts) -> dict[str, Any]:
    question = _question(request, texts)
    if not question.product:
        return {**EMPTY_VERSION, "msg": "No item provided"}
    if not question.key:
        return version_data(question, None, texts) | {"msg": "No license key has been provided."}
    try:
        return version_data(question, validate(question), texts)
    except LicenseRefused as refusal:
        if refusal.facts is None:
            named = _plain(texts.get("item_name", "") or texts.get("name", "")) or question.product
            return {**EMPTY_VERSION, "msg": f"License key is not valid for {named}"}
        return version_data(question, None, texts) | {"msg": str(refusal)}


def _question(request: HttpRequest, texts: Texts) -> Question:
    agent = _AGENT.search(request.headers.get("User-Agent", ""))
    product = texts.get("item_id") or texts.get("item_name") or texts.get("name", "")
    return Question(
        key=_plain(texts.get("license", "")),
        instance=_plain(texts.get("url", "")) or (agent[1] if agent else ""),
        product="" if product == "0" else _plain(product),
        client=client_of(request),
    )


def _plain(text: str) -> str:
    """Clients of this API encode some values once more than the form does."""
    return unquote_plus(text).strip() if "%" in text or "+" in text else text.strip()


def _number(text: str) -> int | bool:
    return int(text) if text.isdecimal() and len(text) < 16 else False


def _posts_to_root(request: HttpRequest) -> bool:
    roots = {"/", *(f"/{code}/" for code, _name in settings.LANGUAGES)}
    return request.method == "POST" and request.path_info in roots and "edd_action" in request.POST
