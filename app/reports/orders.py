"""Files of reports that take longer than a request has: ordered as a job, kept for a week."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from app.kernel import clock, jobs, storage, words
from app.kernel.db import session
from app.kernel.errors import NotFound, TooLarge
from app.kernel.registry import ReportDefinition
from app.kernel.storage import StoredObject
from app.reports import asking
from app.reports.document import Report
from app.reports.marking import Mark
from app.reports.period import Period

Ending = Literal["csv", "xlsx", "pdf"]
JOB = "reports.file"
NO_ID = UUID(int=0)
KIND = "report.file"
KEPT = timedelta(days=7)
MEDIA_TYPES: dict[Ending, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
# Cells that are worked out, set and sent within half a second; a ledger has four a row.
AT_ONCE: dict[Ending, int] = {"csv": 20_000, "xlsx": 10_000, "pdf": 4_000}
# Rows that a worker makes a file of: half a gigabyte, a PDF of about 4,000 pages.
MOST_ROWS: dict[Ending, int] = {"csv": 300_000, "xlsx": 200_000, "pdf": 120_000}
_LEDGER_CELLS = 4
_IS_THERE = sa.text(
    "select exists (select from app.stored_object"
    " where id = :id and kind = :kind and state = 'clean')"
)


@dataclass(frozen=True, slots=True)
class Order:
    """One file: which report of which days, of what kind, for whom, and where it is fetched.

    `asked` are the builder's words; `link` is the address of the file, with NO_ID for its id.
    """

    report: str
    ending: Ending
    first: date
    last: date
    asked: str
    name: str
    mark: Mark
    locale: str
    link: str

    def as_args(self) -> dict[str, Any]:
        """The order as a job keeps it."""
        values = asdict(self)
        days = {"first": self.first.isoformat(), "last": self.last.isoformat()}
        return {**values, **days, "mark": {**values["mark"], "at": self.mark.at.isoformat()}}

    @classmethod
    def from_args(cls, args: dict[str, Any]) -> Order:
        """The order that `as_args` wrote."""
        mark = {**args["mark"], "at": datetime.fromisoformat(args["mark"]["at"])}
        days = {name: date.fromisoformat(args[name]) for name in ("first", "last")}
        return cls(**{**args, **days, "mark": Mark(**mark)})


def check(definition: ReportDefinition, period: Period, ending: Ending) -> int:
    """About how many rows the file has; raises TooLarge beyond what is made at all."""
    rows = definition.size(period.first, period.last) if definition.size else 0
    refuse_beyond(rows, ending)
    return rows


def refuse_beyond(rows: int, ending: Ending) -> None:
    """Raises TooLarge for more rows than a file of the kind holds."""
    if rows > MOST_ROWS[ending]:
        raise TooLarge(
            f"report-too-long-{ending}",
            rows=words.format_number(rows),
            most=words.format_number(MOST_ROWS[ending]),
        )


def at_once(rows: int, ending: Ending) -> bool:
    """Whether a file of about so many rows of a ledger is made within the request."""
    return rows * _LEDGER_CELLS <= AT_ONCE[ending]


def quick(report: Report, ending: Ending) -> bool:
    """Whether the file of a report that is there is made within the request."""
    return len(report.rows) * (len(report.columns) + 1) <= AT_ONCE[ending]


def place(order: Order, definition: ReportDefinition) -> UUID:
    """Orders a file; returns its job. Raises Forbidden without the right to export."""
    asking.demand(definition.line, "export")
    title = f"{definition.title} · {order.ending.upper()}"
    return jobs.enqueue(JOB, order.as_args(), line=definition.line, title=title)


def kept(stored_id: UUID) -> StoredObject:
    """A file that was made; its taking is logged. Raises NotFound, also after a week."""
    if not is_there(stored_id):
        raise NotFound
    head = storage.info(stored_id)
    asking.demand(head.line, "export")
    if head.made_at < clock.now() - KEPT:
        raise NotFound("report-file-gone")
    asking.looked("report_file", stored_id, head.line, exported=0)
    return head


def is_there(stored_id: UUID) -> bool:
    """Whether a file of a report is kept under this id."""
    found: bool = session.execute(_IS_THERE, {"id": stored_id, "kind": KIND}).scalar_one()
    return found
