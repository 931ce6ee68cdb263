"""Pending lines when their booking comes, and when they themselves come late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.accounting.bank import columns as bank_columns
from app.accounting.bank import settling as bank_settling
from app.accounting.bank import sql as bank_sql
from app.accounting.bank.dedupe import Line
from app.accounting.bank.settling import Known
from app.kernel.db import session
from connectors.catalog.bank.statement import Status

Place = tuple[UUID, UUID]
"""Statement and bank account of a line."""
Key = tuple[UUID, bytes, int]
_REACH = timedelta(days=31)


def settle(found: Sequence[Line], places: Sequence[Place]) -> list[Line]:
    """Turn pending lines into booked ones; answers the lines that are still to be stored.

    Kept pending lines keep their row and with it what people wrote there. A pending line whose
    booking is here already is left out, whatever the order in which the files came.
    """
    accounts = sorted({places[position][1] for position in {one.position for one in found}})
    first = min(one.booked_on for one in found) - _REACH
    last = max(one.booked_on for one in found) + _REACH
    left = _without_settled(found, places, accounts, first, last)
    return _becoming_booked(left, places, accounts, first, last)


def _key(line: Line, places: Sequence[Place]) -> Key:
    return places[line.position][1], line.key, line.occurrence


def _known(line: Line, places: Sequence[Place]) -> Known:
    one = line.transaction
    return Known(
        places[line.position][1],
        line.booked_on,
        one.amount_minor,
        bank_settling.merchant_of(one.counterparty, one.text),
        bank_settling.bank_id_of(one.bank_id),
        one.end_to_end_id or "",
    )


def _kept(row: sa.Row[Any]) -> Known:
    return Known(
        row.bank_account_id,
        row.booked_on,
        row.amount_minor,
        bank_settling.merchant_of(row.counterparty, row.text),
        bank_settling.bank_id_of(row.bank_id),
        row.end_to_end_id or "",
        row.id,
    )


def _without_settled(
    found: Sequence[Line],
    places: Sequence[Place],
    accounts: Sequence[UUID],
    first: date,
    last: date,
) -> list[Line]:
    """Without the pending lines whose booking came before them."""
    notices = [one for one in found if one.transaction.status is Status.PENDING]
    if not notices:
        return list(found)
    values = {"accounts": accounts, "first": first, "last": last}
    rows = session.execute(_BOOKED, values).all()
    settled = {
        (row.bank_account_id, bytes(row.pending_key), row.pending_occurrence)
        for row in rows
        if row.pending_key is not None
    }
    here = {_key(one, places) for one in found}
    free = [
        row
        for row in rows
        if row.pending_key is None
        and (row.bank_account_id, bytes(row.dedupe_key), row.occurrence) not in here
    ]
    known = {(row.bank_account_id, bytes(row.dedupe_key), row.occurrence) for row in rows}
    late = [one for one in notices if _key(one, places) not in settled | known]
    matched = bank_settling.pairs(
        [_known(one, places) for one in late], [_kept(row) for row in free]
    )
    if matched:
        remembered = {
            "id": [free[at].id for _place, at in matched],
            "key": [late[place].key for place, _at in matched],
            "n": [late[place].occurrence for place, _at in matched],
        }
        session.execute(_REMEMBER, remembered)
    gone = settled | {_key(late[place], places) for place, _at in matched}
    return [
        one
        for one in found
        if one.transaction.status is not Status.PENDING or _key(one, places) not in gone
    ]


def _becoming_booked(
    found: Sequence[Line],
    places: Sequence[Place],
    accounts: Sequence[UUID],
    first: date,
    last: date,
) -> list[Line]:
    values = {"accounts": accounts, "first": first, "last": last}
    rows = session.execute(_PENDING, values).all()
    here = {_key(one, places) for one in found} if rows else set()
    rows = [
        row
        for row in rows
        if (row.bank_account_id, bytes(row.dedupe_key), row.occurrence) not in here
    ]
    if not rows:
        return list(found)
    new = _not_kept([one for one in found if one.transaction.status is Status.BOOKED], places)
    matched = bank_settling.pairs(
        [_kept(row) for row in rows], [_known(one, places) for one in new]
    )
    if not matched:
        return list(found)
    booked = [new[at] for _place, at in matched]
    ids = [rows[place].id for place, _at in matched]
    session.execute(_SETTLE, {"id": ids, **bank_columns.columns(booked, places)})
    gone = {_key(one, places) for one in booked}
    return [one for one in found if _key(one, places) not in gone]


def _not_kept(lines: Sequence[Line], places: Sequence[Place]) -> list[Line]:
    """The lines that no row has yet: only these can be what a pending line became."""
    if not lines:
        return []
    keys = [_key(one, places) for one in lines]
    values = {
        "accounts": [key[0] for key in keys],
        "keys": [key[1] for key in keys],
        "occurrences": [key[2] for key in keys],
    }
    rows = session.execute(_THERE, values).all()
    there = {(row.bank_account_id, bytes(row.dedupe_key), row.occurrence) for row in rows}
    return [one for one, key in zip(lines, keys, strict=True) if key not in there]


_COLUMNS = (
    "select id, bank_account_id, booked_on, amount_minor, counterparty, text, bank_id,"
    " end_to_end_id, dedupe_key, occurrence, pending_key, pending_occurrence"
    " from app.bank_transaction where tenant_id = (select guard.tenant_id())"
    " and bank_account_id = any(cast(:accounts as uuid[])) and booked_on between :first and :last"
)
_PENDING = sa.text(f"{_COLUMNS} and status = 'pending' and entry_id is null order by booked_on, id")
_BOOKED = sa.text(f"{_COLUMNS} and status = 'booked' order by booked_on, id")
_THERE = sa.text(
    "select b.bank_account_id, b.dedupe_key, b.occurrence from app.bank_transaction b"
    " join unnest(cast(:accounts as uuid[]), cast(:keys as bytea[]), cast(:occurrences as int[]))"
    " as u(account, key, occurrence) on b.bank_account_id = u.account and b.dedupe_key = u.key"
    " and b.occurrence = u.occurrence where b.tenant_id = (select guard.tenant_id())"
)
_REMEMBER = sa.text(
    "update app.bank_transaction b set pending_key = u.key, pending_occurrence = u.n"
    " from unnest(cast(:id as uuid[]), cast(:key as bytea[]), cast(:n as int[])) as u(id, key, n)"
    " where b.tenant_id = (select guard.tenant_id()) and b.id = u.id"
)
_SETTLE = sa.text(
    "update app.bank_transaction b set status = 'booked', pending_key = b.dedupe_key,"
    " pending_occurrence = b.occurrence, statement_id = u.statement, booked_on = u.booked_on,"
    " value_on = u.value_on, amount_minor = u.amount, counterparty = u.counterparty,"
    " counterparty_account = u.counterparty_account, reference = u.reference,"
    " end_to_end_id = u.end_to_end_id, bank_id = u.bank_id, text = u.words,"
    " amount_written = u.written, line = u.line, dedupe_key = u.key, occurrence = u.occurrence,"
    " version = b.version + 1"
    f" from unnest(cast(:id as uuid[]), {bank_sql.LINES_UNNESTED})"
    f" as u(id, {bank_sql.LINES_NAMED})"
    " where b.tenant_id = (select guard.tenant_id()) and b.id = u.id"
)
