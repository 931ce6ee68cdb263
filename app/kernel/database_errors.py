"""Refusals that come out of the database; apart, for offline commands know refusals without one."""

from __future__ import annotations

import json
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError

from app.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    FreshSignInNeeded,
    Invalid,
    Locked,
    NotFound,
    SignInNeeded,
    Unavailable,
)

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
