"""An export comes into an installation: ids, numbers and audit as they were, a key of its own.

The order makes a broken run harmless: room in the state `creating`, which only the worker reaches;
the key; the papers, which without a head are swept away; then all rows in one transaction, checked
before it ends.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg import sql

from app.kernel import db, restoring, sealing, storage
from app.kernel.errors import Conflict, Invalid
from app.kernel.restoring import Connection
from app.kernel.scope import Scope
from tenants.leaving import archive, catalogue, reading
from tenants.leaving.reading import Export, Rows

BATCH_ROWS = 500
BATCH_CHARACTERS = 8 * 1024 * 1024
SPOOL_BYTES = 4 * 1024 * 1024
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Returned:
    """What came in. `strangers` are people whose address belongs to somebody else here."""

    tenant_id: UUID
    slug: str
    rows: int
    papers: int
    strangers: int


def check(path: Path) -> Export:
    """Proves a file without writing anything. Raises Invalid."""
    with reading.opened(path) as export:
        export.check()
        return export


def bring_back(
    path: Path, *, operator: UUID, slug: str | None = None, told: Told = lambda _text: None
) -> Returned:
    """Brings a client in, all or nothing.

    Raises Invalid for a file that is refused (codes `export-…`), Conflict `client-is-here`,
    `slug-taken` (name another `slug`) or `person-differs`, Unavailable without the restoring
    role's address.
    """
    with reading.opened(path) as export:
        told("Checking")
        export.check()
        with _room(export, slug or export.slug) as tables:
            scope = Scope.system_job(export.tenant_id, person_id=operator, request_id="cli")
            told("Documents")
            papers = _bring_papers(export, scope)
            told("Records")
            rows, strangers = _bring_rows(export, tables)
        return Returned(export.tenant_id, slug or export.slug, rows, papers, strangers)


@contextmanager
def _room(export: Export, slug: str) -> Iterator[list[Rows]]:
    """The client under its own id, not yet to be seen; gone again when the rest fails."""
    with restoring.client(export.tenant_id) as connection:
        tables = export.tables(catalogue.tables(connection.execute))
        _refuse_present(connection)
        connection.execute("select guard.begin_return(%s)", [slug])
    try:
        yield tables
    except BaseException:
        with restoring.client(export.tenant_id) as connection:
            connection.execute("delete from app.tenant_key")
            connection.execute("select guard.drop_return()")
        raise


def _refuse_present(connection: Connection) -> None:
    if connection.execute("select 1 from app.client").fetchone():
        raise Conflict("client-is-here")


def _bring_papers(export: Export, scope: Scope) -> int:
    with db.transaction(scope):
        sealing.client_key()
    names = export.objects()
    for sha in names:
        with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as plain:
            with export.content(sha) as file:
                for piece in archive.pieces(file):
                    plain.write(piece)
            plain.seek(0)
            with db.transaction(scope):
                storage.bring_back(plain, sha)
    return len(names)


def _bring_rows(export: Export, tables: list[Rows]) -> tuple[int, int]:
    count = 0
    with _understood(), restoring.client(export.tenant_id) as connection:
        before = set(_event_ids(connection))
        strangers = _bring_people(export, connection)
        for one in tables:
            count += _bring_table(export, one, connection, before)
        connection.execute("set constraints all immediate")
        asked = "select * from app.returned_faults(%s)"
        fault = connection.execute(asked, [sorted(before)]).fetchone()
        if fault:
            raise Invalid.of("file", "export-does-not-agree", fault=fault[0])
        connection.execute("select guard.finish_return(%s)", [export.state])
    return count, strangers


@contextmanager
def _understood() -> Iterator[None]:
    """A row that the database refuses is the file's fault, and said without its values."""
    try:
        yield
    except psycopg.errors.IntegrityError as error:
        where = error.diag.table_name or ""
        raise Invalid.of("file", "export-row-refused", table=where) from error
    except psycopg.errors.DataError as error:
        raise Invalid.of("file", "export-row-refused", table="") from error


def _bring_people(export: Export, connection: Connection) -> int:
    strangers = 0
    for batch, _count in _batches(export.lines(archive.PEOPLE)):
        row = connection.execute("select guard.return_people(%s::jsonb)", [batch]).fetchone()
        strangers += int(row[0]) if row else 0
    return strangers


def _event_ids(connection: Connection) -> Iterator[UUID]:
    """Events that an erasure of this client has left here."""
    for row in connection.execute("select id from app.audit_event").fetchall():
        yield row[0]


def _bring_table(export: Export, one: Rows, connection: Connection, kept: set[UUID]) -> int:
    """Brings a table's rows; what an erasure here has kept or reduced of them gives way."""
    count = 0
    left = one.table.erased != "delete" and not one.table.of_guard
    statement = _insert(one)
    for batch, size in _batches(export.lines(one.entry)):
        if one.table.of_guard:
            values = [one.table.name, list(one.columns), batch]
            connection.execute("select guard.return_rows(%s, %s, %s::jsonb)", values)
        else:
            if left:
                gone = connection.execute(
                    _give_way(one), {"tenant": str(export.tenant_id), "rows": batch}
                ).fetchall()
                kept.difference_update(row[0] for row in gone)
            connection.execute(statement, [str(export.tenant_id), batch])
        count += size
    return count


def _give_way(one: Rows) -> sql.Composed:
    table = sql.Identifier(*one.table.name.split("."))
    same = sql.SQL(" and ").join(
        sql.SQL("k.{key} = x.{key}").format(key=sql.Identifier(key)) for key in one.table.keys
    )
    return sql.SQL(
        "delete from {table} k using jsonb_populate_recordset(null::{table}, %(rows)s::jsonb) x"
        " where k.tenant_id = %(tenant)s::uuid and {same} returning k.id"
    ).format(table=table, same=same)


def _insert(one: Rows) -> sql.Composed:
    schema, name = one.table.name.split(".")
    table = sql.Identifier(schema, name)
    columns = sql.SQL(", ").join(map(sql.Identifier, one.columns))
    return sql.SQL(
        "insert into {table} (tenant_id, {columns}) overriding system value"
        " select %s::uuid, {columns} from jsonb_populate_recordset(null::{table}, %s::jsonb)"
    ).format(table=table, columns=columns)


def _batches(lines: Iterator[str]) -> Iterator[tuple[str, int]]:
    """Lines of JSON as arrays of JSON, of bounded length, with how many each holds."""
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if len(held) >= BATCH_ROWS or size >= BATCH_CHARACTERS:
            yield _array(held), len(held)
            held, size = [], 0
    if held:
        yield _array(held), len(held)


def _array(lines: list[str]) -> str:
    """Refuses a line that is no single object: it could smuggle in another."""
    for line in lines:
        try:
            good = isinstance(json.loads(line), dict)
        except (ValueError, RecursionError):
            good = False
        if not good:
            raise Invalid.of("file", "export-unreadable")
    return f"[{','.join(lines)}]"
