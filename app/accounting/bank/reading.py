"""Reading a statement file as its client reads it: by format, or by a remembered mapping."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.accounting.bank import dedupe as bank_dedupe
from app.accounting.bank import sql
from app.accounting.bank import words as bank_words
from app.kernel import money, storage
from app.kernel.db import session
from app.kernel.errors import Invalid
from connectors.catalog.bank import reading, table
from connectors.catalog.bank.statement import StatementFile, StatementRefused, _
from connectors.catalog.bank.table import Mapping

MAX_MINOR_SUM = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file holds: read, or the reason it is refused, or a mapping nobody has confirmed.

    `mapping` is how a table was or would be read; `account` whose remembered mapping it is.
    """

    read: StatementFile | None = None
    error: dict[str, Any] | None = None
    mapping: Mapping | None = None
    confirmed: bool = True
    account: UUID | None = None

    @property
    def state(self) -> str:
        """The state of a file that has just been taken."""
        if self.read is None:
            return "refused"
        return "waiting" if self.confirmed else "mapping"

    @property
    def format(self) -> str | None:
        """The format, where one was recognised."""
        if self.read is not None:
            return self.read.format
        return (self.error or {}).get("format") or (self.mapping.kind if self.mapping else None)


def take(data: bytes) -> Taken:
    """Read a file by its format; a table by the mapping remembered for its header."""
    if reading.detect(data) not in reading.TABLES:
        read, error = read_or_refusal(data)
        return Taken(read, error)
    try:
        guessed = table.guess(data)
    except StatementRefused:
        return Taken(*read_or_refusal(data))
    rows = session.execute(sql.MAPPINGS, {"print": guessed.fingerprint}).all()
    if rows:
        return _remembered(data, guessed, rows)
    read, error = read_or_refusal(data)
    confirmed = read is None
    return Taken(read, error, guessed, confirmed)


def _remembered(data: bytes, guessed: Mapping, rows: Any) -> Taken:
    """The mapping of this header: the account's own where only one account has it."""
    mapping = Mapping.from_json(rows[0].mapping).laid_on(guessed)
    read, error = read_or_refusal(data, mapping)
    alike = all(_meaning(row.mapping) == _meaning(rows[0].mapping) for row in rows)
    account = rows[0].bank_account_id if len(rows) == 1 else None
    if read is not None and account is not None:
        currencies = {one.currency for one in read.statements} - {None}
        account = account if currencies <= {rows[0].currency} else None
    return Taken(read, error, mapping, alike or read is None, account)


def _meaning(kept: dict[str, Any]) -> tuple[Any, ...]:
    roles = tuple(one["role"] for one in kept["columns"])
    rest = ("date_order", "decimal", "sign", "negative_debits", "currency")
    return roles, *(kept.get(name) for name in rest)


def read_or_refusal(
    data: bytes, mapping: Mapping | None = None
) -> tuple[StatementFile | None, dict[str, Any] | None]:
    """The file, or code, line and words of its refusal."""
    try:
        read = reading.read(data, mapping=mapping)
        refuse_unholdable(read)
    except StatementRefused as refused:
        kept = bank_words.kept(refused.code, refused.line, refused.message)
        return None, {**kept, "format": refused.kind}
    return read, None


def refuse_unholdable(read: StatementFile) -> None:
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


def stored(file: Any) -> StatementFile:
    """A kept file read again, a table by the mapping kept with it; raises Invalid if refused."""
    mapping = Mapping.from_json(file.mapping) if file.mapping else None
    read, error = read_or_refusal(storage.read(file.stored_object_id), mapping)
    if read is None:
        raise Invalid("statement-refused", message=bank_words.said(error or {}))
    return read


def accounts(read: StatementFile | None) -> list[dict[str, Any]]:
    """Number, currency and lines of each account of a file."""
    counted: dict[tuple[str, str], int] = {}
    for one in read.statements if read else ():
        pair = (bank_dedupe.normal_number(one.account), one.currency or "")
        counted[pair] = counted.get(pair, 0) + len(one.transactions)
    return [
        {"number": number, "currency": currency, "lines": lines}
        for (number, currency), lines in counted.items()
    ]


def warnings(read: StatementFile | None) -> list[dict[str, Any]]:
    """The doubts of a reading as they are kept."""
    doubts = read.warnings if read is not None else ()
    return [bank_words.kept(one.code, one.line, one.message) for one in doubts]


def in_currency(mapping: Mapping, currency: str) -> Mapping:
    """The mapping for a table that does not say its currency: the account's."""
    if mapping.currency or mapping.where("currency") is not None:
        return mapping
    return replace(mapping, currency=currency)
