"""The OpenAPI 3.1 document, made from the declared operations and their pydantic schemas.

Our own, because flask-openapi wants to be the application class and binds a request before our
transaction and its permission check; the generator is small.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.api import results
from app.api.operations import Operation

REFERENCE = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"<(?:(?P<kind>[a-z]+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
_KINDS: dict[str, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "errors", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for programs."},
        "detail": {"type": "string", "description": "In the reader's language."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "request_id": {"type": "string"},
    },
}
JOB_TAKEN: dict[str, Any] = {
    "type": "object",
    "required": ["job", "state", "href"],
    "properties": {
        "job": {"type": "string", "format": "uuid"},
        "state": {"type": "string"},
        "href": {"type": "string"},
    },
}


def braces(rule: str) -> str:
    """A Flask rule in OpenAPI's writing: `<uuid:id>` becomes `{id}`."""
    return _PARAMETER.sub(r"{\g<name>}", rule)


def document(operations: Iterable[Operation], *, version: str, prefix: str) -> dict[str, Any]:
    """The whole document, paths sorted."""
    found = sorted(operations, key=lambda one: (one.rule, one.method))
    references, components = _schemas(found)
    paths: dict[str, dict[str, Any]] = {}
    for operation in found:
        path = prefix + braces(operation.rule)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Backoffice",
            "version": version,
            "description": "Amounts are whole minor units as text; dates and instants ISO 8601.",
        },
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": PROBLEM, "JobTaken": JOB_TAKEN},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


References = dict[tuple[type[BaseModel], str], dict[str, Any]]


def _schemas(operations: list[Operation]) -> tuple[References, dict[str, Any]]:
    """References to every schema in use, and the components they point to."""
    wanted: list[tuple[type[BaseModel], Any]] = []
    for operation in operations:
        if operation.request is not None:
            wanted.append((operation.request, "validation"))
        if operation.response is not None:
            wanted.append((operation.response, "serialization"))
    unique = list(dict.fromkeys(wanted))
    references, definitions = models_json_schema(unique, ref_template=REFERENCE)
    found: References = {(one, str(mode)): made for (one, mode), made in references.items()}  # type: ignore[misc]  # only models are asked for
    return found, definitions.get("$defs", {})


def _operation(operation: Operation, references: References) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.package],
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": _responses(operation, references),
    }
    description = operation.description or inspect.getdoc(operation.handler)
    if description:
        made["description"] = description
    if operation.needs:
        made["x-permission"] = operation.needs
    if operation.where == "public":
        made["security"] = []
    body = _body(operation, references)
    if body:
        made["requestBody"] = body
    return made


def _body(operation: Operation, references: References) -> dict[str, Any] | None:
    if operation.upload is not None:
        properties: dict[str, Any] = {operation.upload: {"type": "string", "format": "binary"}}
        required = [operation.upload]
        if operation.request is not None:
            schema = operation.request.model_json_schema(ref_template=REFERENCE)
            properties |= schema.get("properties", {})
            required += schema.get("required", [])
        form = {"type": "object", "properties": properties, "required": required}
        return {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    if operation.raw is not None:
        binary = {"type": "string", "format": "binary"}
        return {"required": True, "content": {operation.raw: {"schema": binary}}}
    if operation.request is None:
        return None
    schema = references[operation.request, "validation"]
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = [
        {
            "name": match["name"],
            "in": "path",
            "required": True,
            "schema": _KINDS.get(match["kind"] or "", {"type": "string", "minLength": 1}),
        }
        for match in _PARAMETER.finditer(operation.rule)
    ]
    for schema in (operation.query, results.PageRequest if operation.paged else None):
        if schema is not None:
            found += _query_parameters(schema)
    if operation.method in {"POST", "PUT", "PATCH"} and operation.where not in {
        "public",
        "several",
    }:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": operation.key_required,
                "description": "The same key and request give the stored answer again.",
                "schema": {"type": "string", "minLength": 8, "maxLength": 200},
            }
        )
    return found


def _query_parameters(schema: type[BaseModel]) -> list[dict[str, Any]]:
    made = schema.model_json_schema(ref_template=REFERENCE)
    definitions = made.get("$defs", {})
    required = made.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": _inlined(field, definitions),
        }
        for name, field in made.get("properties", {}).items()
    ]


def _inlined(field: Any, definitions: dict[str, Any]) -> Any:
    """Query fields are small: their definitions are written out in place."""
    if isinstance(field, dict):
        if "$ref" in field:
            return _inlined(definitions[field["$ref"].rsplit("/", 1)[1]], definitions)
        return {key: _inlined(value, definitions) for key, value in field.items()}
    if isinstance(field, list):
        return [_inlined(value, definitions) for value in field]
    return field


def _responses(operation: Operation, references: References) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": REFERENCE.format(model="Problem")}}}
    said = {
        "400": "The request could not be read",
        "401": "No living token or session",
        "403": "The permission is missing",
        "404": "Unknown, or not yours to know",
        "409": "Somebody else was first, or the key was used for another request",
        "413": "Too large",
        "415": "JSON is needed",
        "422": "Faults of fields, in `errors`",
        "423": "The period is closed or the client suspended",
        "429": "Too many requests; see Retry-After",
        "503": "A part we depend on is away; nothing was changed",
    }
    if operation.reads:
        said = {code: text for code, text in said.items() if code not in {"409", "415", "423"}}
    if operation.where == "public":
        doors = ("403", "404", "409", "413", "422") if operation.raw is not None else ()
        said = {code: said[code] for code in (*doors, "429", "503")}
    made = {code: {"description": text, "content": problem} for code, text in said.items()}
    return {**_success(operation, references), **made}


def _success(operation: Operation, references: References) -> dict[str, Any]:
    if operation.status == 202:
        schema: Any = {"$ref": REFERENCE.format(model="JobTaken")}
        return {"202": _described("Taken; the job does it", schema)}
    if operation.response is None:
        status = "204" if not operation.reads else "200"
        return {status: {"description": "Done"}}
    schema = references[operation.response, "serialization"]
    if operation.paged:
        schema = {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": schema},
                "next": {"type": ["string", "null"], "description": "Cursor for `after`."},
            },
        }
    return {str(operation.status): _described("Done", schema)}


def _described(text: str, schema: Any) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}
