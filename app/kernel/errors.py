"""What can go wrong by a user's doing: refusals that carry a code and parameters, not words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar


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
