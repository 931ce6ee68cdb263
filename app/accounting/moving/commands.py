"""Taking a client in from another package: keep a file, say how it is read, import, undo."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.accounting.moving import carrying as moving_import
from app.accounting.moving import columns as moving_columns
from app.accounting.moving import plan as moving_plan
from app.accounting.moving import queries as moving_queries
from app.accounting.moving import read as moving_read
from app.accounting.moving import table as moving_table
from app.accounting.moving import telling as moving_telling
from app.accounting.moving.columns import HEADER_WORDS, Kind
from app.accounting.moving.plan import Plan
from app.accounting.moving.queries import MovingFile
from app.accounting.moving.table import Table, TableRefused
from app.accounting.moving.values import Settings
from app.kernel import approvals, clock, jobs, scope, storage, undo
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid

LARGE = 1024 * 1024
"""Files of more bytes are read and imported by a job."""
READ_JOB, IMPORT_JOB, UNDO_JOB = (
    "accounting.moving-read",
    "accounting.moving-import",
    "accounting.moving-undo",
)
UNDO = "moving-import"
NO_TAX = "-"
"""The choice of no tax code for a tax of a file."""
_ADD = sa.text("""
insert into app.moving_file (tenant_id, stored_object_id, name, sha256, size, kind, state, header,
  fingerprint, settings, error, uploaded_by)
values ((select guard.tenant_id()), :object, :name, :sha, :size, :kind, :state,
  cast(:header as jsonb), :print, cast(:settings as jsonb), cast(:error as jsonb),
  (select guard.user_id())) on conflict (tenant_id, sha256) do nothing returning id
""")
_KNOWN = sa.text("select id, state from app.moving_file where sha256 = :sha")
_HOLD = sa.text(
    "select id from app.moving_file where tenant_id = (select guard.tenant_id()) and id = :id"
    " for no key update"
)
_CONTROL_WORDS = ("supplier", "vendor", "creditor", "payable", "lieferant", "kredit", "bill")


def upload(*, data: bytes, name: str, kind: Kind | None = None) -> UUID:
    """Keeps a file of another package with a guess at how it is read.

    A file that is no table is kept too, with the reason. The same bytes again are the same file;
    after an undo they may be imported anew. Raises Invalid for an empty or too large file.
    """
    if not data:
        raise Invalid.of("file", "file-empty")
    if len(data) > moving_table.MAX_BYTES:
        raise Invalid.of("file", "file-too-large", most=moving_table.MAX_BYTES // 1024)
    digest = hashlib.sha256(data).hexdigest()
    known = session.execute(_KNOWN, {"sha": digest}).one_or_none()
    if known is not None:
        if known.state == "undone":
            _set(known.id, state="mapping")
            analyse(known.id)
        return UUID(str(known.id))
    made = _keep(data, name[:255] or "file", digest, kind)
    if made is None:  # somebody brought the same bytes at the same time
        return UUID(str(session.execute(_KNOWN, {"sha": digest}).one().id))
    found = moving_queries.file(made)
    if found.state == "mapping":
        _look_at(found)
    return made


def _keep(data: bytes, name: str, digest: str, kind: Kind | None) -> UUID | None:
    table, error = _table(data)
    settings = guessed(table, name, kind) if table else None
    object_id = storage.put(
        data,
        kind="moving-in",
        name=name,
        media_type="application/octet-stream",
        line="accounting",
    )
    made: UUID | None = session.execute(
        _ADD,
        {
            "object": object_id,
            "name": name,
            "sha": digest,
            "size": len(data),
            "kind": settings.kind if settings else kind,
            "state": "mapping" if table else "refused",
            "header": json.dumps(table.header if table else []),
            "print": table.fingerprint if table else None,
            "settings": json.dumps(settings.to_json() if settings else {}),
            "error": json.dumps(error) if error else None,
        },
    ).scalar_one_or_none()
    return made


def _table(data: bytes) -> tuple[Table | None, dict[str, Any] | None]:
    try:
        return moving_table.read(data, words=HEADER_WORDS), None
    except TableRefused as refused:
        return None, {"code": refused.code, "row": refused.row, "params": refused.params}


def guessed(table: Table, name: str, kind: Kind | None) -> Settings:
    """How a file is read: as files of this shape were before, else by header and content."""
    kept = moving_queries.mapping_of(table.fingerprint)
    if kept is not None:
        found = Settings.from_json({**kept, "on": None})
    else:
        columns = moving_columns.guess(table)
        found = Settings(moving_columns.kind_of(columns), columns)
    words = f"{name} {' '.join(table.header)}".casefold()
    payable = any(word in words for word in _CONTROL_WORDS)
    return replace(found, kind=kind or found.kind, control="payable" if payable else "receivable")


def _set(file_id: UUID, **values: Any) -> None:
    """Writes some columns of a file; names are ours."""
    given = {
        name: json.dumps(value) if isinstance(value, dict) else value
        for name, value in values.items()
    }
    marks = [
        f"{name} = cast(:{name} as jsonb)"
        if isinstance(values[name], dict)
        else f"{name} = :{name}"
        for name in values
    ]
    session.execute(
        sa.text(
            f"update app.moving_file set {', '.join(marks)}, version = version + 1 where id = :id"
        ),
        {"id": file_id, **given},
    )


def _look_at(found: MovingFile) -> None:
    if found.size <= LARGE:
        analyse(found.id)
        return
    job = jobs.enqueue(READ_JOB, {"file_id": str(found.id)}, title=found.name)
    _set(found.id, job_id=job)


def worked_out(found: MovingFile) -> tuple[Plan, Table]:
    """What importing the file would do now; raises Conflict for one that is no table."""
    table, _error = _table(storage.read(found.stored_object_id))
    if table is None:
        raise Conflict("moving-not-readable")
    books = moving_queries.books()
    content = moving_read.read(table, found.read_as, currency=books.book.base_currency)
    return moving_plan.make(content, found.read_as, books), table


def analyse(file_id: UUID) -> None:
    """Reads a file by its settings and keeps what is found for its page."""
    found = moving_queries.file(file_id)
    plan, table = worked_out(found)
    report = moving_telling.told(
        plan, rows=len(table.rows), contacts=moving_queries.books().contacts
    )
    report["preview"] = [[*row.cells] for row in table.rows[:6]]
    report["encoding"] = table.encoding
    _set(file_id, report=report, kind=found.read_as.kind)


def _held(file_id: UUID) -> MovingFile:
    """The file as it stands once whoever is at it has ended."""
    session.execute(_HOLD, {"id": file_id})
    return moving_queries.file(file_id)


def _waiting(file_id: UUID, version: int | None) -> MovingFile:
    found = _held(file_id)
    if found.state != "mapping":
        raise Conflict("moving-not-waiting")
    if version is not None and found.version != version:
        raise Conflict("changed-meanwhile")
    return found


def correct(*, file_id: UUID, settings: Settings, version: int) -> None:
    """Says how a file is read; raises Conflict (changed-meanwhile, moving-not-waiting)."""
    found = _waiting(file_id, version)
    for field, place in settings.columns.items():
        if field not in moving_columns.FIELDS or not 0 <= place < len(found.header):
            raise Invalid.of("columns", "not-a-choice")
    _set(file_id, settings=settings.to_json(), kind=settings.kind)
    _look_at(moving_queries.file(file_id))


def decide(*, file_id: UUID, choices: Mapping[str, str], version: int) -> None:
    """Says where accounts of the file go: an account's id, or a type for a new one.

    Remembered for every file of the client.
    """
    _waiting(file_id, version)
    kept = moving_queries.file(file_id).report.get("accounts", [])
    known = {one["key"] for one in kept}
    rows = [
        _choice(source, choice) for source, choice in choices.items() if source in known and choice
    ]
    session.execute(
        sa.text(
            "insert into app.moving_account as m (tenant_id, source, account_id, type, decided_by)"
            " select (select guard.tenant_id()), s, a::uuid, t, (select guard.user_id())"
            " from unnest(cast(:sources as text[]), cast(:accounts as text[]),"
            " cast(:types as text[])) x(s, a, t)"
            " on conflict (tenant_id, source) do update set account_id = excluded.account_id,"
            " type = excluded.type"
        ),
        {
            "sources": [row[0] for row in rows],
            "accounts": [row[1] for row in rows],
            "types": [row[2] for row in rows],
        },
    )
    _look_at(moving_queries.file(file_id))


def decide_taxes(*, file_id: UUID, choices: Mapping[str, str], version: int) -> None:
    """Says which tax code each tax of the file becomes, by its key; `-` for none.

    Remembered for every file of the client. An empty choice leaves the guess. Raises Invalid
    (tax-code-unknown) and Conflict (changed-meanwhile, moving-not-waiting).
    """
    found = _waiting(file_id, version)
    known = {one["key"] for one in found.report.get("taxes", [])}
    codes = {one.code for one in moving_queries.books().tax_codes}
    rows = {key: choice for key, choice in choices.items() if key in known and choice}
    for key, choice in rows.items():
        if choice != NO_TAX and choice not in codes:
            raise Invalid.of(f"taxes.{key}", "tax-code-unknown")
    session.execute(
        sa.text(
            "insert into app.moving_tax as m (tenant_id, source, tax_code, decided_by)"
            " select (select guard.tenant_id()), s, nullif(c, :none), (select guard.user_id())"
            " from unnest(cast(:sources as text[]), cast(:codes as text[])) x(s, c)"
            " on conflict (tenant_id, source) do update set tax_code = excluded.tax_code"
        ),
        {"sources": list(rows), "codes": list(rows.values()), "none": NO_TAX},
    )
    _look_at(found)


def _choice(source: str, choice: str) -> tuple[str, str | None, str | None]:
    if choice in ("asset", "liability", "equity", "income", "expense"):
        return source, None, choice
    try:
        return source, str(UUID(choice)), None
    except ValueError:
        raise Invalid("not-a-choice") from None


def confirm(*, file_id: UUID, version: int | None = None) -> str:
    """Imports a file, all or nothing. Answers the state: imported, importing.

    A large one is imported by a job, and any where entries are approved first: what is taken over
    is not asked about, and only the worker can say that it is (migrations/sql/ledger/15).

    Entries that cannot be held are left out and stay listed; everything else that speaks against
    it refuses the file: Conflict (moving-blocked, moving-not-waiting, changed-meanwhile).
    """
    found = _waiting(file_id, version)
    plan = None if found.size > LARGE else worked_out(found)[0]
    if plan is not None and plan.blocked:
        raise Conflict("moving-blocked")
    if plan is None:
        faults = found.report.get("faults", [{"row": 0, "warning": False}])
        if any(one["row"] == 0 and not one["warning"] for one in faults):
            raise Conflict("moving-blocked")
    if plan is None or approvals.needed("entry.post"):
        job = jobs.enqueue(
            IMPORT_JOB, {"file_id": str(file_id)}, title=found.name, line="accounting"
        )
        _set(file_id, state="importing", job_id=job)
        return "importing"
    import_now(found, plan)
    return "imported"


def import_now(found: MovingFile, plan: Plan) -> None:
    """Does what the plan says, in the caller's transaction, and remembers the mapping."""
    done = moving_import.carry_out(found, plan)
    _set(
        found.id,
        state="imported",
        imported_by=scope.current().person_id,
        imported_at=clock.now(),
        made_accounts=done.accounts,
        made_contacts=done.contacts,
        report={**found.report, **done.told},
    )
    _remember(found)


def _remember(found: MovingFile) -> None:
    """The columns for the client's next file of this shape, and for other clients' too."""
    kept = {**found.read_as.to_json(), "on": None, "sure": False}
    session.execute(
        sa.text(
            "insert into app.moving_mapping as m (tenant_id, fingerprint, settings)"
            " values ((select guard.tenant_id()), :print, cast(:settings as jsonb))"
            " on conflict (tenant_id, fingerprint) do update set settings = excluded.settings"
        ),
        {"print": found.fingerprint, "settings": json.dumps(kept)},
    )
    shape = {name: kept[name] for name in ("kind", "columns", "order", "comma")}
    session.execute(
        sa.text("select app.remember_shape(:print, cast(:settings as jsonb))"),
        {"print": found.fingerprint, "settings": json.dumps(shape)},
    )


def give_back(file_id: UUID) -> None:
    """Leaves a file to be looked at again: its job found something against it."""
    _set(file_id, state="mapping")


def take_back(*, file_id: UUID) -> str:
    """Undoes a whole import while its months are open; answers the state: undone, importing.

    Raises Conflict (moving-not-imported) and Locked (period-closed).
    """
    found = _held(file_id)
    if found.state != "imported":
        raise Conflict("moving-not-imported")
    if found.report.get("posted", 0) > moving_import.AT_ONCE:
        job = jobs.enqueue(UNDO_JOB, {"file_id": str(file_id)}, title=found.name, line="accounting")
        _set(file_id, job_id=job, state="importing")
        return "importing"
    undo_now(found)
    return "undone"


def undo_now(found: MovingFile) -> None:
    """Reverses a file's entries and puts away what it made."""
    moving_import.undo(found)
    _set(found.id, state="undone")


@undo.handler(UNDO)
def _undo_import(args: dict[str, Any]) -> None:
    take_back(file_id=UUID(args["file_id"]))
