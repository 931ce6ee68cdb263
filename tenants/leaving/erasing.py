"""A client is erased: rows, papers, key, people, jobs and mails; what stays names nobody.

One person of the provider asks, another approves, the operator's restoring tool carries it out.
Each step may be run again after a break: the rows go in one transaction with the key, without
which every copy of a paper is unreadable, backups included.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import current_app
from psycopg import sql

from app.kernel import approvals, audit, clock, db, forgetting, registry, restoring, storage
from app.kernel.errors import Conflict, NotFound
from app.kernel.registry import ErasureBar
from app.kernel.restoring import Connection
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from tenants import queries
from tenants.leaving import catalogue
from tenants.leaving.catalogue import ClientTable

KIND = "client.erase"
ASKED_FOR = timedelta(days=30)
_APPROVED = sa.text(
    "select a.id, a.subject_id, a.content ->> 'client' as name, a.requested_by,"
    " (select d.person_id from app.approval_decision d where d.tenant_id = a.tenant_id"
    " and d.approval_id = a.id and d.decision = 'approve' limit 1) as approved_by"
    " from app.approval a where a.kind = :kind and a.state = 'approved'"
    " and a.content ->> 'slug' = :slug and (a.expires_at is null or a.expires_at > now())"
    " and not exists (select from app.erasure_certificate c where c.tenant_id = a.tenant_id"
    " and c.approval_id = a.id) order by a.id desc limit 1"
)
_CARRIED_OUT = sa.text("select approval_id from app.erasure_certificate")
_FREE = sa.text("select app.demand_free(:tenant)")
_STATE = sa.text("select guard.set_state(:tenant, 'closing')")


@dataclass(frozen=True, slots=True)
class Request:
    """An approved wish to erase a client."""

    approval_id: UUID
    tenant_id: UUID
    slug: str
    name: str
    asked_by: UUID
    approved_by: UUID


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was erased. The name is told once and kept as its hash only.

    `backups_until`: until then backups made before still hold the rows; papers in them are
    unreadable wherever the key was destroyed in every copy of the database.
    """

    client: str
    erased_tenant_id: UUID
    name_sha256: str
    approval_id: UUID
    asked_by: UUID
    approved_by: UUID
    erased_at: datetime
    rows_erased: int
    objects_erased: int
    objects_locked: int
    people_erased: int
    backups_until: datetime

    def as_json(self) -> dict[str, Any]:
        """Ids and instants as text."""
        return {
            name: value if isinstance(value, int | str) else str(value)
            for name, value in asdict(self).items()
        }


def ask(slug: str, *, reason: str) -> UUID:
    """Asks another person of the provider to approve; in the provider's own tenant.

    Raises NotFound for an unknown client and the provider itself, Conflict `erasure-asked-already`.
    """
    row = queries.directory_row(slug)
    if row.is_provider:
        raise NotFound
    if any(one.subject_id == row.tenant_id for one in open_requests()):
        raise Conflict("erasure-asked-already")
    return approvals.request(
        KIND,
        subject_type="client",
        subject_id=row.tenant_id,
        line="member",
        title=f"{row.name} ({row.slug})",
        content={"client": row.name, "slug": row.slug, "reason": reason},
        expires_at=clock.now() + ASKED_FOR,
    )


def open_requests() -> list[approvals.ApprovalView]:
    """Requests that wait or are approved and not carried out yet, the newest first."""
    found = [one for one in approvals.recent(limit=200) if one.kind == KIND]
    done = set(
        db.session.execute(sa.text("select approval_id from app.erasure_certificate")).scalars()
    )
    return [
        one
        for one in found
        if one.id not in done
        and one.state in ("pending", "approved")
        and (one.expires_at is None or one.expires_at > clock.now())
    ]


def certificates() -> list[dict[str, Any]]:
    """What was erased, the newest first."""
    rows = db.session.execute(
        sa.text("select * from app.erasure_certificate order by id desc limit 200")
    )
    return [dict(row) for row in rows.mappings()]


def approved(slug: str) -> Request:
    """The approved request of a client, in the provider's tenant. Raises Conflict without one."""
    row = db.session.execute(_APPROVED, {"kind": KIND, "slug": slug}).first()
    if row is None or row.approved_by is None:
        raise Conflict("erasure-not-approved", slug=slug)
    return Request(row.id, row.subject_id, slug, row.name, row.requested_by, row.approved_by)


def bars(scope: Scope) -> Sequence[Any]:
    """What forbids erasing the client of the scope, in words."""
    with db.transaction(scope):
        return [why for bar in registry.current().all(ErasureBar) for why in bar.find()]


def erase(request: Request, *, provider: UUID, operator: UUID) -> Certificate:
    """Carries an approved erasure out. Raises Conflict `erasure-held` or `client-held` while
    something is held.
    """
    inside = Scope.system_job(request.tenant_id, person_id=operator, request_id="cli")
    with db.transaction(inside):
        db.session.execute(_FREE, {"tenant": request.tenant_id})
    why = bars(inside)
    if why:
        raise Conflict("erasure-held", why=" ".join(str(one) for one in why))
    _close(provider, request, operator)
    rows, people = _erase_rows(request)
    gone, locked = storage.erase_client(request.tenant_id)
    forgetting.forget_client(request.tenant_id)
    certificate = _certificate(request, rows, len(people), gone, locked)
    _clear_provider(provider, request, people, certificate)
    with db.transaction(Scope.system_job(provider, person_id=operator, request_id="cli")):
        audit.note("client.erased", subject_type="client", subject_id=request.tenant_id)
    return certificate


def _close(provider: UUID, request: Request, operator: UUID) -> None:
    """Nobody reaches the client any more; a second run finds it closed."""
    with restoring.client(request.tenant_id) as connection:
        row = connection.execute("select state from app.client").fetchone()
    if row and row[0] in ("active", "suspended"):
        with db.transaction(Scope.system_job(provider, person_id=operator, request_id="cli")):
            db.session.execute(_STATE, {"tenant": request.tenant_id})


def _erase_rows(request: Request) -> tuple[int, list[tuple[UUID, str]]]:
    """All tables, children before parents; the key goes in the same transaction."""
    count = 0
    with restoring.client(request.tenant_id) as connection:
        connection.execute("select app.demand_free(%s)", [request.tenant_id])
        tables = [one for one in catalogue.tables(connection.execute) if not one.of_guard]
        # what a deletion itself writes, such as a turn taken, goes the second time
        while gone := sum(_erase_table(one, connection) for one in reversed(tables)):
            count += gone
        people = connection.execute("select person_id, email from guard.erase_client()").fetchall()
    return count, [(row[0], row[1]) for row in people if row[0] is not None]


def _erase_table(table: ClientTable, connection: Connection) -> int:
    if table.erased == "keep":
        return 0
    name = sql.Identifier(*table.name.split("."))
    if table.erased == "reduce":
        connection.execute(
            "update app.usage_event set evidence_title = '', void_reason = null,"
            " key = encode(sha256(convert_to(key, 'UTF8')), 'hex') where key !~ '^[0-9a-f]{64}$'"
        )
        return 0
    return connection.execute(sql.SQL("delete from {}").format(name)).rowcount


def _certificate(request: Request, rows: int, people: int, gone: int, locked: int) -> Certificate:
    settings: Settings = current_app.extensions["settings"]
    now = clock.now()
    return Certificate(
        client=request.name,
        erased_tenant_id=request.tenant_id,
        name_sha256=hashlib.sha256(request.name.encode()).hexdigest(),
        approval_id=request.approval_id,
        asked_by=request.asked_by,
        approved_by=request.approved_by,
        erased_at=now,
        rows_erased=rows,
        objects_erased=gone,
        objects_locked=locked,
        people_erased=people,
        backups_until=now + timedelta(days=settings.backup_days),
    )


def _clear_provider(
    provider: UUID, request: Request, people: list[tuple[UUID, str]], certificate: Certificate
) -> None:
    """Rows of the provider's own tenant that speak of the client, and the certificate's row."""
    with restoring.client(provider) as connection:
        speaking = [request.approval_id, request.tenant_id]
        speaking += _given(connection, request, provider)
        _forget_words(connection, request, people)
        connection.execute(
            "update app.approval set title = 'client.erase',"
            " content = jsonb_build_object('client', subject_id) where id = %s",
            [request.approval_id],
        )
        connection.execute(
            "delete from app.audit_change c using app.audit_event e where e.tenant_id = c.tenant_id"
            " and e.id = c.event_id and (e.subject_id = any(%s)"
            " or position(%s in coalesce(c.before::text, '') || coalesce(c.after::text, '')) > 0)",
            [speaking, f'"{request.slug}"'],
        )
        values = {name: value for name, value in asdict(certificate).items() if name != "client"}
        connection.execute(
            sql.SQL("insert into app.erasure_certificate (tenant_id, {}) values (%s, {})").format(
                sql.SQL(", ").join(map(sql.Identifier, values)),
                sql.SQL(", ").join([sql.Placeholder()] * len(values)),
            ),
            [provider, *values.values()],
        )


def _given(connection: Connection, request: Request, provider: UUID) -> list[UUID]:
    """What the provider's tenant holds of the client, such as its statements; their ids."""
    ids: list[UUID] = []
    for table in catalogue.tables(connection.execute):
        if not table.elsewhere or table.of_guard or table.erased != "delete":
            continue
        where = sql.SQL(" or ").join(
            sql.SQL("{} = %s").format(sql.Identifier(column)) for column in table.elsewhere
        )
        stored = "stored_object_id" in table.columns
        statement = sql.SQL("delete from {} where {} returning id, {}").format(
            sql.Identifier(*table.name.split(".")),
            where,
            sql.Identifier("stored_object_id") if stored else sql.SQL("null::uuid"),
        )
        rows = connection.execute(statement, [request.tenant_id] * len(table.elsewhere)).fetchall()
        ids += [row[0] for row in rows]
        for row in rows:
            if row[1] is not None:
                ids.append(row[1])
                _drop_object(connection, row[1], provider)
    return ids


def _drop_object(connection: Connection, object_id: UUID, provider: UUID) -> None:
    row = connection.execute(
        "delete from app.stored_object where id = %s returning sha256", [object_id]
    ).fetchone()
    others = (
        row
        and connection.execute(
            "select 1 from app.stored_object where sha256 = %s and state <> 'gone'", [row[0]]
        ).fetchone()
    )
    if row and not others:
        storage.erase_content(provider, row[0])


def _forget_words(connection: Connection, request: Request, people: list[tuple[UUID, str]]) -> None:
    """Jobs that made or named the client, and mails to its people."""
    connection.execute(
        "delete from app.job j where j.title = %(name)s or exists (select from app.job_args a"
        " where a.tenant_id = j.tenant_id and a.job_id = j.id"
        " and (position(%(slug)s in a.args::text) > 0 or position(%(id)s in a.args::text) > 0"
        " or position(%(quoted)s in a.args::text) > 0))",
        {
            "name": request.name,
            "slug": f'"{request.slug}"',
            "id": str(request.tenant_id),
            "quoted": f'"{request.name}"',
        },
    )
    connection.execute(
        "delete from app.mail_message where to_person = any(%s) or lower(to_address) = any(%s)",
        [[person for person, _address in people], [address for _person, address in people]],
    )
