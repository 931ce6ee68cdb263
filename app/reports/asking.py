"""What the pages and the API of reports share: which report, of which days, for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.kernel import clock, reads, registry, scope, words
from app.kernel.errors import Forbidden, NotFound
from app.kernel.registry import ReportDefinition
from app.reports import remarks
from app.reports.behind import Behind, Cursor, Slice, slices
from app.reports.document import Column, Report, Row
from app.reports.period import Period, months_before, parse_period
from app.web import context

MOST_MONTHS = 240
PAGE = 100


def offered() -> list[ReportDefinition]:
    """Every report the reader may see."""
    rights = scope.current().rights
    found = registry.current().all(ReportDefinition)
    return [one for one in found if rights.may(one.permission)]


def definition_of(key: str) -> ReportDefinition:
    """The report of a key; raises NotFound, or Forbidden without its permission."""
    found = [one for one in registry.current().all(ReportDefinition) if one.key == key]
    if not found:
        raise NotFound
    if not scope.current().rights.may(found[0].permission):
        raise Forbidden("forbidden", permission=found[0].permission)
    return found[0]


def may(definition: ReportDefinition, act: str) -> bool:
    """Whether the reader holds `publish` or `export` on the report's line."""
    return scope.current().rights.may(f"{definition.line}.{act}")


def demand(line: str, act: str) -> None:
    """Raises Forbidden without `<line>.<act>`."""
    permission = f"{line}.{act}"
    if not scope.current().rights.may(permission):
        raise Forbidden("forbidden", permission=permission)


def period_of(definition: ReportDefinition, asked: Mapping[str, str]) -> Period:
    """The period an address asks for, in the client's time zone and fiscal year."""
    return parse_period(
        asked,
        today=clock.today(context.client().time_zone),
        year_start=definition.year_start,
    )


def build(definition: ReportDefinition, period: Period, *, whole: bool = False) -> Report:
    """The report as the books are now; `whole` keeps every row, for files."""
    asked = f"{period.words},all" if whole else period.words
    report: Report = definition.build(period.first, period.last, asked)
    return report


def in_clients_words(definition: ReportDefinition, period: Period) -> Report:
    """The report in the client's language with what was written to it, as it is published."""
    client = context.client()
    with words.speaking(client.locale, time_zone=client.time_zone):
        return remarks.frozen(build(definition, period))


def month_choices(period: Period, definition: ReportDefinition) -> list[date]:
    """The months to choose from: as far back as there are figures, two years at least."""
    newest = max(clock.today(context.client().time_zone), period.last)
    oldest = min(definition.since() if definition.since else period.first, period.first)
    count = (newest.year - oldest.year) * 12 + newest.month - oldest.month + 1
    return [months_before(newest, back) for back in range(min(max(count, 24), MOST_MONTHS))]


def looked(kind: str, object_id: UUID | None, line: str, *, exported: int | None = None) -> None:
    """Leaves the trace of a look or an export behind."""
    reads.leave(
        reads.Look(
            kind=kind,
            object_id=object_id,
            line=line,
            exported=exported is not None,
            rows=exported,
        )
    )


@dataclass(frozen=True, slots=True)
class Operand:
    """A figure that another is worked out from: its row, its column, the figure, its address."""

    row: Row
    column: Column
    amount: int | None
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of a report: where it stands and what it is worked out from."""

    row: Row
    column: Column
    amount: int | None
    operands: tuple[Operand, ...]
    slices: tuple[Slice, ...]

    @property
    def address(self) -> str:
        """The cell's name in addresses: `<row>:<column>`."""
        return f"{self.row.key}:{self.column.key}"


def cell_of(report: Report, address: str) -> Cell:
    """The cell of an address; raises NotFound."""
    row_key, _, column_key = address.rpartition(":")
    row, place = report.row(row_key), report.place(column_key)
    if place is None:  # notes name a column by its days
        named = [one.key for one in report.columns if one.cell == column_key]
        place = report.place(named[0]) if named else None
    if row is None or place is None or place >= len(row.amounts):
        raise NotFound
    column = report.columns[place]
    return Cell(
        row=row,
        column=column,
        amount=row.amounts[place],
        operands=tuple(_operands(report, row, column, place)),
        slices=slices(report, row, column) if column.kind == "amount" else (),
    )


def _operands(report: Report, row: Row, column: Column, place: int) -> list[Operand]:
    if column.kind == "amount":
        found = [(report.row(part.row), part.sign) for part in row.parts]
        return [
            Operand(one, column, one.amounts[place], sign)
            for one, sign in found
            if one is not None and one.amounts[place] is not None
        ]
    columns = [one for one in report.columns if one.key in column.of]
    rows = [row]
    base = report.row(column.base) if column.base else None
    if base is not None and base is not row:
        rows.append(base)
    return [
        Operand(one, operand, report.amount(one.key, operand.key))
        for one in rows
        for operand in columns
    ]


def behind(
    definition: ReportDefinition,
    asked: tuple[Slice, ...],
    *,
    after: Cursor | None = None,
    limit: int = PAGE,
    marks: Mapping[str, int] | None = None,
) -> Behind:
    """The postings behind a figure; raises NotFound for a report that has none."""
    if definition.behind is None:
        raise NotFound
    found: Behind = definition.behind(asked, after, limit, marks)
    return found
