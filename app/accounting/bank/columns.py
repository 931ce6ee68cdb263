"""Bank lines as columns of arrays, as the set-based statements take them.

Each column is one array written as PostgreSQL reads it: turning lists of values into arrays one
value at a time costs the driver more than the database needs to store them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from app.accounting.bank.dedupe import Line


def columns(found: Sequence[Line], places: Sequence[tuple[UUID, UUID]]) -> dict[str, str]:
    """Every value of the lines by `bank_sql.LINE_COLUMNS`; `places` are statement and account."""
    named = [(str(statement), str(account)) for statement, account in places]
    rows = [line.transaction for line in found]
    return {
        "account": _plain(named[line.position][1] for line in found),
        "statement": _plain(named[line.position][0] for line in found),
        "booked_on": _days(line.booked_on for line in found),
        "value_on": _days(one.value_on for one in rows),
        "amount": _plain(str(one.amount_minor) for one in rows),
        "status": _plain(one.status.value for one in rows),
        "counterparty": _texts((one.counterparty for one in rows), 500),
        "counterparty_account": _texts((one.counterparty_account for one in rows), 100),
        "reference": _texts((one.reference for one in rows), 500),
        "end_to_end_id": _texts((one.end_to_end_id for one in rows), 500),
        "bank_id": _texts((one.bank_id for one in rows), 500),
        "text": _texts((one.text for one in rows), 4000, empty='""'),
        "written": _texts((one.amount for one in rows), 80),
        "line": _plain("NULL" if one.line is None else str(one.line) for one in rows),
        "key": _plain(f'"\\\\x{line.key.hex()}"' for line in found),
        "occurrence": _plain(str(line.occurrence) for line in found),
    }


def _plain(values: Iterable[str]) -> str:
    """An array of what needs no quotes."""
    return "{" + ",".join(values) + "}"


def _days(values: Iterable[date | None]) -> str:
    return _plain("NULL" if day is None else day.isoformat() for day in values)


def _texts(values: Iterable[str | None], most: int, *, empty: str = "NULL") -> str:
    """An array of texts cut at `most`; `empty` stands for those that are missing or empty."""
    return _plain(_quoted(value[:most]) if value else empty for value in values)


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
