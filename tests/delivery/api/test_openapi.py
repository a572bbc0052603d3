"""What docs/licence-api.openapi.json promises is what programs get."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator

from delivery.api import native
from tests.factories import make_license, make_release

pytestmark = pytest.mark.django_db
BOOK = json.loads((Path(__file__).parents[3] / "docs" / "licence-api.openapi.json").read_text())


def complaints(path: str, method: str, answer: Any) -> list[str]:
    responses = BOOK["paths"][path][method]["responses"]
    assert str(answer.status_code) in responses, f"{path} answers {answer.status_code}"
    response = responses[str(answer.status_code)]
    if "$ref" in response:
        response = BOOK["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = response["content"]["application/json"]["schema"] | {"components": BOOK["components"]}
    return [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())]


def test_every_answer_is_as_promised() -> None:
    license_ = make_license(activation_limit=1, valid_days=30)
    make_release(license_.variant.product)
    good, client, seen = {"key": license_.key, "instance": "one.com"}, Client(), set()
    questions = [good, {"key": "NO"}, {"key": license_.key, "instance": ""}, good | {"instance": "two.com"}]
    for deed in ("activate", "validate", "release", "deactivate", "activate"):
        path = f"/api/v1/licenses/{deed}/"
        for question in (*questions, ["no object"]):
            answer = client.post(path, question, content_type="application/json")
            assert complaints(path, "post", answer) == []
            seen.add(answer.json()["code"])
    license_.revoke()
    for deed in ("activate", "validate"):
        path = f"/api/v1/licenses/{deed}/"
        answer = client.post(path, good, content_type="application/json")
        assert complaints(path, "post", answer) == []

    assert seen == {"ok", "not_found", "instance_missing", "limit_reached", "not_activated", "bad_request"}
    assert complaints("/.well-known/jwks.json", "get", client.get("/.well-known/jwks.json")) == []


def test_it_names_every_code() -> None:
    codes = set(BOOK["components"]["schemas"]["Answer"]["properties"]["code"]["enum"])

    assert codes == {*native._STATUSES, "ok", "bad_request"}
    told = (Path(__file__).parents[3] / "docs" / "licence-api.md").read_text()
    assert [code for code in codes if f"`{code}`" not in told] == []
