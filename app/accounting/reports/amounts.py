"""What reports are computed from: movements of accounts by span and month, and the books' marks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounting import queries
from app.kernel.db import session
from app.reports.period import month_end, months_before

Span = tuple[dt.date | None, dt.date]

_MOVEMENTS = sa.text(
    "select s.place, t.account_id, sum(t.base_debit - t.base_credit)::bigint as moved"
    " from unnest(cast(:firsts as date[]), cast(:lasts as date[]))"
    " with ordinality s(first, last, place)"
    " cross join lateral ledger.turnover(s.first, s.last) t group by 1, 2"
).bindparams(
    sa.bindparam("firsts", type_=ARRAY(sa.Date())), sa.bindparam("lasts", type_=ARRAY(sa.Date()))
)
_BY_MONTH = sa.text(
    "select account_id, month, base_credit - base_debit as earned"
    " from ledger.turnover_by_month(:first, :last)"
).bindparams(sa.bindparam("first", type_=sa.Date()), sa.bindparam("last", type_=sa.Date()))


@dataclass(frozen=True, slots=True)
class Marks:
    """The last number of each journal and fiscal year, and how many entries that makes."""

    marks: tuple[tuple[str, int], ...]

    @property
    def books_version(self) -> int:
        """How many entries the books hold."""
        return sum(number for _journal, number in self.marks)


def marks() -> Marks:
    """Where the books stand; read it before the figures, so that nothing later goes unseen."""
    rows = session.execute(
        sa.text("select journal, fiscal_year, n from ledger.counter order by journal, fiscal_year")
    )
    return Marks(tuple((f"{row.journal}/{row.fiscal_year}", row.n) for row in rows))


def movements(spans: Sequence[Span]) -> dict[UUID, list[int]]:
    """Debit less credit in base currency of every account that moved, for each span in turn."""
    found: dict[UUID, list[int]] = {}
    values = {"firsts": [first for first, _ in spans], "lasts": [last for _, last in spans]}
    for row in session.execute(_MOVEMENTS, values):
        found.setdefault(row.account_id, [0] * len(spans))[row.place - 1] = row.moved
    return found


def earned_by_month(first: dt.date, last: dt.date) -> dict[UUID, dict[dt.date, int]]:
    """Credit less debit of income and expense accounts in each calendar month of a span."""
    found: dict[UUID, dict[dt.date, int]] = {}
    for row in session.execute(_BY_MONTH, {"first": first, "last": last}):
        found.setdefault(row.account_id, {})[row.month] = row.earned
    return found


def is_whole(first: dt.date, last: dt.date) -> bool:
    """Whether a span is of whole calendar months."""
    return first.day == 1 and last == month_end(last)


def year_start(day: dt.date) -> dt.date:
    """The first day of the client's fiscal year that a day falls in."""
    month = queries.book().fiscal_start_month
    return dt.date(day.year - (1 if day.month < month else 0), month, 1)


def year_start_of(day: dt.date, month: int) -> dt.date:
    """The first day of the fiscal year of a day, for books whose year begins in a month."""
    return dt.date(day.year - (1 if day.month < month else 0), month, 1)


def earlier_span(first: dt.date, last: dt.date, *, back: str) -> tuple[dt.date, dt.date]:
    """The span compared with: `previous` is as long and ends the day before, `year` a year ago."""
    if back == "year":
        return _a_year_before(first), (
            month_end(months_before(last, 12)) if last == month_end(last) else _a_year_before(last)
        )
    if is_whole(first, last):
        length = (last.year - first.year) * 12 + last.month - first.month + 1
        return months_before(first, length), first - dt.timedelta(days=1)
    return first - (last - first) - dt.timedelta(days=1), first - dt.timedelta(days=1)


def _a_year_before(day: dt.date) -> dt.date:
    if (day.month, day.day) == (2, 29):
        return day.replace(year=day.year - 1, day=28)
    return day.replace(year=day.year - 1)


def months_in(first: dt.date, last: dt.date) -> list[tuple[dt.date, dt.date]]:
    """The calendar months of a span, cut to the span at both ends."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    starts = [months_before(last, count - 1 - place) for place in range(count)]
    return [(max(start, first), min(month_end(start), last)) for start in starts]
