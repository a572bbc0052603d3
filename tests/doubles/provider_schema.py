"""Checks requests against the providers' published schemas, where that folder is at hand."""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

ABSENT = (
    "no folder of provider schemas: set PROVIDER_SPECS, or put ../shared/provider-specs beside the project"
)


@cache
def folder() -> Path | None:
    """The folder that PROVIDER_SPECS names, or shared/provider-specs beside the project."""
    if named := os.environ.get("PROVIDER_SPECS"):
        return Path(named)
    places = (place / "shared" / "provider-specs" for place in Path(__file__).resolve().parents[2:5])
    return next((place for place in places if place.is_dir()), None)


@cache
def _document(provider: str) -> dict[str, Any] | None:
    place = folder()
    return json.loads((place / f"{provider}.json").read_text()) if place else None


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Form fields such as line_items[0][quantity]=1 as the tree that they spell."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        *path, last = re.findall(r"[^\[\]]+", name)
        node = tree
        for key in path:
            node = node.setdefault(key, {})
        node[last] = value
    return tree


def complaints(provider: str, method: str, path: str, sent: dict[str, Any]) -> list[str]:
    """What the schema has against a request; empty when it is valid, or when no schema is at hand."""
    document = _document(provider)
    if document is None:
        return []
    operation = _operation(document, method, path)
    if operation is None:
        return [f"{method} {path} is no operation of {provider}"]
    schema = _request_schema(operation)
    found = Draft202012Validator(schema).iter_errors(_typed(sent, schema))
    return [f"{method} {path}: {error.json_path}: {error.message}" for error in found]


def _operation(document: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    for template, operations in document["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return operations.get(method.lower())
    return None


def _request_schema(operation: dict[str, Any]) -> dict[str, Any]:
    if "requestBody" in operation:
        return operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    query = {each["name"]: each["schema"] for each in operation["parameters"] if each["in"] == "query"}
    return {"type": "object", "properties": query, "additionalProperties": False}


def _typed(value: Any, schema: dict[str, Any]) -> Any:
    """Form texts in the types that the schema names; what does not fit stays as it is, to be refused."""
    if options := schema.get("anyOf"):
        typed = (_typed(value, option) for option in options)
        pairs = zip(typed, options, strict=True)
        return next((each for each, option in pairs if Draft202012Validator(option).is_valid(each)), value)
    kind = schema.get("type")
    if kind == "array" and isinstance(value, dict):
        return [_typed(each, schema["items"]) for each in value.values()]
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        rest = others if isinstance(others, dict) else {}
        return {key: _typed(each, known.get(key, rest)) for key, each in value.items()}
    if kind == "integer" and re.fullmatch(r"-?\d+", value):
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value
