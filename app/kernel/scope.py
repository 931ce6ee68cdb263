"""Scope: who acts, in which client, in one transaction, and the signed token that proves it."""

from __future__ import annotations

import hashlib
import hmac
import time
from contextvars import ContextVar, Token
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from app.kernel.errors import SignInNeeded

Mode = Literal["t", "s", "j", "l"]
TOKEN_LIFE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Rights:
    """What the database says this scope may do; empty where nothing is reached."""

    permissions: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()
    may_write: bool = False
    role: str = ""
    side: str = ""
    stepped_up_at: str | None = None

    @property
    def reached(self) -> bool:
        """Whether any living membership stands behind this scope."""
        return bool(self.side)

    def may(self, permission: str) -> bool:
        """Whether a permission is held; the database checks again in its doors."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class Scope:
    """The acting principal of one transaction.

    Modes: `t` a principal in one client, `s` a person's worklist over all clients (read only),
    `j` a named system user's job, `l` a login step that has no rights yet.
    """

    mode: Mode
    tenant_id: UUID | None = None
    person_id: UUID | None = None
    principal_id: UUID | None = None
    login_hash: str | None = None
    request_id: str = ""
    locale: str = "en"
    time_zone: str = "UTC"
    rights: Rights = field(default_factory=Rights)

    @classmethod
    def in_client(
        cls, tenant_id: UUID, *, person_id: UUID, principal_id: UUID, request_id: str = ""
    ) -> Scope:
        """A person, token, link or job in one client."""
        return cls("t", tenant_id, person_id, principal_id, request_id=request_id)

    @classmethod
    def worklist(cls, *, person_id: UUID, principal_id: UUID, request_id: str = "") -> Scope:
        """A person over all their clients; reads only."""
        return cls("s", None, person_id, principal_id, request_id=request_id)

    @classmethod
    def system_job(cls, tenant_id: UUID, *, person_id: UUID, request_id: str = "") -> Scope:
        """A named system user's job, possible from the worker's login role only."""
        return cls("j", tenant_id, person_id, request_id=request_id)

    @classmethod
    def login_by_hash(cls, kind: str, value: str, *, request_id: str = "") -> Scope:
        """A login step that knows a cookie, code or address but nobody yet."""
        return cls("l", login_hash=secret_hash(kind, value), request_id=request_id)

    @classmethod
    def login_as(cls, person_id: UUID, *, nonce: UUID, request_id: str = "") -> Scope:
        """A login step after proof; the nonce opens one principal, once."""
        return cls("l", None, person_id, nonce, request_id=request_id)

    def with_rights(self, rights: Rights) -> Scope:
        """The same scope, knowing what it may do."""
        return replace(self, rights=rights)

    def token(self, *, key: bytes, key_id: str) -> str:
        """The signed context `mode|tenant|user|principal|exp|kid|mac` of guard.verify()."""
        subject = self.login_hash if self.mode == "l" else self.tenant_id
        expires = int(time.time()) + TOKEN_LIFE_SECONDS
        fields = (self.mode, subject, self.person_id, self.principal_id, expires, key_id)
        body = "|".join("" if part is None else str(part) for part in fields)
        return f"{body}|{hmac.new(key, body.encode(), hashlib.sha256).hexdigest()}"


def secret_hash(kind: str, value: str) -> str:
    """How a secret is known to the database: kind is mail, once, prin or key."""
    text = value.lower() if kind == "mail" else value
    return hashlib.sha256(f"{kind}:{text}".encode()).hexdigest()


_current: ContextVar[Scope | None] = ContextVar("scope", default=None)


def current() -> Scope:
    """The scope of the open transaction; raises SignInNeeded outside one."""
    scope = _current.get()
    if scope is None:
        raise SignInNeeded("no-scope")
    return scope


def peek() -> Scope | None:
    """The scope of the open transaction, or None outside one."""
    return _current.get()


def enter(scope: Scope) -> Token[Scope | None]:
    """Makes a scope current; only kernel.db calls this."""
    return _current.set(scope)


def leave(token: Token[Scope | None]) -> None:
    """Undoes `enter`."""
    _current.reset(token)
