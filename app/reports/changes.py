"""What changed in the books since a report was published: figures, from what to what, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from app.kernel.registry import ReportDefinition
from app.reports import asking
from app.reports.asking import Cell
from app.reports.behind import BEGINNING, Behind, Slice, leaves, slices
from app.reports.document import Report, Row

MOST_LINES = 50


@dataclass(frozen=True, slots=True)
class Change:
    """One figure then and now; `cell` is its address, `is_sum` whether it only sums others."""

    cell: str
    code: str
    title: str
    column: str
    before: int
    after: int
    is_sum: bool


@dataclass(frozen=True, slots=True)
class Since:
    """All that changed since a publication: figures, later postings, reopened months."""

    changes: tuple[Change, ...]
    later: Behind | None
    reopened: tuple[tuple[date, datetime, str, str], ...]
    books_version: int


def changed(then: Report, now: Report) -> list[Change]:
    """Every figure that differs, in the order of the report as it is now, then what is gone."""
    rows: dict[str, Row] = {row.key: row for row in now.rows if row.key}
    rows |= {row.key: row for row in then.rows if row.key and row.key not in rows}
    columns = [
        one for one in now.columns if one.kind == "amount" and then.place(one.key) is not None
    ]
    return [
        Change(
            f"{key}:{column.key}",
            row.code,
            row.title,
            column.title,
            then.amount(key, column.key) or 0,
            now.amount(key, column.key) or 0,
            bool(row.parts),
        )
        for key, row in rows.items()
        for column in columns
        if (then.amount(key, column.key) or 0) != (now.amount(key, column.key) or 0)
    ]


def cell_of(then: Report, now: Report, address: str) -> Cell:
    """A figure as it was published, with the postings of either report behind it.

    A row that came later is shown as nothing then. Raises NotFound for what neither has.
    """
    row, place = now.row(address.rpartition(":")[0]), now.place(address.rpartition(":")[2])
    if row is None or place is None or place >= len(row.amounts):
        return asking.cell_of(then, address)
    today = asking.cell_of(now, address)
    if then.row(row.key) is None:
        return replace(today, amount=0, operands=())
    published = asking.cell_of(then, address)
    return replace(published, slices=tuple(dict.fromkeys((*published.slices, *today.slices))))


def since(definition: ReportDefinition, then: Report, published_at: datetime) -> Since:
    """Compares a published report with the books as they are now."""
    now: Report = definition.build(then.first, then.last, then.comparison)
    found = changed(then, now)
    later = None
    if found:
        later = asking.behind(
            definition, touched(then, now), limit=MOST_LINES, marks=dict(then.marks)
        )
    reopened = definition.reopened(then.last, published_at) if definition.reopened else ()
    return Since(tuple(found), later, tuple(reopened), now.books_version)


def touched(*reports: Report) -> tuple[Slice, ...]:
    """One slice for each account that stands in the reports, over all days they cover."""
    spans: dict[object, Slice] = {}
    for report in reports:
        for one in _all_slices(report):
            known = spans.get(one.account_id, one)
            first = min(known.first or BEGINNING, one.first or BEGINNING)
            spans[one.account_id] = Slice(one.account_id, 1, first, max(known.last, one.last))
    return tuple(spans.values())


def _all_slices(report: Report) -> list[Slice]:
    found: list[Slice] = []
    for column in report.columns:
        place = report.place(column.key)
        if column.kind != "amount" or place is None:
            continue
        for row in report.rows:
            if row.sources and not row.parts and list(leaves(report, row, place)):
                found += slices(report, row, column)
    return found
