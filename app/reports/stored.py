"""The report document as JSON, as it is stored, hashed and read again years later."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any
from uuid import UUID

from app.reports.document import (
    Bar,
    Column,
    Figure,
    Part,
    Reach,
    Remark,
    Report,
    Row,
    RowKind,
    Source,
)


def to_json(report: Report) -> dict[str, Any]:
    """The document as JSON values; dates in ISO 8601, ids as text, what is empty left out."""
    return {
        "key": report.key,
        "title": report.title,
        "currency": report.currency,
        "first": report.first.isoformat(),
        "last": report.last.isoformat(),
        "comparison": report.comparison,
        "books_version": report.books_version,
        "columns": [_column_json(column) for column in report.columns],
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
            {
                "month": bar.month.isoformat(),
                "amount": bar.amount,
                "line": bar.line,
                "second": bar.second,
            }
            for bar in report.bars
        ],
        "chart": report.chart,
        "notes": list(report.notes),
        "marks": [list(mark) for mark in report.marks],
        "remarks": [
            {"row": one.row, "cell": one.cell, "text": one.text, "who": one.who, "on": _iso(one.on)}
            for one in report.remarks
        ],
    }


def as_row(report: Report, note: str) -> dict[str, Any]:
    """A report with its heading and the words before it, as the publishing doors take it."""
    return {
        "key": report.key,
        "title": report.title,
        "first": report.first.isoformat(),
        "last": report.last.isoformat(),
        "currency": report.currency,
        "books_version": report.books_version,
        "content": to_json(report),
        "note": note.strip(),
    }


def _column_json(column: Column) -> dict[str, Any]:
    values = {
        "key": column.key,
        "title": column.title,
        "kind": column.kind,
        "first": _iso(column.first),
        "last": _iso(column.last),
        "year_first": _iso(column.year_first),
        "of": list(column.of),
        "base": column.base,
    }
    return {name: value for name, value in values.items() if value or name == "title"}


def _row_json(row: Row) -> dict[str, Any]:
    values = {
        "key": row.key,
        "kind": row.kind.value,
        "title": row.title,
        "amounts": list(row.amounts),
        "code": row.code,
        "account_id": str(row.account_id) if row.account_id else None,
        "trend": list(row.trend),
        "good_up": row.good_up,
        "sources": [_source_json(source) for source in row.sources],
        "parts": [[part.row, part.sign] for part in row.parts],
        "on": _iso(row.on),
    }
    return {name: value for name, value in values.items() if value not in ("", None, [])}


def _source_json(source: Source) -> dict[str, Any]:
    values = {
        "account": str(source.account_id),
        "sign": source.sign,
        "reach": source.reach.value,
        "sided": source.sided,
        "entry": str(source.entry_id) if source.entry_id else None,
        "no": source.no,
    }
    return {name: value for name, value in values.items() if value}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def from_json(values: dict[str, Any]) -> Report:
    """The document that `to_json` wrote."""
    return Report(
        key=values["key"],
        title=values["title"],
        currency=values["currency"],
        first=date.fromisoformat(values["first"]),
        last=date.fromisoformat(values["last"]),
        comparison=values.get("comparison", "none"),
        books_version=values["books_version"],
        columns=tuple(_column(column) for column in values["columns"]),
        rows=tuple(_row(row) for row in values["rows"]),
        figures=tuple(Figure(**figure) for figure in values["figures"]),
        bars=tuple(
            Bar(date.fromisoformat(bar["month"]), bar["amount"], bar["line"], bar.get("second"))
            for bar in values["bars"]
        ),
        chart=values.get("chart", "result"),
        notes=tuple(values["notes"]),
        marks=tuple((name, number) for name, number in values.get("marks", [])),
        remarks=tuple(
            Remark(one["row"], one["cell"], one["text"], one["who"], _day(one["on"]))
            for one in values.get("remarks", [])
        ),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _column(values: dict[str, Any]) -> Column:
    return Column(
        key=values["key"],
        title=values["title"],
        kind=values["kind"],
        first=_day(values.get("first")),
        last=_day(values.get("last")),
        year_first=_day(values.get("year_first")),
        of=tuple(values.get("of", ())),
        base=values.get("base", ""),
    )


def _row(values: dict[str, Any]) -> Row:
    account = values.get("account_id")
    return Row(
        kind=RowKind(values["kind"]),
        title=values.get("title", ""),
        amounts=tuple(values.get("amounts", ())),
        code=values.get("code", ""),
        account_id=UUID(account) if account else None,
        trend=tuple(values.get("trend", ())),
        good_up=values.get("good_up"),
        key=values.get("key", ""),
        sources=tuple(_source(source) for source in values.get("sources", ())),
        parts=tuple(Part(row, sign) for row, sign in values.get("parts", ())),
        on=_day(values.get("on")),
    )


def _source(values: dict[str, Any]) -> Source:
    entry = values.get("entry")
    return Source(
        account_id=UUID(values["account"]),
        sign=values["sign"],
        reach=Reach(values["reach"]),
        sided=values.get("sided", False),
        entry_id=UUID(entry) if entry else None,
        no=values.get("no"),
    )


def canonical(values: Any) -> bytes:
    """JSON values as PostgreSQL prints a jsonb: the bytes that its door hashes.

    A blank after comma and colon, keys ordered by their length in bytes and then by their bytes,
    letters not escaped.
    """
    text = json.dumps(_ordered(values), separators=(", ", ": "), ensure_ascii=False)
    return text.encode()


def _ordered(values: Any) -> Any:
    if isinstance(values, dict):
        keys = sorted(values, key=lambda name: (len(name.encode()), name.encode()))
        return {name: _ordered(values[name]) for name in keys}
    if isinstance(values, list):
        return [_ordered(value) for value in values]
    return values


def content_sha(values: Any) -> bytes:
    """SHA-256 over the canonical document."""
    return hashlib.sha256(canonical(values)).digest()
