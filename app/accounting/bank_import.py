"""Taking a statement file into a client's books: kept, read, and its lines stored once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.accounting import bank_dedupe, bank_words
from app.accounting import bank_sql as sql
from app.accounting.bank_dedupe import Line
from app.kernel import audit, jobs, money, scope, storage, words
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound
from connectors.catalog.bank import reading
from connectors.catalog.bank.statement import MAX_BYTES, StatementFile, StatementRefused, _

AT_ONCE = 2_000
"""Files with more lines than this are imported by a job."""
CHUNK = 5_000
JOB = "accounting.import-statement"


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of an uploaded file; `repeated` says that the same bytes were here before."""

    file_id: UUID
    state: str
    lines_new: int = 0
    lines_total: int = 0
    repeated: bool = False
    job_id: UUID | None = None


def upload_statement(*, data: bytes, name: str) -> Uploaded:
    """Keep a statement file and import its lines where its accounts are known.

    A file that cannot be read is kept too, with line and reason. The same bytes again change
    nothing. Raises Invalid for an empty or too large file.
    """
    if not data:
        raise Invalid.of("file", "file-empty")
    if len(data) > MAX_BYTES:
        raise Invalid.of("file", "file-too-large", most=MAX_BYTES // 1024)
    digest = hashlib.sha256(data).hexdigest()
    known = session.execute(sql.BY_DIGEST, {"sha": digest}).one_or_none()
    if known is not None:
        return Uploaded(known.id, known.state, known.lines_new, known.lines_total, repeated=True)
    read, error = _read(data)
    object_id = storage.put(
        data,
        kind="bank-statement",
        name=name[:255] or "statement",
        media_type="application/octet-stream",
        line="accounting",
    )
    file_id = session.execute(
        sql.ADD_FILE,
        {
            "object": object_id,
            "name": name[:255] or "statement",
            "sha": digest,
            "size": len(data),
            "format": read.format if read else (error or {}).get("format"),
            "state": "waiting" if read else "refused",
            "accounts": json.dumps(_accounts(read) if read else []),
            "warnings": json.dumps(_warnings(read) if read else []),
            "error": json.dumps(error) if error else None,
            "person": scope.current().person_id,
        },
    ).scalar_one()
    if read is None:
        return Uploaded(file_id, "refused")
    return _go_on(file_id, read, {})


def choose_account(*, file_id: UUID, number: str, currency: str, bank_account_id: UUID) -> Uploaded:
    """Say which bank account a number of a waiting file is; remembered for every later file."""
    file = _waiting(file_id)
    account = session.execute(sql.ACCOUNT, {"id": bank_account_id}).one_or_none()
    if account is None:
        raise NotFound
    if currency and account.currency != currency:
        raise Invalid.of(
            "bank_account_id", "bank-account-currency", currency=currency, other=account.currency
        )
    if number:
        session.execute(
            sql.ADD_NUMBER,
            {"number": number, "currency": account.currency, "account": bank_account_id},
        )
    audit.note(
        "bank_account.number_assigned",
        subject_type="bank_account",
        subject_id=bank_account_id,
        line="accounting",
        detail={"number": number, "file": str(file_id)},
    )
    read = _stored(file.stored_object_id)
    return _go_on(file_id, read, {(number, currency): bank_account_id})


def _waiting(file_id: UUID) -> sa.Row[Any]:
    file = session.execute(sql.FILE, {"id": file_id}).one_or_none()
    if file is None:
        raise NotFound
    if file.state != "waiting":
        raise Conflict("statement-not-waiting")
    return file


def _read(data: bytes) -> tuple[StatementFile | None, dict[str, Any] | None]:
    try:
        read = reading.read(data)
        _refuse_unholdable(read)
    except StatementRefused as refused:
        kept = bank_words.kept(refused.code, refused.line, refused.message)
        return None, {**kept, "format": refused.kind}
    return read, None


def _refuse_unholdable(read: StatementFile) -> None:
    """What can be read but not kept in books: unknown currencies, several in one statement."""
    for statement in read.statements:
        currency = statement.currency
        if currency is not None and currency not in money.CURRENCIES:
            raise StatementRefused(
                "currency-unknown",
                _("%(code)s is no currency of today; books cannot hold it.", code=currency),
                line=statement.line,
                kind=read.format,
            )
        for one in statement.transactions:
            if one.currency != currency:
                raise StatementRefused(
                    "currency-differs",
                    _(
                        "An entry is in %(currency)s, its account in %(other)s."
                        " Ask the bank for a statement in the account's currency.",
                        currency=one.currency,
                        other=currency,
                    ),
                    line=one.line,
                    kind=read.format,
                )


def _stored(object_id: UUID) -> StatementFile:
    read, error = _read(storage.read(object_id))
    if read is None:
        raise Invalid("statement-refused", message=bank_words.said(error or {}))
    return read


def _accounts(read: StatementFile) -> list[dict[str, Any]]:
    counted: dict[tuple[str, str], int] = {}
    for one in read.statements:
        pair = (bank_dedupe.normal_number(one.account), one.currency or "")
        counted[pair] = counted.get(pair, 0) + len(one.transactions)
    return [
        {"number": number, "currency": currency, "lines": lines}
        for (number, currency), lines in counted.items()
    ]


def _warnings(read: StatementFile) -> list[dict[str, Any]]:
    return [bank_words.kept(one.code, one.line, one.message) for one in read.warnings]


def _go_on(file_id: UUID, read: StatementFile, chosen: dict[tuple[str, str], UUID]) -> Uploaded:
    """Import now, by a job, or wait for somebody to say which account a number is."""
    where = _where(read, chosen)
    if where is None:
        return Uploaded(file_id, "waiting")
    found = bank_dedupe.lines(read.statements, [account for account, _currency in where])
    if len(found) <= AT_ONCE:
        ids = _add_statements(file_id, read, where)
        store(found, ids)
        new = finish(file_id, len(found))
        return Uploaded(file_id, "imported", new, len(found))
    choices = [[number, currency, str(id_)] for (number, currency), id_ in chosen.items()]
    job_id = jobs.enqueue(
        JOB,
        {"file_id": str(file_id), "chosen": choices},
        key=f"{JOB}:{file_id}",
        line="accounting",
        title=words.gettext("Import a bank statement"),
    )
    session.execute(sql.IMPORTING, {"id": file_id, "total": len(found), "job": job_id})
    return Uploaded(file_id, "importing", 0, len(found), job_id=job_id)


def begin(
    file_id: UUID, chosen: dict[tuple[str, str], UUID]
) -> tuple[list[Line], list[tuple[UUID, UUID]]]:
    """For the job: the lines of a kept file and where each statement's lines belong."""
    file = session.execute(sql.FILE, {"id": file_id}).one_or_none()
    if file is None:
        raise NotFound
    read = _stored(file.stored_object_id)
    where = _where(read, chosen)
    if where is None:
        raise Conflict("statement-account-unknown")
    found = bank_dedupe.lines(read.statements, [account for account, _currency in where])
    return found, _add_statements(file_id, read, where)


def _where(
    read: StatementFile, chosen: dict[tuple[str, str], UUID]
) -> list[tuple[UUID, str]] | None:
    """Account and currency of each statement; None while nobody has said which one is."""
    rows = session.execute(sql.NUMBERS).all()
    known = {(row.number, row.currency): (row.bank_account_id, row.currency) for row in rows}
    by_id = {row.bank_account_id: row.currency for row in rows}
    for pair, account_id in chosen.items():
        currency = (
            by_id.get(account_id)
            or session.execute(sql.ACCOUNT, {"id": account_id}).scalar_one_or_none()
        )
        if currency is not None:
            known[pair] = (account_id, pair[1] or str(currency))
    pairs = [
        (bank_dedupe.normal_number(one.account), one.currency or "") for one in read.statements
    ]
    return [known[pair] for pair in pairs] if all(pair in known for pair in pairs) else None


def _add_statements(
    file_id: UUID, read: StatementFile, where: Sequence[tuple[UUID, str]]
) -> list[tuple[UUID, UUID]]:
    """Keep the heads of the statements; answers (statement, bank account) by position."""
    heads = [
        {
            "file": file_id,
            "position": position,
            "account": place[0],
            "number": (one.number or "")[:100] or None,
            "page": (one.page or "")[:20] or None,
            "currency": one.currency or place[1],
            "from_on": one.from_on,
            "to_on": one.to_on,
            "opening": one.opening_minor,
            "closing": one.closing_minor,
            "agree": one.balances_agree,
        }
        for position, (one, place) in enumerate(zip(read.statements, where, strict=True))
    ]
    columns = {name: [head[name] for head in heads] for name in sql.HEAD_COLUMNS}
    session.execute(sql.ADD_STATEMENTS, {**columns, "file": file_id})
    rows = session.execute(sql.STATEMENTS, {"file": file_id}).all()
    return [(row.id, row.bank_account_id) for row in rows]


def store(found: Sequence[Line], places: Sequence[tuple[UUID, UUID]]) -> int:
    """Store lines that are not there yet, set-based; answers how many were new.

    A pending line that comes again as booked becomes booked and keeps what was done with it.
    """
    if not found:
        return 0
    columns: dict[str, list[Any]] = {name: [] for name in sql.LINE_COLUMNS}
    for line in found:
        statement_id, account_id = places[line.position]
        for name, value in zip(
            sql.LINE_COLUMNS, _line_values(line, statement_id, account_id), strict=True
        ):
            columns[name].append(value)
    return int(session.execute(sql.ADD_LINES, columns).scalar_one())


def _line_values(line: Line, statement_id: UUID, account_id: UUID) -> tuple[Any, ...]:
    one = line.transaction
    return (
        account_id,
        statement_id,
        line.booked_on,
        one.value_on,
        one.amount_minor,
        one.status.value,
        _bounded(one.counterparty, 500),
        _bounded(one.counterparty_account, 100),
        _bounded(one.reference, 500),
        _bounded(one.end_to_end_id, 500),
        _bounded(one.bank_id, 500),
        one.text[:4000],
        _bounded(one.amount, 80),
        one.line,
        line.key,
        line.occurrence,
    )


def _bounded(value: str | None, length: int) -> str | None:
    return value[:length] if value else None


def finish(file_id: UUID, total: int) -> int:
    """Mark a file as imported; answers how many of its lines were new."""
    return int(session.execute(sql.FINISH, {"id": file_id, "total": total}).scalar_one())
