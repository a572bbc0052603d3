"""Checks calls and answers against PayPal's published documents, where that folder is at hand."""

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tests.doubles.provider_schema import folder

DOCUMENTS = {
    "/v2/checkout/": "paypal_checkout_orders_v2",
    "/v2/payments/": "paypal_payments_payment_v2",
    "/v1/payments/payouts": "paypal_payments_payouts_batch_v1",
    "/v1/customer/": "paypal_customer_disputes_v1",
    "/v1/notifications/": "paypal_notifications_webhooks_v1",
}


def call_complaints(
    method: str, path: str, query: dict[str, str], sent: Any, headers: dict[str, str]
) -> list[str]:
    """What PayPal's documents have against a call; empty when it is valid, or when they are not at hand."""
    if folder() is None:
        return []
    found = _operation(method, path)
    if found is None:
        return [f"{method} {path} is no operation of PayPal's"]
    document, template, operation = found
    values = {"query": query, "header": headers, "path": _path_values(template, path)}
    wrong = []
    for parameter in operation.get("parameters", []):
        parameter = _resolved(document, parameter)
        value = values[parameter["in"]].get(
            parameter["name"].lower() if parameter["in"] == "header" else parameter["name"]
        )
        if value is not None and parameter["schema"].get("type") == "string":
            wrong += _errors(document, json.dumps(parameter["schema"]), value)
    known = {_resolved(document, each)["name"] for each in operation.get("parameters", [])}
    wrong += [f"{name} is no parameter" for name in query if name not in known and name != "page"]
    if "requestBody" in operation:
        body = _resolved(document, operation["requestBody"])
        schema = json.dumps(body["content"]["application/json"]["schema"])
        # What is asked to be verified is somebody else's words.
        wrong += _errors(
            document if path.endswith("verify-webhook-signature") else f"{document} strictly", schema, sent
        )
    return [f"{method} {path}: {each}" for each in wrong]


def answer_complaints(method: str, path: str, status: int, answer: Any) -> list[str]:
    """What PayPal's documents have against an answer of the double."""
    found = _operation(method, path) if folder() else None
    if found is None:
        return []
    document, _template, operation = found
    response = operation["responses"].get(str(status), operation["responses"]["default"])
    schema = _resolved(document, response).get("content", {}).get("application/json", {}).get("schema", {})
    wrong = _errors(document, json.dumps(schema), answer)
    return [f"the double's answer to {method} {path}: {each}" for each in wrong]


@cache
def _document(name: str) -> dict[str, Any]:
    """A document by its name; "... strictly" is one that takes no field that it does not name."""
    if name.endswith(" strictly"):
        return _strict(_document(name.removesuffix(" strictly")))
    place = folder()
    assert place
    return json.loads((place / f"{name}.json").read_text())


def _strict(node: Any) -> Any:
    """A copy in which the values of fields and the items of lists are closed; parts of an allOf stay open."""
    if isinstance(node, list):
        return [_strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    copy = {key: _strict(value) for key, value in node.items()}
    if isinstance(copy.get("properties"), dict):
        copy["properties"] = {key: _closed(value) for key, value in copy["properties"].items()}
    if isinstance(copy.get("items"), dict):
        copy["items"] = _closed(copy["items"])
    return copy


def _closed(schema: Any) -> Any:
    has_fields = isinstance(schema, dict) and schema.keys() & {"$ref", "allOf", "properties"}
    return {**schema, "unevaluatedProperties": False} if has_fields else schema


def _operation(method: str, path: str) -> tuple[str, str, dict[str, Any]] | None:
    name = next((name for prefix, name in DOCUMENTS.items() if path.startswith(prefix)), None)
    if name is None:
        return None
    for template, operations in _document(name)["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in operations:
            return name, template, operations[method.lower()]
    return None


def _path_values(template: str, path: str) -> dict[str, str]:
    found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), path)
    return found.groupdict() if found else {}


def _resolved(name: str, value: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in value:
        return value
    node: Any = _document(name)
    for step in value["$ref"].removeprefix("#/").split("/"):
        node = node[step]
    return node


def _errors(name: str, schema: str, value: Any) -> list[str]:
    return [
        f"{error.json_path}: {error.message[:300]}" for error in _validator(name, schema).iter_errors(value)
    ]


@cache
def _validator(name: str, schema: str) -> Draft202012Validator:
    document = _document(name)
    return Draft202012Validator({**_closed_for(name, schema), "components": document["components"]})


def _closed_for(name: str, schema: str) -> dict[str, Any]:
    parsed = json.loads(schema)
    return _closed(parsed) if name.endswith(" strictly") else parsed
