"""Mappings of tables: shown, corrected by a person, remembered for the account."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import sqlalchemy as sa

from app.accounting.bank import reading as bank_reading
from app.accounting.bank import sql as bank_sql
from app.kernel import storage
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound
from connectors.catalog.bank import table
from connectors.catalog.bank.statement import BankTransaction, Saying, StatementFile, _
from connectors.catalog.bank.table import Mapping
from connectors.catalog.bank.table_mapping import Column

PREVIEWED = 8
_BY_PERSON = _("A person said so.")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person says of a table: the meaning of each column and how values are written."""

    roles: tuple[str, ...]
    date_order: str
    decimal: str
    turned: bool = False
    """Whether money out is written as positive."""
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A table as its mapping reads it: cells, the first lines as booked, or why it cannot."""

    mapping: Mapping
    cells: list[tuple[int, tuple[str, ...]]]
    read: StatementFile | None
    refusal: dict[str, object] | None
    lines: tuple[BankTransaction, ...]
    total: int
    money_in: int
    money_out: int


def remember(mapping: Mapping, accounts: Sequence[UUID]) -> None:
    """Keep how a header is read for these bank accounts; the newest word counts."""
    session.execute(
        bank_sql.KEEP_MAPPING,
        {
            "print": mapping.fingerprint,
            "mapping": json.dumps(mapping.to_json()),
            "accounts": list(accounts),
        },
    )


def corrected(mapping: Mapping, choice: Choice) -> Mapping:
    """The mapping as a person corrected it; raises Invalid for what no mapping can be."""
    if len(choice.roles) != len(mapping.columns):
        raise Invalid.of("columns", "mapping-columns")
    single = [role for role in choice.roles if role not in ("text", "ignore")]
    twice = next((role for role in single if single.count(role) > 1), None)
    if twice is not None:
        raise Invalid.of("columns", "mapping-twice")
    columns = tuple(
        one if one.role == role else Column(one.index, one.name, role, 100, _BY_PERSON)
        for one, role in zip(mapping.columns, choice.roles, strict=True)
    )
    changed = replace(
        mapping,
        columns=columns,
        date_order=choice.date_order,
        decimal=choice.decimal,
        sign=-1 if choice.turned else 1,
        currency=choice.currency or None,
        doubts=(),
    )
    if "date" in changed.missing:
        raise Invalid.of("columns", "mapping-no-date")
    if changed.missing:
        raise Invalid.of("columns", "mapping-no-amount")
    return changed


def of_file(file_id: UUID) -> tuple[Mapping, bytes]:
    """The mapping kept with a file that is not imported yet, and the file.

    Raises NotFound, and Conflict where the file is no table or has its lines in the books.
    """
    file = session.execute(_FILE, {"id": file_id}).one_or_none()
    if file is None:
        raise NotFound
    if file.mapping is None or file.state not in ("mapping", "refused", "waiting"):
        raise Conflict("statement-no-mapping")
    return Mapping.from_json(file.mapping), storage.read(file.stored_object_id)


def shown(data: bytes, mapping: Mapping) -> Shown:
    """What the screen shows of a table by a mapping."""
    read, refusal = bank_reading.read_or_refusal(data, mapping)
    lines = [one for each in read.statements for one in each.transactions] if read else []
    return Shown(
        mapping=mapping,
        cells=table.preview(data, mapping, rows=PREVIEWED),
        read=read,
        refusal=refusal,
        lines=tuple(lines[:PREVIEWED]),
        total=len(lines),
        money_in=sum(1 for one in lines if one.amount_minor > 0),
        money_out=sum(1 for one in lines if one.amount_minor < 0),
    )


def doubts(data: bytes) -> tuple[tuple[int | None, Saying], ...]:
    """What the guess itself is not sure of: line and words."""
    return tuple((one.line, one.message) for one in table.guess(data).doubts)


_FILE = sa.text(
    "select id, state, stored_object_id, mapping from app.statement_file"
    " where tenant_id = (select guard.tenant_id()) and id = :id"
)
