"""Which client a path names: the resolver that the directory of clients hands to web and API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID


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


Resolver = Callable[[PrincipalRef, str | None], ClientRef | None]


def _nobody(_principal: PrincipalRef, _slug: str | None) -> ClientRef | None:
    return None


_resolver: Resolver = _nobody


def set_resolver(resolver: Resolver) -> None:
    """Called once by the directory of clients when the application is made."""
    global _resolver
    _resolver = resolver


def resolve(principal: PrincipalRef, slug: str) -> ClientRef | None:
    """The client of a slug that this principal reaches; unknown and foreign are both None."""
    return _resolver(principal, slug)


def provider(principal: PrincipalRef) -> ClientRef | None:
    """The provider's own firm, when this principal reaches it."""
    return _resolver(principal, None)
