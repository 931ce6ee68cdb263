"""What the readable page shows of each operation: its path and the fields of its bodies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from app.api import openapi
from app.api.operations import Operation
from app.kernel.words import _


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body: its type in words and whether it is always there."""

    name: str
    kind: str
    needed: bool


def path(operation: Operation) -> str:
    """The path with its parameters in braces."""
    return openapi.braces(operation.rule)


def shapes(operation: Operation) -> list[tuple[str, list[Field]]]:
    """The bodies of an operation: what is sent and what comes back."""
    found = []
    if operation.request is not None:
        found.append((str(_("Send")), fields(operation.request, mode="validation")))
    if operation.response is not None:
        found.append((str(_("Answer")), fields(operation.response, mode="serialization")))
    return found


def fields(schema: type[BaseModel], *, mode: Any) -> list[Field]:
    """The fields of a schema, in order."""
    made = schema.model_json_schema(mode=mode)
    required = set(made.get("required", []))
    return [
        Field(name, _kind(field), name in required)
        for name, field in made.get("properties", {}).items()
    ]


def _kind(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rsplit("/", 1)[1]
    if "anyOf" in field:
        return " | ".join(_kind(one) for one in field["anyOf"])
    if field.get("type") == "array":
        return f"[{_kind(field.get('items', {}))}]"
    if "enum" in field:
        return " | ".join(str(value) for value in field["enum"])
    return str(field.get("format") or field.get("type") or "any")
