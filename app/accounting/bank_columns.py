"""Bank lines as columns of arrays, as the set-based statements take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.accounting import bank_sql
from app.accounting.bank_dedupe import Line


def columns(found: Sequence[Line], places: Sequence[tuple[UUID, UUID]]) -> dict[str, list[Any]]:
    """Every value of the lines by `bank_sql.LINE_COLUMNS`; `places` are statement and account."""
    rows = [_values(line, *places[line.position]) for line in found]
    return {name: [row[at] for row in rows] for at, name in enumerate(bank_sql.LINE_COLUMNS)}


def _values(line: Line, statement_id: UUID, account_id: UUID) -> tuple[Any, ...]:
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
