"""One call of an operation: bounds, principal, client, transaction, permission, answer."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable
from typing import Any

from flask import Response, g, request, url_for
from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy.exc import DataError, DBAPIError

from app.api import principals, problems, results, several
from app.api.operations import SIGNED_IN, Operation
from app.kernel import clients, db, idempotency, reads
from app.kernel.clients import PrincipalRef
from app.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, SignInNeeded
from app.kernel.scope import Scope, current

_RETRIED_STATES = {"40001", "40P01", "23505"}
_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)
KEY_HEADER = "Idempotency-Key"


def view_of(operation: Operation) -> Callable[..., Response]:
    """The Flask view of an operation; its errors are problem documents."""

    def view(**values: Any) -> Response:
        try:
            return _private(_call(operation, values))
        except SignInNeeded as error:
            principals.forget()
            return problems.of_domain(error)
        except DomainError as error:
            return problems.of_domain(error)
        finally:
            reads.clear()

    view.__name__ = operation.handler.__name__
    view.__doc__ = operation.handler.__doc__
    return view


def _private(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def _call(operation: Operation, values: dict[str, Any]) -> Response:
    request.max_content_length = operation.max_bytes
    if operation.where == "public":
        return _answer(operation, operation.handler(**values))
    principal = principals.identify()
    scope = _scope(operation, principal, values)
    once = _once
    if operation.where == "several":
        several.arrive(principal, scope)
        once = _several
    try:
        return once(operation, scope, values)
    except DataError as error:
        raise Invalid("value-out-of-range") from error
    except DBAPIError as error:
        if _state(error) not in _RETRIED_STATES:
            raise
    try:
        return once(operation, scope, values)
    except DBAPIError as error:
        if _state(error) not in _RETRIED_STATES:
            raise
        raise Conflict("somebody-else-was-first") from error


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _scope(operation: Operation, principal: PrincipalRef, values: dict[str, Any]) -> Scope:
    """The scope the operation runs in; takes `client` out of the path's values."""
    request_id = g.get("request_id", "")
    if operation.where == "worklist":
        return Scope.worklist(
            person_id=principal.person_id,
            principal_id=principal.principal_id,
            request_id=request_id,
        )
    if operation.where == "client":
        client = clients.resolve(principal, values.pop("client"))
    else:
        client = clients.provider(principal)
    if client is None:
        raise NotFound
    g.api_client = client
    return Scope.in_client(
        client.tenant_id,
        person_id=principal.person_id,
        principal_id=principal.principal_id,
        request_id=request_id,
    )


def _once(operation: Operation, scope: Scope, values: dict[str, Any]) -> Response:
    """Runs the operation in its one transaction and answers from inside it."""
    with db.transaction(scope, read_only=operation.reads):
        _check(operation)
        key = _key(operation)
        if key is None:
            response = _answer(operation, operation.handler(**_arguments(operation, values)))
        else:
            response = _with_key(operation, values, key)
    reads.write(scope)
    return response


def _several(operation: Operation, scope: Scope, values: dict[str, Any]) -> Response:
    """Asks the permission in the provider's own firm; the handler opens its own transactions."""
    with db.transaction(scope, read_only=True):
        _check(operation)
    return _answer(operation, operation.handler(**_arguments(operation, values)))


def _check(operation: Operation) -> None:
    rights = current().rights
    if not rights.reached:
        raise NotFound
    if operation.needs != SIGNED_IN and not rights.may(str(operation.needs)):
        raise Forbidden("permission-missing", permission=operation.needs)


def _key(operation: Operation) -> str | None:
    """The caller's idempotency key; raises Invalid where one is missing or unreadable."""
    if operation.reads or operation.method == "DELETE":
        return None
    key = request.headers.get(KEY_HEADER)
    if key is None:
        if operation.key_required:
            raise Invalid.of(KEY_HEADER, "idempotency-key-needed")
        return None
    if not 8 <= len(key) <= 200 or not key.isascii() or not key.isprintable():
        raise Invalid.of(KEY_HEADER, "bad-idempotency-key")
    return key


def _with_key(operation: Operation, values: dict[str, Any], key: str) -> Response:
    """The stored answer of an earlier call with this key, or a fresh one that is stored."""
    stored = idempotency.begin(key, request_hash=_request_hash(), line=operation.line)
    if stored is not None:
        response = Response(stored.body, stored.status, mimetype=stored.media_type)
        response.headers["Idempotency-Replayed"] = "true"
        return response
    response = _answer(operation, operation.handler(**_arguments(operation, values)))
    if operation.secret:
        return response
    idempotency.keep(
        key,
        status=response.status_code,
        body=response.get_data(),
        media_type=response.mimetype or "",
    )
    return response


def _request_hash() -> str:
    """What must be the same for a key to mean the same request: method, address and body."""
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    if request.files:
        for name, part in sorted(request.files.items()):
            digest.update(f"{name} {part.filename}\n".encode())
            while chunk := part.stream.read(65_536):
                digest.update(chunk)
            part.stream.seek(0)
        digest.update(json.dumps(sorted(request.form.items(multi=True))).encode())
    else:
        digest.update(request.get_data())
    return digest.hexdigest()


def _arguments(operation: Operation, values: dict[str, Any]) -> dict[str, Any]:
    """What the handler is called with: path values, query, page, body and upload."""
    arguments = dict(values)
    query = _query()
    if operation.paged:
        asked = [name for name in ("limit", "after") if name in query]
        wanted: dict[str, Any] = {name: query.pop(name) for name in asked}
        page = _bind(results.PageRequest, wanted)
        if "page" in inspect.signature(operation.handler).parameters:
            arguments["page"] = page  # a short list that is always whole takes none
    if operation.query is not None:
        arguments["query"] = _bind(operation.query, query)
    elif query:
        raise problems.of_schema(_unknown(query))
    if operation.upload is not None:
        arguments["upload"] = _upload(operation.upload)
        if operation.request is not None:
            arguments["body"] = _bind(operation.request, dict(request.form.items()))
    elif operation.raw is not None:
        arguments["data"] = request.get_data()
    elif operation.request is not None:
        arguments["body"] = _body(operation.request)
    return arguments


def _unknown(query: dict[str, Any]) -> ValidationError:
    faults: list[Any] = [
        {"type": "extra_forbidden", "loc": (name,), "input": value} for name, value in query.items()
    ]
    return ValidationError.from_exception_data("query", faults)


def _query() -> dict[str, Any]:
    return {name: found[0] if len(found) == 1 else found for name, found in request.args.lists()}


def _bind(schema: type[BaseModel], values: dict[str, Any]) -> BaseModel:
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise problems.of_schema(error) from error


def _body(schema: type[BaseModel]) -> BaseModel:
    if request.mimetype != "application/json":
        raise problems.JsonNeeded("json-needed")
    try:
        return schema.model_validate_json(request.get_data(cache=True))
    except ValidationError as error:
        raise problems.of_schema(error) from error


def _upload(name: str) -> Any:
    part = request.files.get(name)
    if part is None or not part.filename:
        raise Invalid.of(name, "required")
    unknown = set(request.files) - {name}
    if unknown:
        raise Invalid.of(sorted(unknown)[0], "unknown-field")
    return part


def _answer(operation: Operation, result: Any) -> Response:
    """The HTTP answer of what a handler returned."""
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(status=204)
    if isinstance(result, results.Download):
        return _download(result)
    if isinstance(result, results.Accepted):
        return _accepted(result)
    if isinstance(result, results.Created):
        response = _json(_dump(operation, result.body), 201)
        response.headers["Location"] = result.location
        return response
    if isinstance(result, results.Page):
        items = [_dump(operation, item) for item in result.items]
        return _json({"items": items, "next": result.next}, operation.status)
    return _json(_dump(operation, result), operation.status)


def _dump(operation: Operation, value: Any) -> Any:
    if operation.response is None:
        return _ANYTHING.dump_python(value, mode="json")
    return operation.response.model_validate(value, from_attributes=True).model_dump(mode="json")


def _json(value: Any, status: int) -> Response:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, mimetype="application/json")


def _accepted(result: results.Accepted) -> Response:
    address = url_for("api_platform.job", job_id=result.job_id)
    response = _json({"job": str(result.job_id), "state": "due", "href": address}, 202)
    response.headers["Location"] = address
    return response


def _download(result: results.Download) -> Response:
    response = Response(result.chunks, 200, mimetype=result.media_type.partition(";")[0])
    response.headers.set("Content-Disposition", "attachment", filename=result.name)
    return response
