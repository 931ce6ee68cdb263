"""What the provider's own tenant holds of a client that is erased: rows, words and contents."""

from __future__ import annotations

from uuid import UUID

from psycopg import sql

from app.kernel.restoring import Connection
from tenants.leaving import catalogue
from tenants.leaving.models import Request


def clear(connection: Connection, request: Request, people: list[tuple[UUID, str]]) -> list[str]:
    """Rows of the provider's own tenant that speak of the client; contents that only they named."""
    given, shas = _given(connection, request)
    speaking = [request.approval_id, request.tenant_id, *given]
    _forget_words(connection, request, people)
    connection.execute(
        "update app.approval set title = 'client.erase',"
        " content = jsonb_build_object('client', subject_id) where id = %s",
        [request.approval_id],
    )
    connection.execute(  # the request itself was a use, and named the client
        "update app.usage_event set evidence_title = '' where evidence_id = any(%s)", [speaking]
    )
    connection.execute(
        "delete from app.audit_change c using app.audit_event e where e.tenant_id = c.tenant_id"
        " and e.id = c.event_id and (e.subject_id = any(%s)"
        " or position(%s in coalesce(c.before::text, '') || coalesce(c.after::text, '')) > 0)",
        [speaking, f'"{request.slug}"'],
    )
    return shas


def _given(connection: Connection, request: Request) -> tuple[list[UUID], list[str]]:
    """What the provider's tenant holds of the client, such as its statements: ids and contents."""
    ids: list[UUID] = []
    shas: list[str] = []
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
                shas += _drop_object(connection, row[1])
    return ids, shas


def _drop_object(connection: Connection, object_id: UUID) -> list[str]:
    """Deletes a head; its content, where no other head names it."""
    row = connection.execute(
        "delete from app.stored_object where id = %s returning sha256", [object_id]
    ).fetchone()
    others = (
        row
        and connection.execute(
            "select 1 from app.stored_object where sha256 = %s and state <> 'gone'", [row[0]]
        ).fetchone()
    )
    return [row[0]] if row and not others else []


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
