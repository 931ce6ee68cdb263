"""Which client a path names: the resolver that the directory of clients hands to web and API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

import sqlalchemy as sa
from flask import current_app

from app.kernel import db, scope
from app.kernel.errors import Forbidden
from app.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class PrincipalRef:
    """A living principal: a person's session, a token or a link; `tenant_id` binds the latter."""

    principal_id: UUID
    person_id: UUID
    kind: str
    tenant_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ClientRef:
    """What everybody may know of a client they reach."""

    tenant_id: UUID
    slug: str
    name: str
    hue: int
    state: str
    country: str
    currency: str
    time_zone: str
    locale: str
    is_provider: bool


_SEND = sa.text("select set_config('app.ctx', :token, true)")

Resolver = Callable[[PrincipalRef, str | None], ClientRef | None]


def _nobody(_principal: PrincipalRef, _slug: str | None) -> ClientRef | None:
    return None


_resolvers: dict[str, Resolver] = {"clients": _nobody}


def set_resolver(resolver: Resolver) -> None:
    """Called once by the directory of clients when the application is made."""
    _resolvers["clients"] = resolver


def resolve(principal: PrincipalRef, slug: str) -> ClientRef | None:
    """The client of a slug that this principal reaches; unknown and foreign are both None."""
    return _resolvers["clients"](principal, slug)


def provider(principal: PrincipalRef) -> ClientRef | None:
    """The provider's own firm, when this principal reaches it."""
    return _resolvers["clients"](principal, None)


@contextmanager
def acting_in(tenant_id: UUID) -> Iterator[None]:
    """The same system user in another client, inside the open transaction.

    Only for mode `j`: making a client touches the provider's tenant and the new one, all or
    nothing. The database verifies the new context as it did the first. Raises Forbidden for
    anybody else.
    """
    outer = scope.current()
    if outer.mode != "j":
        raise Forbidden("forbidden")
    inner = replace(outer, tenant_id=tenant_id)
    _send(inner)
    token = scope.enter(inner)
    try:
        yield
    finally:
        scope.leave(token)
    _send(outer)


def _send(who: scope.Scope) -> None:
    settings: Settings = current_app.extensions["settings"]
    token = who.token(key=bytes.fromhex(settings.guard_key), key_id=settings.guard_key_id)
    db.session.execute(_SEND, {"token": token})
