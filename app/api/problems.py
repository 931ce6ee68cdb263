"""Refusals as `application/problem+json` (RFC 9457), with a machine code and the request's id."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, g, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from app.kernel import words
from app.kernel.errors import DomainError, Invalid, Problem, Throttled, TooLarge

MEDIA_TYPE = "application/problem+json"
_CODES = {
    400: "bad-request",
    401: "sign-in-needed",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    411: "length-required",
    413: "body-too-large",
    415: "json-needed",
    422: "invalid",
    429: "too-many-requests",
    500: "internal-error",
    503: "unavailable",
}
_PYDANTIC_CODES = {"missing": "required", "extra_forbidden": "unknown-field"}


class JsonNeeded(DomainError):
    """The body is not declared as JSON."""

    status = 415


def wanted() -> bool:
    """Whether this request asked the API, so that its errors are problems, not pages."""
    return request.path.startswith("/api/")


def take_over(app: Flask) -> None:
    """Makes every error handler of the application answer problems below /api/.

    Errors outside an operation (no such route, another method, a fault of ours) reach the
    application's handlers, which draw pages.
    """
    handlers = app.error_handler_spec[None][None]
    for kind in (DomainError, HTTPException, Exception):
        handlers[kind] = _either(handlers.get(kind))


def _either(page: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    def handle(error: Exception) -> Any:
        if wanted():
            if not isinstance(error, DomainError | HTTPException):
                current_app.logger.error("request failed", exc_info=error)
                if current_app.config.get("PROPAGATE_EXCEPTIONS"):
                    raise error
            return answer(error)
        if page is not None:
            return page(error)
        if isinstance(error, HTTPException):
            return error
        raise error

    return handle


def answer(error: BaseException) -> Response:
    """The problem document of any error; faults of ours say no more than their request id."""
    if isinstance(error, DomainError):
        return of_domain(error)
    if isinstance(error, HTTPException):
        return of_http(error)
    return _response(500, "internal-error", words.error_text("internal-error"))


def of_domain(error: DomainError) -> Response:
    """The problem of a refusal."""
    fields = error.fields if isinstance(error, Invalid) else {}
    faults = [
        {"field": name, "code": fault.code, "message": _said(fault)}
        for name, found in fields.items()
        for fault in found
    ]
    response = _response(
        error.status, error.code, words.error_text(error.code, error.params), faults
    )
    if isinstance(error, Throttled):
        response.headers["Retry-After"] = str(error.params.get("retry_after", 60))
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="backoffice"'
    return response


def _said(fault: Problem) -> str:
    message = fault.params.get("message")
    return message if isinstance(message, str) else words.error_text(fault.code, fault.params)


def of_http(error: HTTPException) -> Response:
    """The problem of an error that Flask or Werkzeug raised."""
    status = error.code or 500
    if status == 413:
        return of_domain(TooLarge("body-too-large"))
    code = _CODES.get(status, "refused")
    response = _response(status, code, words.error_text(code))
    given = error.get_response()
    for name in ("Allow", "Retry-After"):
        if name in given.headers:
            response.headers[name] = given.headers[name]
    return response


def of_schema(error: ValidationError, *, prefix: str = "") -> Invalid:
    """Every fault of a body or query, each at its field."""
    fields: dict[str, list[Problem]] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        name = ".".join(str(part) for part in fault["loc"]) or "body"
        code = _PYDANTIC_CODES.get(fault["type"], fault["type"].replace("_", "-"))
        fields.setdefault(prefix + name, []).append(Problem(code, {"message": fault["msg"]}))
    return Invalid("invalid", fields)


def _response(
    status: int, code: str, detail: str, faults: list[dict[str, Any]] | None = None
) -> Response:
    body = {
        "type": "about:blank",
        "title": _title(status),
        "status": status,
        "code": code,
        "detail": detail,
        "errors": faults or [],
        "request_id": g.get("request_id", ""),
    }
    response = Response(json.dumps(body, ensure_ascii=False), status, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
