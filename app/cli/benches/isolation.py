"""What isolation costs: the guarded role against a superuser with an explicit `where tenant_id`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import psycopg

from app.cli import bench
from app.cli.bench import Case
from app.cli.benches import _scratch

SIZE = 400_000
CLIENTS = 200
AGGREGATES = 12
INSERTED = 5_000
POINT_READS = 400

_TABLE = """
    set role app_owner;
    create table app.bench_row (
        tenant_id uuid not null, id uuid not null default uuidv7(), on_day date not null,
        amount bigint not null, text text not null, primary key (tenant_id, id));
    create index bench_row_day on app.bench_row (tenant_id, on_day);
    call guard.protect('app.bench_row', 'accounting');
    grant select, insert, delete on app.bench_row to app_rw;
    reset role;
    create table public.bare_row (like app.bench_row including all);
"""
_FILL = """
    insert into {table} (tenant_id, on_day, amount, text)
    select t.id, date '2026-01-01' + (n %% 365)::int, n, md5(n::text)
      from unnest(%s::uuid[]) with ordinality t(id, place), generate_series(1, %s) n
"""


def cases(size: int) -> Iterator[Case]:
    """Aggregates and bulk inserts by CPU, point reads by the milliseconds they add."""
    with _scratch.database("isolation") as scratch:
        clients = _scratch.make_clients(scratch, CLIENTS)
        scratch.admin.execute(_TABLE)
        for table in ("app.bench_row", "public.bare_row"):
            scratch.admin.execute(_FILL.format(table=table), (clients, size // CLIENTS))
        big = clients[0]
        for table in ("app.bench_row", "public.bare_row"):
            scratch.admin.execute(_FILL.format(table=table), ([big], size // 10))
        scratch.admin.execute("vacuum analyze app.bench_row")
        scratch.admin.execute("vacuum analyze public.bare_row")
        with scratch.connect() as guarded, scratch.connect(role="admin") as bare:
            yield from _measured(_Sides(scratch, big, guarded, bare))


@dataclass(frozen=True, slots=True)
class _Sides:
    """The two connections and the client that both look at."""

    scratch: _scratch.Scratch
    client: UUID
    guarded: psycopg.Connection
    bare: psycopg.Connection

    def inside(self, statement: str) -> Callable[[], object]:
        """The statement in a guarded transaction, context included."""

        def run() -> object:
            with self.guarded.transaction():
                token = self.scratch.token(self.client)
                self.guarded.execute("select set_config('app.ctx', %s, true)", (token,))
                cursor = self.guarded.execute(statement)
                return cursor.fetchall() if cursor.description else None

        return run

    def outside(self, statement: str) -> Callable[[], object]:
        """The statement as the administrator, with the client as its one parameter."""

        def run() -> object:
            cursor = self.bare.execute(statement, (self.client,))
            return cursor.fetchall() if cursor.description else None

        return run


def _cpu(connection: psycopg.Connection, work: Callable[[], object]) -> Callable[[], float]:
    """Milliseconds of the server's processor for one call."""

    def run() -> float:
        before = _scratch.cpu_seconds(connection)
        for _round in range(AGGREGATES):
            work()
        return (_scratch.cpu_seconds(connection) - before) * 1000 / AGGREGATES

    return run


_SUMS = "select on_day, sum(amount), count(*) from {} {} group by on_day"
_INSERT = (
    "insert into {} (tenant_id, on_day, amount, text) select {}, date '2027-01-01', n, 'x'"
    f" from generate_series(1, {INSERTED}) n"
)
_CASES = (
    (
        "aggregate of one client, CPU",
        _SUMS.format("app.bench_row", ""),
        _SUMS.format("public.bare_row", "where tenant_id = %s"),
    ),
    (
        f"bulk insert of {INSERTED:,} rows, CPU",
        _INSERT.format("app.bench_row", "(select guard.tenant_id())"),
        _INSERT.format("public.bare_row", "%s::uuid"),
    ),
)


def _measured(sides: _Sides) -> Iterator[Case]:
    for name, guarded, bare in _CASES:
        yield bench.compare(
            "isolation",
            name,
            ours=_cpu(sides.guarded, sides.inside(guarded)),
            reference=_cpu(sides.bare, sides.outside(bare)),
            unit="ms CPU",
            better="less",
            floor=1.25,
            goal=1.1,
        )
    yield _point_reads(sides)


def _point_reads(sides: _Sides) -> Case:
    """Milliseconds that the guard adds to reading one row by its key."""
    scratch, client = sides.scratch, sides.client
    guarded, bare = sides.guarded, sides.bare
    row = scratch.admin.execute(
        "select id from app.bench_row where tenant_id = %s limit 1", (client,)
    ).fetchone()
    assert row is not None
    added: list[float] = []
    for _run in range(5):
        with guarded.transaction():
            guarded.execute("select set_config('app.ctx', %s, true)", (scratch.token(client),))
            ours = _per_read(guarded, "app.bench_row", client, row[0])
        added.append(ours - _per_read(bare, "public.bare_row", client, row[0]))
    return bench.figure(
        "isolation",
        "point read, added by the guard",
        sorted(added)[len(added) // 2] * 1000,
        unit="ms",
        better="less",
        floor=0.2,
        goal=0.12,
        runs=5,
    )


def _per_read(connection: psycopg.Connection, table: str, client: UUID, row_id: UUID) -> float:
    statement = f"select amount from {table} where tenant_id = %s and id = %s"
    began = time.perf_counter()
    for _read in range(POINT_READS):
        connection.execute(statement, (client, row_id)).fetchone()
    return (time.perf_counter() - began) / POINT_READS
