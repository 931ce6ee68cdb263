"""Plain functions that arrange people, clients, grants and sessions as the administrator."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg

from app.kernel.scope import Scope, secret_hash

Connection = psycopg.Connection


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person: their cookie's value and the principal behind it."""

    person_id: UUID
    principal_id: UUID
    cookie: str

    def scope(self, tenant_id: UUID) -> Scope:
        """This person in one client."""
        return Scope.in_client(
            tenant_id, person_id=self.person_id, principal_id=self.principal_id, request_id="test"
        )

    def worklist(self) -> Scope:
        """This person over all clients."""
        return Scope.worklist(person_id=self.person_id, principal_id=self.principal_id)


def _one(admin: Connection, statement: str, *values: object) -> UUID:
    row = admin.execute(statement, values).fetchone()
    assert row is not None
    found: UUID = row[0]
    return found


def unique(word: str) -> str:
    """A name that no other test uses."""
    return f"{word}-{secrets.token_hex(4)}"


def make_provider(admin: Connection) -> UUID:
    """The provider's tenant of this database; made once."""
    row = admin.execute("select id from guard.tenant where is_provider").fetchone()
    if row:
        found: UUID = row[0]
        return found
    made = _one(
        admin,
        "insert into guard.tenant(slug, state, is_provider) values ('provider','active',true)"
        " returning id",
    )
    _directory(admin, made, "provider", "Provider", is_provider=True)
    admin.commit()
    return made


def _directory(
    admin: Connection, tenant: UUID, slug: str, name: str, *, is_provider: bool = False
) -> None:
    if admin.execute("select to_regclass('app.client')").fetchone() == (None,):
        return
    admin.execute(
        "insert into app.client(tenant_id, slug, name, legal_name, country, currency, time_zone,"
        " locale, fiscal_year_start_month, chart_template, is_provider, state)"
        " values (%s, %s, %s, %s, 'GB', 'GBP', 'Europe/London', 'en', 1, 'general', %s, 'active')",
        (tenant, slug, name, name, is_provider),
    )


def make_client(
    admin: Connection,
    name: str = "Client",
    *,
    lines: Sequence[str] = ("accounting", "compliance", "tickets"),
    state: str = "active",
) -> UUID:
    """A client firm with a running engagement for these lines."""
    make_provider(admin)
    slug = unique(name.lower().replace(" ", "-"))
    made = _one(
        admin, "insert into guard.tenant(slug, state) values (%s, %s) returning id", slug, state
    )
    _directory(admin, made, slug, name)
    for line in lines:
        admin.execute(
            "insert into guard.engagement(tenant_id, line, valid_from)"
            " values (%s, %s, now() - interval '1 day')",
            (made, line),
        )
    admin.commit()
    return made


def slug_of(admin: Connection, tenant: UUID) -> str:
    """The client's name in addresses."""
    row = admin.execute("select slug from guard.tenant where id = %s", (tenant,)).fetchone()
    assert row is not None
    return str(row[0])


def make_person(admin: Connection, side: str = "provider", name: str = "Robin Vale") -> UUID:
    """A person of one side with an address of their own."""
    made = _one(
        admin,
        "insert into guard.person(side, email, name) values (%s, %s, %s) returning id",
        side,
        f"{unique('person')}@example.com",
        name,
    )
    admin.commit()
    return made


def grant(
    admin: Connection,
    tenant: UUID,
    person: UUID,
    *,
    role: str,
    lines: Sequence[str] = (),
    may_write: bool = True,
    basis: str = "engagement",
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    classes: Sequence[str] = (),
) -> UUID:
    """A membership, without the doors; `basis` of client people is any uuid."""
    if basis == "engagement" and _is_client_side_or_provider(admin, tenant, person):
        basis = "00000000-0000-7000-8000-000000000000"
    made = _one(
        admin,
        "insert into guard.membership(tenant_id, user_id, role, lines, classes, may_write, basis,"
        " valid_from, valid_to) values (%s, %s, %s, %s, %s, %s, %s,"
        " coalesce(%s, now() - interval '1 hour'), %s) returning id",
        tenant,
        person,
        role,
        list(lines),
        list(classes),
        may_write,
        basis,
        valid_from,
        valid_to,
    )
    admin.commit()
    return made


def _is_client_side_or_provider(admin: Connection, tenant: UUID, person: UUID) -> bool:
    row = admin.execute(
        "select p.side = 'client' or t.is_provider from guard.person p, guard.tenant t"
        " where p.id = %s and t.id = %s",
        (person, tenant),
    ).fetchone()
    return bool(row and row[0])


def sign_in(admin: Connection, person: UUID, *, fresh: bool = True) -> Session:
    """An open session of the person; `fresh` means stepped up just now."""
    cookie = secrets.token_urlsafe(32)
    principal = _one(
        admin,
        "insert into guard.principal(kind, user_id, idle_until, expires_at, stepped_up_at,"
        " secret_sha, factors) values ('person', %s, now() + interval '30 minutes',"
        " now() + interval '12 hours', case when %s then now() end, %s, '{password,totp}')"
        " returning id",
        person,
        fresh,
        secret_hash("prin", cookie),
    )
    admin.commit()
    return Session(person, principal, cookie)


def token(admin: Connection, tenant: UUID, person: UUID) -> str:
    """A living token of the person in one client."""
    value = "bo_test_" + secrets.token_hex(24)
    admin.execute(
        "insert into guard.principal(kind, user_id, tenant_id, expires_at, secret_sha, made_by)"
        " values ('token', %s, %s, now() + interval '1 day', %s, %s)",
        (person, tenant, secret_hash("prin", value), person),
    )
    admin.commit()
    return value


def staff(
    admin: Connection,
    tenant: UUID,
    *,
    role: str = "staff_accountant",
    lines: Sequence[str] = ("accounting",),
) -> Session:
    """A signed-in person of the provider with a grant in this client."""
    person = make_person(admin, "provider")
    grant(admin, tenant, person, role=role, lines=lines)
    return sign_in(admin, person)


def owner(admin: Connection, tenant: UUID) -> Session:
    """A signed-in owner of the client."""
    person = make_person(admin, "client", "Ada Quill")
    grant(admin, tenant, person, role="owner", lines=("accounting", "compliance", "tickets"))
    return sign_in(admin, person)
