"""What stands behind a figure: the postings it sums, found from the document alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from app.reports.document import Column, Reach, Report, Row, Source

BEGINNING = date(1, 1, 1)
Cursor = tuple[date, UUID, int]


@dataclass(frozen=True, slots=True)
class Slice:
    """Postings of one account from `first` (None: since ever) to `last`, times a sign.

    `side` is the column's key where only that side counts, such as `debit`; `entry_id` and `no`
    name one posting. In a report by contact `account_id` may be a contact.
    """

    account_id: UUID
    sign: int
    first: date | None
    last: date
    side: str = ""
    entry_id: UUID | None = None
    no: int | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What one account adds to a figure, in minor units."""

    account_id: UUID
    code: str
    name: str
    amount: int
    address: str


@dataclass(frozen=True, slots=True)
class Line:
    """One posting behind a figure, with the sign the figure gives it; addresses lead further."""

    entry_id: UUID
    no: int
    on: date
    label: str
    text: str
    code: str
    account: str
    counterparty: str | None
    amount: int
    who: str
    address: str
    source_address: str | None
    """Its bank line."""
    document_address: str | None = None


@dataclass(frozen=True, slots=True)
class Behind:
    """The accounts and a page of the postings that add up to `total`; `before` went ahead."""

    total: int
    shares: tuple[Share, ...]
    lines: tuple[Line, ...]
    next: Cursor | None


def leaves(report: Report, row: Row, place: int) -> Iterator[tuple[Row, int]]:
    """The rows of their own sources that a row's figure in a column sums, with their signs."""
    if not row.parts:
        yield row, 1
        return
    for part in row.parts:
        found = report.row(part.row)
        if found is None or place >= len(found.amounts) or found.amounts[place] is None:
            continue
        for leaf, sign in leaves(report, found, place):
            yield leaf, sign * part.sign


def slices(report: Report, row: Row, column: Column) -> tuple[Slice, ...]:
    """What to fetch for a figure; empty where nothing is summed."""
    place = report.place(column.key)
    if place is None or column.last is None:
        return ()
    return tuple(
        _slice(source, sign, column)
        for leaf, sign in leaves(report, row, place)
        for source in leaf.sources
    )


def _slice(source: Source, sign: int, column: Column) -> Slice:
    assert column.last is not None
    year = column.year_first or BEGINNING
    first, last = {
        Reach.SPAN: (column.first, column.last),
        Reach.SINCE: (None, column.last),
        Reach.YEAR: (year, column.last),
        Reach.EARLIER: (None, year - timedelta(1) if year > BEGINNING else BEGINNING),
        Reach.BEFORE: (None, (column.first or column.last) - timedelta(1)),
    }[source.reach]
    side = column.key if source.sided else ""
    sign *= source.sign * (-1 if side == "credit" else 1)
    return Slice(source.account_id, sign, first, last, side, source.entry_id, source.no)


def adds_up(report: Report, row: Row, column_key: str) -> bool:
    """Whether a sum is the sum of its parts; a row without parts always is."""
    place = report.place(column_key)
    if not row.parts or place is None or report.columns[place].kind != "amount":
        return True
    total = 0
    for part in row.parts:
        found = report.row(part.row)
        total += part.sign * ((found.amounts[place] or 0) if found else 0)
    return total == row.amounts[place]
