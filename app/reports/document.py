"""The report document: columns and rows of exact figures, frozen when it is published."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID


class RowKind(StrEnum):
    """How a row reads: a heading, a figure, a sum of figures, or the bottom line."""

    GROUP = "group"
    FIGURE = "figure"
    SUBTOTAL = "subtotal"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of amounts; `kind` is amount, change (a difference) or percent (tenths)."""

    key: str
    title: str
    kind: str = "amount"
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row; amounts are minor units in the order of the columns, None shows an en dash.

    `trend` holds the months behind the figure, oldest first; `good_up` says whether more of it
    is good for the business, None where neither is.
    """

    kind: RowKind
    title: str
    amounts: tuple[int | None, ...] = ()
    code: str = ""
    account_id: UUID | None = None
    trend: tuple[int, ...] = ()
    good_up: bool | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure above the report, in minor units, with the one before it."""

    key: str
    title: str
    amount: int
    before: int | None = None
    good_up: bool = True

    @property
    def change(self) -> int | None:
        """The change against before, in tenths of a percent."""
        return change_in_percent(self.amount, self.before)


@dataclass(frozen=True, slots=True)
class Bar:
    """One month of the chart: two amounts in minor units."""

    month: date
    amount: int
    line: int


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report of one client for a span of days, in one currency."""

    key: str
    title: str
    currency: str
    first: date
    last: date
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    figures: tuple[Figure, ...] = ()
    bars: tuple[Bar, ...] = ()
    books_version: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Whether there is no figure to show."""
        return not any(row.account_id for row in self.rows)


def to_json(report: Report) -> dict[str, Any]:
    """The document as JSON values; dates in ISO 8601, ids as text."""
    return {
        "key": report.key,
        "title": report.title,
        "currency": report.currency,
        "first": report.first.isoformat(),
        "last": report.last.isoformat(),
        "books_version": report.books_version,
        "columns": [
            {
                "key": column.key,
                "title": column.title,
                "kind": column.kind,
                "first": column.first.isoformat() if column.first else None,
                "last": column.last.isoformat() if column.last else None,
            }
            for column in report.columns
        ],
        "rows": [_row_json(row) for row in report.rows],
        "figures": [
            {
                "key": figure.key,
                "title": figure.title,
                "amount": figure.amount,
                "before": figure.before,
                "good_up": figure.good_up,
            }
            for figure in report.figures
        ],
        "bars": [
            {"month": bar.month.isoformat(), "amount": bar.amount, "line": bar.line}
            for bar in report.bars
        ],
        "notes": list(report.notes),
    }


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "kind": row.kind.value,
        "title": row.title,
        "amounts": list(row.amounts),
        "code": row.code,
        "account_id": str(row.account_id) if row.account_id else None,
        "trend": list(row.trend),
        "good_up": row.good_up,
    }


def from_json(values: dict[str, Any]) -> Report:
    """The document that `to_json` wrote."""
    return Report(
        key=values["key"],
        title=values["title"],
        currency=values["currency"],
        first=date.fromisoformat(values["first"]),
        last=date.fromisoformat(values["last"]),
        books_version=values["books_version"],
        columns=tuple(_column(column) for column in values["columns"]),
        rows=tuple(_row(row) for row in values["rows"]),
        figures=tuple(Figure(**figure) for figure in values["figures"]),
        bars=tuple(
            Bar(date.fromisoformat(bar["month"]), bar["amount"], bar["line"])
            for bar in values["bars"]
        ),
        notes=tuple(values["notes"]),
    )


def _column(values: dict[str, Any]) -> Column:
    first, last = values["first"], values["last"]
    return Column(
        values["key"],
        values["title"],
        values["kind"],
        date.fromisoformat(first) if first else None,
        date.fromisoformat(last) if last else None,
    )


def _row(values: dict[str, Any]) -> Row:
    return Row(
        kind=RowKind(values["kind"]),
        title=values["title"],
        amounts=tuple(values["amounts"]),
        code=values["code"],
        account_id=UUID(values["account_id"]) if values["account_id"] else None,
        trend=tuple(values["trend"]),
        good_up=values["good_up"],
    )


def canonical(report: Report) -> bytes:
    """The bytes that are hashed: JSON with sorted keys, no blanks, UTF-8."""
    text = json.dumps(to_json(report), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def content_sha(report: Report) -> bytes:
    """SHA-256 over the canonical document."""
    return hashlib.sha256(canonical(report)).digest()


def change_in_percent(now: int, before: int | None) -> int | None:
    """The change in tenths of a percent, half up; None where there was nothing before."""
    if not before:
        return None
    tenths, rest = divmod(abs(now - before) * 1000, abs(before))
    tenths += 2 * rest >= abs(before)
    return tenths if now >= before else -tenths


def table(report: Report) -> Sequence[Sequence[str | int | None]]:
    """Heads and rows for exports; amounts stay whole minor units."""
    heads: list[str | int | None] = ["code", "title", *(column.key for column in report.columns)]
    return [heads, *([row.code, row.title, *row.amounts] for row in report.rows)]
