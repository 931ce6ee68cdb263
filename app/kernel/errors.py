"""What can go wrong by a user's doing: refusals that carry a code and parameters, not words."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

import psycopg
from sqlalchemy.exc import DBAPIError


class DomainError(Exception):
    """A refusal that the user can understand; `code` becomes words at the edge."""

    status: ClassVar[int] = 400

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        return f"{self.code} {self.params}" if self.params else self.code


class SignInNeeded(DomainError):
    """Nobody is signed in, or the session has ended."""

    status = 401


class Forbidden(DomainError):
    """The person is known here but lacks the permission."""

    status = 403


class FreshSignInNeeded(Forbidden):
    """The act asks for a proof of identity that is at most five minutes old."""


class NotFound(DomainError):
    """Unknown, foreign or no longer granted: all three look the same."""

    status = 404

    def __init__(self, code: str = "not-found", **params: Any) -> None:
        super().__init__(code, **params)


class Conflict(DomainError):
    """Somebody else was first, or the same key came with other content."""

    status = 409


class TooLarge(DomainError):
    """More bytes, rows or characters than we take."""

    status = 413


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of one field: a code with its parameters."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


class Invalid(DomainError):
    """The input cannot be taken; `fields` says what is wrong where."""

    status = 422

    def __init__(
        self, code: str = "invalid", fields: dict[str, list[Problem]] | None = None, **params: Any
    ) -> None:
        super().__init__(code, **params)
        self.fields = fields or {}

    @classmethod
    def of(cls, name: str, code: str, **params: Any) -> Invalid:
        """A fault of a single field."""
        return cls("invalid", {name: [Problem(code, params)]})


class Locked(DomainError):
    """The period is closed or the client is suspended."""

    status = 423


class Throttled(DomainError):
    """Too many tries; `retry_after` is in seconds."""

    status = 429


class Unavailable(DomainError):
    """A part we depend on is down; nothing was changed."""

    status = 503


_BY_SQLSTATE: dict[str, type[DomainError]] = {
    "BO403": Forbidden,
    "BO404": NotFound,
    "BO409": Conflict,
    "BO422": Invalid,
    "BO423": Locked,
}


def _detail(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _guard_refusal(message: str) -> DomainError:
    if "context refused" in message:
        return SignInNeeded("session-ended")
    if "step up" in message:
        return FreshSignInNeeded("fresh-sign-in-needed")
    return Forbidden("forbidden")


def from_database(error: DBAPIError | psycopg.Error) -> DomainError | None:
    """The refusal behind a database error; None when it is a fault of ours.

    Doors raise BOxxx with a kebab-case code as message and JSON parameters as detail; 42501 is
    the guard's refusal. Key values that PostgreSQL puts into its own details are never shown.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return None
    diagnostics, state = cause.diag, cause.sqlstate or ""
    if kind := _BY_SQLSTATE.get(state):
        return kind(diagnostics.message_primary or "refused", **_detail(diagnostics.message_detail))
    if state == "42501":
        return _guard_refusal(diagnostics.message_primary or "")
    if state == "25006":
        return Forbidden("read-only")
    if isinstance(cause, psycopg.OperationalError) and state[:2] in {"", "08", "57"}:
        return Unavailable("database-unavailable")
    return None
