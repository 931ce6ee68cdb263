"""Reports as CSV: real numbers, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal

from app.kernel import money
from app.reports.document import Column, Report, Row

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
ROWS_IN_PIECE = 500


def harmless(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def csv_pieces(report: Report) -> Iterator[bytes]:
    """UTF-8 with a byte-order mark, decimal points, ISO dates and the currency in each head.

    It comes in pieces of some hundred rows, so that a long ledger is never whole in memory twice.
    """
    dated = any(row.on for row in report.rows)
    days = ["date"] if dated else []
    head = ["code", *days, "account", *(_head(column, report) for column in report.columns)]
    yield ("\ufeff" + _lines([head])).encode()
    for start in range(0, len(report.rows), ROWS_IN_PIECE):
        some = report.rows[start : start + ROWS_IN_PIECE]
        yield _lines(_line(row, report, dated=dated) for row in some).encode()


def _line(row: Row, report: Report, *, dated: bool) -> list[str]:
    cells = [
        _cell(amount, column, report.currency)
        for amount, column in zip(row.amounts, report.columns, strict=False)
    ]
    days = [row.on.isoformat() if row.on else ""] if dated else []
    return [harmless(row.code), *days, harmless(row.title), *cells]


def _lines(cells: Iterable[list[str]]) -> str:
    file = io.StringIO()
    csv.writer(file).writerows(cells)
    return file.getvalue()


def _head(column: Column, report: Report) -> str:
    if column.kind != "amount":
        return f"{column.key} %"
    span = f" {column.first} to {column.last}" if column.first and column.last else ""
    if column.last and not column.first:
        span = f" {column.last}"
    return f"{column.key}{span} {report.currency}"


def _cell(amount: int | None, column: Column, currency: str) -> str:
    if amount is None:
        return ""
    if column.kind != "amount":
        return str(Decimal(amount).scaleb(-1))
    return str(money.to_decimal(amount, currency))
