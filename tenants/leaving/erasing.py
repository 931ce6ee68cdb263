"""A client is erased: rows, papers, key, people, jobs and mails; what stays names nobody.

One person of the provider asks, another approves, a job or the operator carries it out with the
restoring tool. One transaction takes the rows, the key (without which every copy of a paper is
unreadable, backups included) and all words about the client, and leaves the certificate with its
counts; then the bucket is emptied. Broken off before, nothing has happened; broken off after, a
second run goes on from the certificate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import current_app
from psycopg import sql
from psycopg.rows import dict_row

from app.kernel import approvals, audit, clock, db, forgetting, registry, restoring, storage
from app.kernel.errors import Conflict, NotFound
from app.kernel.registry import ErasureBar
from app.kernel.restoring import Connection
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from tenants import queries
from tenants.leaving import catalogue, traces
from tenants.leaving.catalogue import ClientTable
from tenants.leaving.models import Certificate, Request
from tenants.queries import DirectoryRow

KIND = "client.erase"
ASKED_FOR = timedelta(days=30)
_APPROVED = sa.text(
    "select a.id, a.subject_id, a.content ->> 'slug' as slug, a.content ->> 'client' as name,"
    " a.requested_by, (select d.person_id from app.approval_decision d"
    " where d.tenant_id = a.tenant_id and d.approval_id = a.id and d.decision = 'approve'"
    " and d.voided_at is null order by d.at desc limit 1)"
    " as approved_by, false as begun from app.approval a where a.kind = :kind"
    " and a.state = 'approved' and (a.content ->> 'slug' = :slug or a.id = :approval)"
    " and app.client_is(a.subject_id, a.content ->> 'slug', a.content ->> 'client')"
    " and (a.expires_at is null or a.expires_at > now()) and not exists (select"
    " from app.erasure_certificate c where c.tenant_id = a.tenant_id and c.approval_id = a.id)"
    " union all select approval_id, erased_tenant_id, :slug, '', asked_by, approved_by, true"
    " from app.erasure_certificate where finished_at is null"
    " and (slug_sha256 = :slug_sha256 or approval_id = :approval) order by begun desc, 1 desc"
    " limit 1"
)
_NAMED = sa.text("select app.client_is(:id, :slug, :client)")
_CARRIED_OUT = sa.text("select approval_id from app.erasure_certificate")
_DONE = sa.text(
    "select 1 from app.erasure_certificate where approval_id = :approval"
    " and finished_at is not null"
)
_CLEARING = (  # but for what came again meanwhile
    "select array(select one from unnest(c.clearing) one where not exists (select"
    " from app.stored_object o where o.sha256 = one and o.state <> 'gone'))"
    " from app.erasure_certificate c where c.approval_id = %s and c.finished_at is null"
)
_FINISHED = (
    "update app.erasure_certificate set objects_locked = %(locked)s, own_locked = %(own_locked)s,"
    " objects_erased = greatest(objects_erased - %(locked)s, 0), clearing = '{}',"
    " finished_at = now()"
    " where approval_id = %(approval)s and finished_at is null returning *"
)
_CERTIFICATES = sa.text(
    "select * from app.erasure_certificate where cast(:before as uuid) is null or id < :before"
    " order by id desc limit :limit"
)
_FREE = sa.text("select app.demand_free(:tenant)")
_STATE = sa.text("select guard.set_state(:tenant, 'closing')")


def ask(slug: str, *, reason: str) -> UUID:
    """Asks another person of the provider to approve; in the provider's own tenant.

    Raises NotFound for an unknown client and the provider itself, Conflict `erasure-asked-already`.
    """
    row = queries.directory_row(slug)
    if row.is_provider:
        raise NotFound
    if asked_about(row):
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


def asked_about(row: DirectoryRow) -> bool:
    """Whether a request waits or is approved that names this client as it is called now."""
    now = (row.tenant_id, row.slug, row.name)
    return now in {
        (one.subject_id, one.content.get("slug"), one.content.get("client"))
        for one in open_requests()
    }


def shown(found: approvals.ApprovalView) -> dict[str, Any] | None:
    """What the decider reads, where it names the client whose erasure it asks for."""
    named = {name: found.content.get(name) for name in ("slug", "client")}
    same = db.session.execute(_NAMED, {"id": found.subject_id, **named}).scalar_one()
    return found.content if same else None


def open_requests() -> list[approvals.ApprovalView]:
    """Requests that wait or are approved and not carried out yet, the newest first."""
    found = [one for one in approvals.recent(limit=200) if one.kind == KIND]
    done = set(db.session.execute(_CARRIED_OUT).scalars())
    return [
        one
        for one in found
        if one.id not in done
        and one.state in ("pending", "approved")
        and (one.expires_at is None or one.expires_at > clock.now())
    ]


def certificates(*, before: UUID | None = None, limit: int = 200) -> list[dict[str, Any]]:
    """What was erased, the newest first, `before` an id."""
    rows = db.session.execute(_CERTIFICATES, {"before": before, "limit": limit})
    return [dict(row) for row in rows.mappings()]


def approved(slug: str = "", *, approval_id: UUID | None = None) -> Request:
    """The approved request of a client, by short name or approval, in the provider's tenant.

    Its words have to name the client that it is about. Also one that was broken off after the rows
    were gone. Raises Conflict without one.
    """
    values = {"kind": KIND, "slug": slug, "slug_sha256": _sha(slug), "approval": approval_id}
    row = db.session.execute(_APPROVED, values).first()
    if row is None or row.approved_by is None:
        raise Conflict("erasure-not-approved", slug=slug)
    return Request(
        row.id, row.subject_id, row.slug, row.name, row.requested_by, row.approved_by, row.begun
    )


def is_done(approval_id: UUID) -> bool:
    """Whether an approved erasure was carried out to its end."""
    found = db.session.execute(_DONE, {"approval": approval_id}).first()
    return found is not None


def bars(scope: Scope) -> Sequence[Any]:
    """What forbids erasing the client of the scope, in words."""
    with db.transaction(scope):
        return [why for bar in registry.current().all(ErasureBar) for why in bar.find()]


def erase(request: Request, *, provider: UUID, operator: UUID) -> Certificate:
    """Carries an approved erasure out, or what is left of one that was broken off.

    Raises Conflict `erasure-held` or `client-held` while something is held, `erasure-running` when
    another run has done it meanwhile.
    """
    if not request.begun:
        inside = Scope.system_job(request.tenant_id, person_id=operator, request_id="erasing")
        with db.transaction(inside):
            db.session.execute(_FREE, {"tenant": request.tenant_id})
        why = bars(inside)
        if why:
            raise Conflict("erasure-held", why=" ".join(str(one) for one in why))
        _close(provider, request, operator)
        _erase_rows(request, provider)
    certificate = _empty_bucket(request, provider)
    with db.transaction(Scope.system_job(provider, person_id=operator, request_id="erasing")):
        audit.note("client.erased", subject_type="client", subject_id=request.tenant_id)
    return certificate


def _close(provider: UUID, request: Request, operator: UUID) -> None:
    """Nobody reaches the client any more; a second run finds it closed."""
    with restoring.client(request.tenant_id) as connection:
        row = connection.execute("select state from app.client").fetchone()
    if row and row[0] in ("active", "suspended"):
        with db.transaction(Scope.system_job(provider, person_id=operator, request_id="erasing")):
            db.session.execute(_STATE, {"tenant": request.tenant_id})


def _erase_rows(request: Request, provider: UUID) -> None:
    """All tables, children before parents, with the key, and all words about the client elsewhere.

    One transaction, so that the counts of the certificate are those of what went. The certificate
    keeps the hashes of the provider's own files about the client until the bucket has let them go.
    """
    objects = storage.versions_of(request.tenant_id)
    with restoring.client(request.tenant_id) as connection:
        connection.execute("select app.demand_free(%s)", [request.tenant_id])
        tables = [one for one in catalogue.tables(connection.execute) if not one.of_guard]
        count = 0
        # what a deletion itself writes, such as a turn taken, goes the second time
        while gone := sum(_erase_table(one, connection) for one in reversed(tables)):
            count += gone
        found = connection.execute("select person_id, email from guard.erase_client()").fetchall()
        people = [(row[0], row[1]) for row in found if row[0] is not None]
        restoring.turn_to(connection, provider)
        shas = traces.clear(connection, request, people)
        _keep(connection, provider, _certificate(request, count, len(people), objects), shas)


def _empty_bucket(request: Request, provider: UUID) -> Certificate:
    """The client's papers, the provider's own files about it and what Valkey holds.

    The certificate then says that all is gone, and how much a lock of the bucket still holds.
    """
    _gone, locked = storage.erase_client(request.tenant_id)
    forgetting.forget_client(request.tenant_id)
    with restoring.client(provider) as connection:
        left = connection.execute(_CLEARING, [request.approval_id]).fetchone()
    if left is None:
        raise NotFound
    own_locked = sum(storage.erase_content(provider, sha) for sha in left[0])
    values = {"locked": locked, "own_locked": own_locked, "approval": request.approval_id}
    with restoring.client(provider) as connection:
        row = connection.cursor(row_factory=dict_row).execute(_FINISHED, values).fetchone()
    if row is None:
        raise NotFound
    del row["tenant_id"], row["id"], row["clearing"]
    return Certificate(client=request.name, **row)


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


def _certificate(request: Request, rows: int, people: int, objects: int) -> Certificate:
    settings: Settings = current_app.extensions["settings"]
    now = clock.now()
    return Certificate(
        client=request.name,
        erased_tenant_id=request.tenant_id,
        name_sha256=_sha(request.name),
        slug_sha256=_sha(request.slug),
        approval_id=request.approval_id,
        asked_by=request.asked_by,
        approved_by=request.approved_by,
        erased_at=now,
        rows_erased=rows,
        objects_erased=objects,
        objects_locked=0,
        own_locked=0,
        people_erased=people,
        backups_until=now + timedelta(days=settings.backup_days),
    )


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _keep(
    connection: Connection, provider: UUID, certificate: Certificate, clearing: list[str]
) -> None:
    values = {name: value for name, value in asdict(certificate).items() if name != "client"}
    values["clearing"] = clearing
    statement = sql.SQL(
        "insert into app.erasure_certificate (tenant_id, {}) values (%s, {})"
        " on conflict (tenant_id, approval_id) do nothing"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join([sql.Placeholder()] * len(values)),
    )
    if not connection.execute(statement, [provider, *values.values()]).rowcount:
        raise Conflict("erasure-running")  # nothing of this run stays
