"""Taking a statement file into a client's books: kept, read, and its lines stored once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.accounting.bank import columns as bank_columns
from app.accounting.bank import dedupe as bank_dedupe
from app.accounting.bank import mapping as bank_mapping
from app.accounting.bank import pending as bank_pending
from app.accounting.bank import reading as bank_reading
from app.accounting.bank import sql
from app.accounting.bank import words as bank_words
from app.accounting.bank.dedupe import Line
from app.accounting.bank.reading import Taken
from app.kernel import audit, jobs, scope, storage, words
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound
from connectors.catalog.bank.statement import MAX_BYTES, Statement, StatementFile, Status, _
from connectors.catalog.bank.table import Mapping

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


def upload_statement(
    *, data: bytes, name: str, source: str = "staff", later: bool = False
) -> Uploaded:
    """Keep a statement file and import its lines where its accounts are known.

    A file that cannot be read is kept too, with line and reason; a table whose columns nobody
    has confirmed waits for that. The same bytes again change nothing. `later` leaves the lines to
    a job. Raises Invalid for an empty or too large file.
    """
    if not data:
        raise Invalid.of("file", "file-empty")
    if len(data) > MAX_BYTES:
        raise Invalid.of("file", "file-too-large", most=MAX_BYTES // 1024)
    digest = hashlib.sha256(data).hexdigest()
    known = session.execute(sql.BY_DIGEST, {"sha": digest}).one_or_none()
    if known is not None:
        return _repeated(known)
    taken = bank_reading.take(data)
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
            "person": scope.current().person_id,
            "source": source,
            **_described(taken),
        },
    ).scalar_one_or_none()
    if file_id is None:  # somebody brought the same bytes at the same time
        return _repeated(session.execute(sql.BY_DIGEST, {"sha": digest}).one())
    return go_on(file_id, taken, {}, later=later)


def _repeated(known: sa.Row[Any]) -> Uploaded:
    return Uploaded(known.id, known.state, known.lines_new, known.lines_total, repeated=True)


def _described(taken: Taken) -> dict[str, Any]:
    mapping = json.dumps(taken.mapping.to_json()) if taken.mapping else None
    return {
        "format": taken.format,
        "state": taken.state,
        "accounts": json.dumps(bank_reading.accounts(taken.read)),
        "warnings": json.dumps(bank_reading.warnings(taken.read)),
        "error": json.dumps(taken.error) if taken.error else None,
        "mapping": mapping,
    }


def read_again(file_id: UUID, taken: Taken | None = None) -> Uploaded:
    """Read a kept file that was refused or waits once more, as after an update or a correction.

    Raises Conflict (`statement-not-waiting`) for one whose lines are here already.
    """
    file = _locked(file_id, ("refused", "waiting", "mapping"))
    if taken is None:
        taken = bank_reading.take(storage.read(file.stored_object_id))
    session.execute(sql.READ_AGAIN, {"id": file_id, **_described(taken)})
    return go_on(file_id, taken, {})


def choose_account(*, file_id: UUID, number: str, currency: str, bank_account_id: UUID) -> Uploaded:
    """Say which bank account a number of a waiting file is; remembered for every later file."""
    file = _locked(file_id, ("waiting",))
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
    if file.mapping:
        bank_mapping.remember(Mapping.from_json(file.mapping), [bank_account_id])
    taken = Taken(bank_reading.stored(file))
    return go_on(file_id, taken, {(number, currency): bank_account_id})


def _locked(file_id: UUID, states: tuple[str, ...]) -> sa.Row[Any]:
    file = session.execute(sql.FILE, {"id": file_id}).one_or_none()
    if file is None:
        raise NotFound
    if file.state not in states:
        raise Conflict("statement-not-waiting")
    return file


def go_on(
    file_id: UUID, taken: Taken, chosen: dict[tuple[str, str], UUID], *, later: bool = False
) -> Uploaded:
    """Import now, by a job, or wait for somebody to say what is not known."""
    if taken.state != "waiting" or taken.read is None:
        return Uploaded(file_id, taken.state)
    read = taken.read
    chosen = {**_remembered(taken), **chosen}
    where = _where(read, chosen)
    if where is None:
        return Uploaded(file_id, "waiting")
    found = bank_dedupe.lines(read.statements, [account for account, _currency in where])
    if len(found) <= AT_ONCE and not later:
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


def _remembered(taken: Taken) -> dict[tuple[str, str], UUID]:
    """The account whose mapping a table without a number was read by."""
    if taken.account is None or taken.read is None:
        return {}
    pairs = {
        (bank_dedupe.normal_number(one.account), one.currency or "")
        for one in taken.read.statements
    }
    return {pair: taken.account for pair in pairs if not pair[0]} if len(pairs) == 1 else {}


def begin(
    file_id: UUID, chosen: dict[tuple[str, str], UUID]
) -> tuple[list[Line], list[tuple[UUID, UUID]]]:
    """For the job: the lines of a kept file and where each statement's lines belong."""
    file = session.execute(sql.FILE, {"id": file_id}).one_or_none()
    if file is None:
        raise NotFound
    read = bank_reading.stored(file)
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
    ours = session.execute(sql.CURRENCIES, {"ids": list(chosen.values())}) if chosen else ()
    currencies = {row.id: str(row.currency) for row in ours}
    for pair, account_id in chosen.items():
        if account_id in currencies:
            known[pair] = (account_id, pair[1] or currencies[account_id])
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
            "lines": _booked(one)[0],
            "booked": _booked(one)[1],
        }
        for position, (one, place) in enumerate(zip(read.statements, where, strict=True))
    ]
    columns = {name: [head[name] for head in heads] for name in sql.HEAD_COLUMNS}
    session.execute(sql.ADD_STATEMENTS, {**columns, "file": file_id})
    rows = session.execute(sql.STATEMENTS, {"file": file_id}).all()
    return [(row.id, row.bank_account_id) for row in rows]


def _booked(one: Statement) -> tuple[int, int]:
    """How many booked lines a statement has and what they add up to, within what is kept."""
    booked = [each.amount_minor for each in one.transactions if each.status is Status.BOOKED]
    most = bank_reading.MAX_MINOR_SUM
    return len(booked), max(-most, min(most, sum(booked)))


def store(found: Sequence[Line], places: Sequence[tuple[UUID, UUID]]) -> int:
    """Store lines that are not there yet, set-based; answers how many were new.

    A pending line that comes again as booked becomes booked and keeps what was done with it.
    """
    if not found:
        return 0
    left = bank_pending.settle(found, places)
    if not left:
        return 0
    return int(session.execute(sql.ADD_LINES, bank_columns.columns(left, places)).scalar_one())


def finish(file_id: UUID, total: int) -> int:
    """Mark a file as imported; answers how many of its lines were new.

    New lines with day and amount of lines that came in another format are told as a doubt.
    """
    new = int(session.execute(sql.FINISH, {"id": file_id, "total": total}).scalar_one())
    alike = session.execute(sql.ALIKE, {"id": file_id}).scalar_one() if new else 0
    if alike:
        text = _(
            "%(count)s new lines have the day and amount of lines that came in another format."
            " Check that nothing is here twice.",
            count=alike,
        )
        more = [bank_words.kept("lines-look-alike", None, text)]
        session.execute(sql.WARN, {"id": file_id, "more": json.dumps(more)})
    return new


def confirm_mapping(
    *, file_id: UUID, choice: bank_mapping.Choice, bank_account_id: UUID | None = None
) -> Uploaded:
    """Read a table as a person says, remember that for its bank account, and import the lines.

    Raises Invalid with the reason where the table cannot be read so; nothing is changed then.
    """
    guessed, data = bank_mapping.of_file(file_id)
    mapping = bank_mapping.corrected(guessed, choice)
    account = _account(bank_account_id) if bank_account_id else None
    if account is not None:
        mapping = bank_reading.in_currency(mapping, account.currency)
    read, error = bank_reading.read_or_refusal(data, mapping)
    if read is None:
        raise Invalid("statement-refused", message=bank_words.said(error or {}))
    taken = Taken(read, None, mapping)
    session.execute(sql.READ_AGAIN, {"id": file_id, **_described(taken)})
    pairs = [(one["number"], one["currency"]) for one in bank_reading.accounts(read)]
    chosen = _tie(pairs, bank_account_id, account)
    where = _where(read, chosen)
    if where is not None:
        bank_mapping.remember(mapping, sorted({place for place, _currency in where}))
    return go_on(file_id, taken, chosen)


def _account(bank_account_id: UUID) -> sa.Row[Any]:
    account = session.execute(sql.ACCOUNT, {"id": bank_account_id}).one_or_none()
    if account is None:
        raise NotFound
    return account


def _tie(
    pairs: Sequence[tuple[str, str]], bank_account_id: UUID | None, account: sa.Row[Any] | None
) -> dict[tuple[str, str], UUID]:
    """The chosen account for the one number of a table; its number is remembered."""
    if bank_account_id is None or account is None or len(pairs) != 1:
        return {}
    number, currency = pairs[0]
    if currency and currency != account.currency:
        raise Invalid.of(
            "bank_account_id", "bank-account-currency", currency=currency, other=account.currency
        )
    if number:
        values = {"number": number, "currency": account.currency, "account": bank_account_id}
        session.execute(sql.ADD_NUMBER, values)
    return {(number, currency): bank_account_id}
