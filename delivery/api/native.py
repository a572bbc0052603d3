"""The licence API in our own words: see docs/licence-api.md."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, JsonResponse
from django.utils.translation import get_language, override

from catalog.markdown import render_markdown
from delivery.activating import activate, deactivate, validate
from delivery.api.asking import asked, client_of, open_to_programs
from delivery.errors import LicenseRefused
from delivery.finding import Facts, Question
from delivery.licence_files import instance_data, license_data, signed_answer, written
from delivery.packages import package_url
from delivery.signing import public_keys
from delivery.updates import newest_update

MAX_NONCE = 200
_STATUSES = {
    "not_found": 404,
    "too_many_guesses": 429,
    "instance_missing": 400,
    "limit_reached": 409,
    "not_activated": 409,
    "suspended": 403,
    "revoked": 403,
    "expired": 403,
}


@open_to_programs("POST")
def activate_view(request: HttpRequest) -> JsonResponse:
    return _answer(request, activate, "activated")


@open_to_programs("POST")
def validate_view(request: HttpRequest) -> JsonResponse:
    return _answer(request, validate, "valid")


@open_to_programs("POST")
def deactivate_view(request: HttpRequest) -> JsonResponse:
    return _answer(request, deactivate, "deactivated")


@open_to_programs("POST")
def release_view(request: HttpRequest) -> JsonResponse:
    """The newest version for a licence that may be used there, with a link to its package."""
    return _answer(request, validate, "valid", with_release=True)


@open_to_programs("GET", "HEAD")
def keys_view(_request: HttpRequest) -> JsonResponse:
    response = JsonResponse(public_keys())
    response["Cache-Control"] = "public, max-age=300"
    return response


def _answer(
    request: HttpRequest, deed: Callable[[Question], Facts], word: str, *, with_release: bool = False
) -> JsonResponse:
    try:
        texts = asked(request)
        if len(texts.get("nonce", "")) > MAX_NONCE:
            raise BadRequest("The nonce is too long.")
    except BadRequest as error:
        return JsonResponse({word: False, "code": "bad_request", "message": str(error)}, status=400)
    asked_in = texts.get("language", "")
    with override(asked_in if asked_in in dict(settings.LANGUAGES) else get_language()):
        return _told(_question(request, texts), texts, deed, word, with_release=with_release)


def _told(
    question: Question,
    texts: Mapping[str, str],
    deed: Callable[[Question], Facts],
    word: str,
    *,
    with_release: bool,
) -> JsonResponse:
    facts, code, message = None, "ok", ""
    try:
        facts = deed(question)
    except LicenseRefused as refusal:
        facts, code, message = refusal.facts, refusal.code, str(refusal)
    body: dict[str, Any] = {
        word: code == "ok",
        "code": code,
        "message": message,
        "license": license_data(facts) if facts else None,
        "instance": instance_data(facts.use) if facts and facts.use else None,
    }
    if with_release:
        body["release"] = _release(facts, texts.get("channel", "stable")) if facts and code == "ok" else None
    in_use = facts if code == "ok" and facts and facts.use else None
    body["signed"] = signed_answer(body, in_use, asked=question.instance, nonce=texts.get("nonce", ""))
    response = JsonResponse(body, status=200 if deed is validate and facts else _STATUSES.get(code, 200))
    if response.status_code == 429:
        response["Retry-After"] = "600"
    return response


def _question(request: HttpRequest, texts: Mapping[str, str]) -> Question:
    return Question(
        key=texts.get("key", ""),
        instance=texts.get("instance", ""),
        activation=texts.get("activation", ""),
        product=texts.get("product", ""),
        client=client_of(request),
    )


def _release(facts: Facts, channel: str) -> dict[str, Any] | None:
    update = newest_update(facts.product_id, facts.variant_id, channel)
    if update is None:
        return None
    release, file = update.release, update.file
    return {
        "version": release.version,
        "channel": release.channel,
        "changelog": release.changelog or "",
        "changelog_html": render_markdown(release.changelog or ""),
        "requirements": release.requirements or "",
        "released_at": written(release.published_at),
        "package": package_url(facts, update) or None,
        "filename": file.filename if file else None,
        "size": file.size if file else None,
        "sha256": file.sha256 if file else None,
    }
