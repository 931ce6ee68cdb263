"""Statement lines a second, parsed, deduplicated and stored, against bare lxml parsing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import BytesIO
from uuid import UUID

from lxml import etree

from app.accounting.bank import commands as bank_commands
from app.accounting.bank import dedupe as bank_dedupe
from app.accounting.bank import intake as bank_import
from app.cli import bench
from app.cli.bench import Case
from app.cli.benches import _books, _camt_files, _scratch
from app.kernel import db
from connectors.catalog.bank import reading

SIZE = 20_000  # lines of the file
RUNS = 5
_CLIENTS = """
insert into app.client (tenant_id, slug, name, legal_name, country, currency, time_zone,
    chart_template, hue, state)
  select id, slug, slug, slug, 'NL', 'EUR', 'Europe/Amsterdam', 'small-business', 1, 'active'
  from guard.tenant where not is_provider
"""


def cases(size: int) -> Iterator[Case]:
    """A camt.053 file into a client who has none of its lines; reading alone; the file again."""
    data = _camt_files.camt053(size)
    with _scratch.database("statements") as scratch:
        tenants = _scratch.make_clients(scratch, RUNS + 2)
        _books.open_books(scratch.admin, tenants)
        scratch.admin.execute(_CLIENTS)
        scratch.admin.execute("vacuum analyze")
        from app.factory import create_app

        app = create_app(scratch.settings)
        with app.app_context():
            yield from _measured(scratch, tenants, data, size)
            db.db.engine.dispose()


def _measured(
    scratch: _scratch.Scratch, tenants: list[UUID], data: bytes, size: int
) -> Iterator[Case]:
    fresh = iter(tenants)

    def parsed() -> float:
        return size / bench.timed(lambda: etree.parse(BytesIO(data)))

    yield bench.compare(
        "statements",
        "parsed, deduplicated and stored, bare lxml",
        ours=lambda: _stored(scratch, next(fresh), data, size),
        reference=parsed,
        unit="lines/s",
        better="more",
        floor=0.15,
        goal=0.25,
        runs=RUNS,
    )
    yield bench.compare(
        "statements",
        "parsed only, bare lxml",
        ours=lambda: size / bench.timed(lambda: reading.read(data)),
        reference=parsed,
        unit="lines/s",
        better="more",
        runs=RUNS,
    )
    yield bench.figure(
        "statements",
        "the whole upload, its file sealed and kept",
        _uploaded(scratch, tenants[-1], data, size, new=size),
        unit="lines/s",
        better="more",
    )
    again = data.replace(b"<MsgId>M1<", b"<MsgId>M2<")
    yield bench.figure(
        "statements",
        "the same lines in another file, none of them new",
        _uploaded(scratch, tenants[-1], again, size, new=0),
        unit="lines/s",
        better="more",
    )


def _stored(scratch: _scratch.Scratch, tenant: UUID, data: bytes, size: int) -> float:
    """Lines a second from the bytes of the file to the commit of its last line."""
    place = _account(scratch, tenant)
    began = time.perf_counter()
    found = reading.read(data)
    with db.transaction(scratch.scope(tenant)):
        lines = bank_dedupe.lines(found.statements, [place[1]])
        new = sum(
            bank_import.store(lines[start : start + bank_import.CHUNK], [place])
            for start in range(0, size, bank_import.CHUNK)
        )
    seconds = time.perf_counter() - began
    if new != size:
        raise RuntimeError(f"{new} lines are new, {size} should be")
    return size / seconds


def _account(scratch: _scratch.Scratch, tenant: UUID) -> tuple[UUID, UUID]:
    """A bank account with a statement of its own: (statement, account)."""
    with db.transaction(scratch.scope(tenant)):
        bank_commands.create_bank_account(number=_camt_files.IBAN, name="Main", currency="EUR")
        bank_import.upload_statement(data=_camt_files.camt053(0), name="empty.xml")
    row = scratch.admin.execute(
        "select id, bank_account_id from app.statement where tenant_id = %s", (tenant,)
    ).fetchone()
    if row is None:
        raise RuntimeError("the statement is not there")
    return row[0], row[1]


def _uploaded(
    scratch: _scratch.Scratch, tenant: UUID, data: bytes, size: int, *, new: int
) -> float:
    """Lines a second of an upload that is imported at once, to the end of its commit."""
    if new:
        _account(scratch, tenant)
    most, bank_import.AT_ONCE = bank_import.AT_ONCE, size
    try:
        began = time.perf_counter()
        with db.transaction(scratch.scope(tenant)):
            done = bank_import.upload_statement(data=data, name="january.xml")
        seconds = time.perf_counter() - began
    finally:
        bank_import.AT_ONCE = most
    if (done.state, done.lines_new) != ("imported", new):
        raise RuntimeError(f"{done.lines_new} lines are new, {new} should be")
    return size / seconds
