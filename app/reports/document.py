"""The report document: columns and rows of exact figures, frozen when it is published."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID


class Reach(StrEnum):
    """Which postings of an account a figure sums, seen from its column's days."""

    SPAN = "span"  # of the column's days
    SINCE = "since"  # since ever, up to the column's last day
    YEAR = "year"  # since the fiscal year began, up to the column's last day
    EARLIER = "earlier"  # before the fiscal year of the column began
    BEFORE = "before"  # before the column's first day


@dataclass(frozen=True, slots=True)
class Source:
    """What a figure is made of: an account's postings, added (1) or taken away (-1).

    `sided` takes debits for a column `debit` and credits for `credit`; with `entry_id` and `no`
    it is that one posting. In a report by contact `account_id` may be the contact, and `sided`
    tells its open items apart by the column's key, as the report's own `behind` reads it.
    """

    account_id: UUID
    sign: int = 1
    reach: Reach = Reach.SPAN
    sided: bool = False
    entry_id: UUID | None = None
    no: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A row that a sum adds (1) or takes away (-1), by its key."""

    row: str
    sign: int = 1


class RowKind(StrEnum):
    """How a row reads: a heading, a figure, a sum of figures, or the bottom line."""

    GROUP = "group"
    FIGURE = "figure"
    SUBTOTAL = "subtotal"
    TOTAL = "total"


# Columns of the same days: what tells them apart is their key.
SIDES = frozenset(
    {"debit", "credit", "balance"} | {"not_due", "days_30", "days_60", "days_90", "older", "total"}
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `kind` is amount (minor units), percent (a change in tenths) or share (tenths).

    `year_first` is the day the fiscal year of `last` began. A change names the columns it
    compares in `of`; a share names its column there and the row it is a share of in `base`.
    """

    key: str
    title: str
    kind: str = "amount"
    first: date | None = None
    last: date | None = None
    year_first: date | None = None
    of: tuple[str, ...] = ()
    base: str = ""

    @property
    def cell(self) -> str:
        """The days it covers, by which notes find a figure again: `2026-10`, `2026-10-31`."""
        if self.last is None:
            return self.key
        day = self.last.isoformat()
        if self.first is None:
            return f"{self.key}..{day}" if self.key in SIDES else day
        days = f"{self.first.isoformat()}..{day}"
        month_long = self.first.day == 1 and (self.last + timedelta(1)).day == 1
        if month_long and f"{self.first:%Y-%m}" == f"{self.last:%Y-%m}":
            days = f"{self.last:%Y-%m}"
        return f"{self.key}..{days}" if self.key in SIDES else days


@dataclass(frozen=True, slots=True)
class Row:
    """One row; amounts are minor units in the order of the columns, None shows an en dash.

    `trend` holds the months behind the figure, oldest first; `good_up` says whether more of it
    is good for the business, None where neither is. `key` names the row within its report for
    good. A figure lists its `sources`, a sum its `parts`; `on` is the day of a single posting.
    """

    kind: RowKind
    title: str
    amounts: tuple[int | None, ...] = ()
    code: str = ""
    account_id: UUID | None = None
    trend: tuple[int, ...] = ()
    good_up: bool | None = None
    key: str = ""
    sources: tuple[Source, ...] = ()
    parts: tuple[Part, ...] = ()
    on: date | None = None


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
    """One month of the chart in minor units: a bar, a second one beside it, and the line."""

    month: date
    amount: int
    line: int | None = None
    second: int | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """Words beside a figure: its row, its column's days (`Column.cell`), by whom and on which day.

    They are frozen with the report, so that a pack reads years later as it did.
    """

    row: str
    cell: str
    text: str
    who: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report of one client for a span of days, in one currency.

    `marks` are the last entry number of each journal and year when it was computed: an entry
    beyond its mark came later. `chart` says in a word what the bars mean: result
    or cash.
    """

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
    marks: tuple[tuple[str, int], ...] = ()
    chart: str = "result"
    comparison: str = "none"
    remarks: tuple[Remark, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is no figure to show."""
        return not any(row.account_id or row.sources for row in self.rows)

    def row(self, key: str) -> Row | None:
        """The row of a key."""
        return next((row for row in self.rows if row.key == key), None)

    def place(self, column_key: str) -> int | None:
        """The place of a column in the amounts."""
        keys = [column.key for column in self.columns]
        return keys.index(column_key) if column_key in keys else None

    def amount(self, row_key: str, column_key: str) -> int | None:
        """One figure; None where there is none."""
        row, place = self.row(row_key), self.place(column_key)
        if row is None or place is None or place >= len(row.amounts):
            return None
        return row.amounts[place]


def change_in_percent(now: int, before: int | None) -> int | None:
    """The change in tenths of a percent, half up; None where there was nothing before."""
    if not before:
        return None
    tenths, rest = divmod(abs(now - before) * 1000, abs(before))
    tenths += 2 * rest >= abs(before)
    return tenths if now >= before else -tenths


def share_in_tenths(amount: int, whole: int) -> int | None:
    """The share of a whole in tenths of a percent, half up; None of nothing."""
    if not whole:
        return None
    tenths, rest = divmod(abs(amount) * 1000, abs(whole))
    tenths += 2 * rest >= abs(whole)
    return tenths if (amount >= 0) == (whole > 0) else -tenths
