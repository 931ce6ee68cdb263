"""Operations that act in several clients: who calls, and the client each step acts in."""

from __future__ import annotations

from uuid import UUID

from flask import g

from app.kernel import clients
from app.kernel.clients import ClientRef, PrincipalRef
from app.kernel.errors import NotFound
from app.kernel.scope import Scope


def arrive(principal: PrincipalRef, home: Scope) -> None:
    """Remembers who calls, for the handler of this request."""
    g.api_principal, g.api_home = principal, home


def home() -> Scope:
    """The caller in the provider's own firm, where the permission was judged."""
    found: Scope = g.api_home
    return found


def inside(tenant_id: UUID) -> Scope:
    """The caller in a client; the database refuses one they do not reach."""
    own = home()
    return Scope.in_client(
        tenant_id,
        person_id=g.api_principal.person_id,
        principal_id=g.api_principal.principal_id,
        request_id=own.request_id,
    )


def everywhere() -> Scope:
    """The caller over all their clients, read only."""
    return Scope.worklist(
        person_id=g.api_principal.person_id,
        principal_id=g.api_principal.principal_id,
        request_id=home().request_id,
    )


def client(slug: str) -> ClientRef:
    """A client that the caller reaches; raises NotFound for an unknown and a foreign one alike."""
    found = clients.resolve(g.api_principal, slug)
    if found is None:
        raise NotFound
    return found
