"""Writes the books as beancount, ledger (also read by hledger) or CSV text, entry by entry."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from app.accounting import queries
from app.accounting.books import file as books_file
from app.kernel import money
from app.kernel.db import session

Format = Literal["beancount", "ledger", "csv"]
FORMATS: tuple[Format, ...] = ("beancount", "ledger", "csv")
ROOTS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
}
Writer = Callable[[Sequence[queries.Account], str, Iterable["Line"]], Iterator[str]]
_ALL = sa.text(
    "select e.id, e.entry_date as date, e.journal, e.fiscal_year, e.number, e.description,"
    " p.account_id, p.amount, p.currency, p.base, p.memo"
    " from ledger.entry e join ledger.posting p on p.tenant_id = e.tenant_id and p.entry_id = e.id"
    " order by e.entry_date, e.id, p.no"
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Line:
    """One posting with its entry's head."""

    id: UUID
    date: dt.date
    journal: str
    fiscal_year: int
    number: int
    description: str
    account_id: UUID
    amount: int
    currency: str
    base: int
    memo: str | None

    @property
    def label(self) -> str:
        """The entry's human name."""
        return f"{self.journal} {self.fiscal_year}/{self.number}"


def export(kind: Format) -> Iterator[str]:
    """The open client's books as pieces of text; reads in steps, holds none of them whole."""
    chart = queries.accounts(include_archived=True)
    base = queries.book().base_currency
    writers: dict[Format, Writer] = {"beancount": _beancount, "ledger": _ledger, "csv": _csv}
    yield from writers[kind](chart, base, _lines())


def _lines() -> Iterator[Line]:
    for row in session.execute(_ALL, execution_options={"yield_per": 5000}):
        yield Line(*row)


def _entries(lines: Iterable[Line]) -> Iterator[list[Line]]:
    for _, group in groupby(lines, key=lambda line: line.id):
        yield list(group)


def _decimal(minor: int, currency: str) -> str:
    return f"{money.to_decimal(minor, currency):f}"


def account_names(chart: Sequence[queries.Account], kind: Format) -> dict[UUID, str]:
    """What each account is called in the text, unique and allowed there."""
    taken: set[str] = set()
    found: dict[UUID, str] = {}
    for account in chart:
        make = _beancount_name if kind == "beancount" else _ledger_name
        name = wanted = make(account)
        count = 1
        while name.lower() in taken:
            count += 1
            name = f"{wanted}-{count}"
        taken.add(name.lower())
        found[account.id] = name
    return found


def _beancount_name(account: queries.Account) -> str:
    """Root, then code and name in letters, digits and dashes."""
    text = unicodedata.normalize("NFKD", f"{account.code} {account.name}")
    slug = re.sub(r"[^A-Za-z0-9]+", "-", text.encode("ascii", "ignore").decode()).strip("-")
    return (
        f"{ROOTS[account.type]}:{slug[:1].upper()}{slug[1:180]}"
        if slug
        else (f"{ROOTS[account.type]}:X{account.id.hex}")
    )


def _ledger_name(account: queries.Account) -> str:
    """Root, then code and name without what the format gives a meaning."""
    text = re.sub(r"[;:\[\](){}<>\"@=|*!%~#&'\x00-\x1f]+", " ", f"{account.code} {account.name}")
    return f"{ROOTS[account.type]}:{' '.join(text.split()) or account.id.hex}"


def _amounts(line: Line, base: str) -> Iterator[str]:
    """The posting's amount with its total in base, where that differs.

    What moves base only, or against the sign of its amount, is a posting of its own in base: the
    formats know no price of that kind.
    """
    own = f"{_decimal(line.amount, line.currency)} {line.currency}"
    alone = f"{_decimal(line.base, base)} {base}"
    if line.currency == base:
        yield own
    elif line.amount * line.base > 0:
        yield f"{own} @@ {_decimal(abs(line.base), base)} {base}"
    else:
        if line.amount:
            yield f"{own} @@ {_decimal(0, base)} {base}"
        if line.base:
            yield alone


def _half_unit(currency: str) -> str:
    return f"{money.to_decimal(5, currency).scaleb(-1):f}"


def _beancount(chart: Sequence[queries.Account], base: str, lines: Iterable[Line]) -> Iterator[str]:
    names = account_names(chart, "beancount")
    yield f'option "operating_currency" "{base}"\n'
    yield f'option "inferred_tolerance_default" "{base}:{_half_unit(base)}"\n\n'
    yield from (f"1900-01-01 open {name}\n" for name in names.values())
    for entry in _entries(lines):
        head = entry[0]
        text = head.description.replace("\\", "\\\\").replace('"', '\\"')
        yield f'\n{head.date} * "{_one_line(text)}"\n  number: "{head.label}"\n'
        for line in entry:
            yield from (f"  {names[line.account_id]}  {a}\n" for a in _amounts(line, base))


def _ledger(chart: Sequence[queries.Account], base: str, lines: Iterable[Line]) -> Iterator[str]:
    names = account_names(chart, "ledger")
    yield from (f"account {name}\n" for name in names.values())
    for entry in _entries(lines):
        head = entry[0]
        text = _one_line(head.description).replace(";", ",")
        yield f"\n{head.date} * ({head.label}) {text}\n"
        for line in entry:
            yield from (f"    {names[line.account_id]}  {a}\n" for a in _amounts(line, base))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _csv(chart: Sequence[queries.Account], base: str, lines: Iterable[Line]) -> Iterator[str]:
    """The columns that import-postings reads."""
    codes = {account.id: neutral(account.code) for account in chart}
    yield ",".join(books_file.COLUMNS) + "\r\n"
    for line in lines:
        buffer = io.StringIO()
        csv.writer(buffer).writerow(
            (
                line.label,
                line.date,
                neutral(line.description),
                codes[line.account_id],
                _decimal(line.amount, line.currency),
                line.currency,
                "" if line.currency == base else _decimal(line.base, base),
            )
        )
        yield buffer.getvalue()


def neutral(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
