"""Reads of the client directory: who reaches which client, engagements, the provider's face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.kernel import db
from app.kernel.clients import ClientRef, PrincipalRef
from app.kernel.db import session
from app.kernel.errors import NotFound
from app.kernel.scope import Scope
from tenants.models import Client, ProviderSetting

_MINE = sa.text(
    "select tenant_id, slug, name, hue, state, country, currency, time_zone, locale, is_provider"
    " from app.my_clients(:slug) where cast(:slug as text) is not null or is_provider"
)
_ALL_MINE = sa.text(
    "select tenant_id, slug, name, hue, state, country, currency, time_zone, locale, is_provider"
    " from app.my_clients(null) where (cast(:after as text) is null or slug > :after)"
    " order by slug limit :most"
)
_DIRECTORY = sa.text(
    "select * from app.client_directory()"
    " where (cast(:state as text) is null or state = :state)"
    " and (cast(:q as text) is null or position(lower(:q) in lower(name || ' ' || slug)) > 0)"
    " and (cast(:after as text) is null or (lower(name), slug) > (:after, :after_slug))"
    " order by lower(name), slug limit :most"
)
_ENGAGEMENTS = sa.text(
    "select tenant_id, line, valid_from, valid_to, document_id from guard.engagements()"
)
_BRAND = sa.text("select * from app.brand()")
_LOGO = sa.text("select logo_type, logo from app.brand_logo()")


@dataclass(frozen=True, slots=True)
class DirectoryRow:
    """A client as the provider's directory shows it."""

    tenant_id: UUID
    slug: str
    name: str
    legal_name: str
    country: str
    currency: str
    hue: int
    state: str
    is_provider: bool
    created_at: datetime
    lines: tuple[str, ...]
    until: datetime | None

    @property
    def id(self) -> UUID:
        """What a list calls its rows."""
        return self.tenant_id


@dataclass(frozen=True, slots=True)
class Engagement:
    """A line served for a client, from an instant until another (exclusive)."""

    tenant_id: UUID
    line: str
    starts: datetime
    ends: datetime | None
    document_id: UUID | None

    def runs_at(self, at: datetime) -> bool:
        """Whether the line is served at an instant."""
        return self.starts <= at and (self.ends is None or self.ends > at)


@dataclass(frozen=True, slots=True)
class ProviderFace:
    """What clients see of the provider."""

    name: str
    slug: str
    accent: str
    sender_name: str
    sender_address: str
    logo_type: str | None
    changed_at: datetime
    locale: str


def resolve_client(principal: PrincipalRef, slug: str | None) -> ClientRef | None:
    """The client of a slug that this principal reaches (None: the provider's own firm).

    Unknown, foreign and ended are all None. Opens its own short transaction.
    """
    scope = Scope.worklist(person_id=principal.person_id, principal_id=principal.principal_id)
    with db.transaction(scope, read_only=True):
        row = session.execute(_MINE, {"slug": slug}).one_or_none()
    return ClientRef(**row._mapping) if row is not None else None


def my_clients(*, after: str | None = None, limit: int = 100) -> list[ClientRef]:
    """The clients this principal reaches, by slug; one more than the limit shows there are more."""
    rows = session.execute(_ALL_MINE, {"after": after, "most": limit + 1})
    return [ClientRef(**row._mapping) for row in rows]


def directory(
    *,
    state: str | None = None,
    search: str | None = None,
    after: Sequence[str] | None = None,
    limit: int = 100,
) -> list[DirectoryRow]:
    """All clients of the installation, by name; in the provider's tenant, with `tenant.list`."""
    rows = session.execute(
        _DIRECTORY,
        {
            "state": state,
            "q": search or None,
            "after": after[0] if after else None,
            "after_slug": after[1] if after else None,
            "most": limit + 1,
        },
    )
    return [DirectoryRow(**{**row._mapping, "lines": tuple(row.lines)}) for row in rows]


def directory_row(slug: str) -> DirectoryRow:
    """One client of the directory; raises NotFound."""
    statement = sa.text("select * from app.client_directory() where slug = :slug")
    row = session.execute(statement, {"slug": slug}).one_or_none()
    if row is None:
        raise NotFound
    return DirectoryRow(**{**row._mapping, "lines": tuple(row.lines)})


def firm(tenant_id: UUID) -> Client:
    """The directory row of a client; raises NotFound."""
    found = session.get(Client, tenant_id)
    if found is None:
        raise NotFound
    return found


def engagements(tenant_id: UUID | None = None) -> list[Engagement]:
    """Engagements the reader may know: those of the client, or in the provider's tenant all."""
    found = [
        Engagement(row.tenant_id, row.line, row.valid_from, row.valid_to, row.document_id)
        for row in session.execute(_ENGAGEMENTS)
    ]
    return [one for one in found if tenant_id is None or one.tenant_id == tenant_id]


def provider_face() -> ProviderFace | None:
    """Name, accent and sender of the provider; None before `backoffice provider init`."""
    row = session.execute(_BRAND).one_or_none()
    return ProviderFace(**row._mapping) if row is not None else None


def provider_logo() -> tuple[str, bytes] | None:
    """Media type and bytes of the logo."""
    row = session.execute(_LOGO).one_or_none()
    return (row.logo_type, bytes(row.logo)) if row is not None else None


def provider_setting() -> ProviderSetting:
    """The settings as the provider edits them; raises NotFound elsewhere."""
    found = session.scalars(sa.select(ProviderSetting)).one_or_none()
    if found is None:
        raise NotFound
    return found
