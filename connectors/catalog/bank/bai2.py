"""Reader of BAI2 (Cash Management Balance Reporting, BAI version 2; also ANSI X9.121 files).

A file is groups (02 to 98) of accounts (03 to 49) with movements (16); 88 continues the record
before it. Amounts are in minor units of the account's currency, US dollars where none is named,
and the type code of a movement says which way it goes. Control totals are checked and warned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from connectors.catalog.bank import amounts, bai2_fields, doubts, encoding
from connectors.catalog.bank.bai2_fields import Record
from connectors.catalog.bank.statement import (
    BankTransaction,
    Notes,
    Statement,
    StatementFile,
    StatementRefused,
    Status,
    _,
)

_DELETION, _TEST = "2", "4"
_INTERIM_TODAY = "3"
_OPENING, _CLOSING, _CREDITS, _DEBITS = "010", "015", "100", "400"


@dataclass(slots=True)
class _Group:
    """A group while its accounts come in; `total` is the sum of their control totals."""

    line: int
    day: date
    currency: str
    status: Status
    control: int = 0
    accounts: int = 0
    records: int = 1


@dataclass(slots=True)
class _Open:
    """An account while its movements come in."""

    line: int
    number: str | None
    currency: str
    balances: dict[str, int]
    control: int
    records: int
    entries: list[BankTransaction] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    """Turns records into statements."""

    notes: Notes
    statements: list[Statement] = field(default_factory=list)
    group: _Group | None = None
    open: _Open | None = None
    control: int = 0
    groups: int = 0
    records: int = 0
    total: int = 0
    ended: bool = True

    def take(self, one: Record) -> None:
        """Handle one record with its continuations."""
        handlers = {
            "01": self._file,
            "02": self._start,
            "03": self._account,
            "16": self._movement,
            "49": self._account_end,
            "98": self._group_end,
            "99": self._file_end,
        }
        if one.code not in handlers:
            raise StatementRefused(
                "record-unknown",
                _(
                    "“%(text)s” is no record of BAI2 (01, 02, 03, 16, 49, 88, 98, 99).",
                    text=one.code,
                ),
                line=one.line,
            )
        self.records += one.physical
        if self.group is not None and one.code != "02":
            self.group.records += one.physical
        if self.open is not None and one.code in ("16", "49"):
            self.open.records += one.physical
        handlers[one.code](one)

    def _file(self, one: Record) -> None:
        if not self.ended:
            doubts.cut("99", self.notes, line=one.line)
        self._close_group()
        self.ended, self.control, self.groups, self.records = False, 0, 0, one.physical
        version = one.get(8)
        if version not in ("2", ""):
            self.notes.once(
                "version-unknown",
                _("The file says it is of version %(version)s.", version=version[:10]),
                line=one.line,
            )

    def _start(self, one: Record) -> None:
        if self.group is not None:
            self._close_group()
        day = one.get(4)
        if not day.strip():
            raise StatementRefused(
                "date-missing", _("Record 02 has no date (field 5)."), line=one.line
            )
        status, modifier = one.get(3), one.get(7)
        pending = Status.PENDING if modifier == _INTERIM_TODAY else Status.BOOKED
        if status in (_DELETION, _TEST):
            pending = Status.INFORMATION
            self.notes.warn(
                "group-not-booked",
                _("The bank marks this group as deleted or as a test; it counts as information."),
                line=one.line,
            )
        self.group = _Group(
            one.line, self._day(day, one.line), one.get(6).strip() or "USD", pending
        )
        self.group.records = one.physical

    def _day(self, text: str, line: int) -> date:
        plain = text.strip()
        year = plain[:-4]
        return amounts.day_of(year, plain[-4:-2], plain[-2:], self.notes, line=line, written=text)

    def _current_group(self, one: Record) -> _Group:
        if self.group is None:
            raise StatementRefused(
                "record-misplaced",
                _("This record stands outside of a group (record 02 before, 98 after)."),
                line=one.line,
            )
        return self.group

    def _account(self, one: Record) -> None:
        group = self._current_group(one)
        if self.open is not None:
            self._close()
        currency = one.get(2).strip() or group.currency
        amounts.digits_of(currency, self.notes, line=one.line)
        balances, control = bai2_fields.summaries(one)
        self.open = _Open(
            one.line,
            "".join(one.get(1).split()) or None,
            currency,
            balances,
            control,
            one.physical,
        )

    def _movement(self, one: Record) -> None:
        group = self._current_group(one)
        if self.open is None:
            raise StatementRefused(
                "record-misplaced",
                _("This record stands outside of an account (record 03 before, 49 after)."),
                line=one.line,
            )
        self.total += 1
        doubts.bound(self.total, line=one.line)
        found, plain = bai2_fields.movement(
            one, self.open.currency, group.day, group.status, self.notes
        )
        self.open.control += plain
        self.open.entries.append(found)

    def _account_end(self, one: Record) -> None:
        if self.open is None:
            raise StatementRefused(
                "record-misplaced",
                _("Record 49 closes an account that was not opened (record 03)."),
                line=one.line,
            )
        self._checked(one, (1, self.open.control, "totals"), (2, self.open.records, "record-count"))
        self._close(bai2_fields.number(one.get(1)), trailer=True)

    def _group_end(self, one: Record) -> None:
        group = self._current_group(one)
        if self.open is not None:
            self._close()
        self._checked(
            one,
            (1, group.control, "totals"),
            (2, group.accounts, "account-count"),
            (3, group.records, "record-count"),
        )
        self._close_group(bai2_fields.number(one.get(1)), trailer=True)

    def _file_end(self, one: Record) -> None:
        self._close_group()
        self._checked(
            one,
            (1, self.control, "totals"),
            (2, self.groups, "group-count"),
            (3, self.records, "record-count"),
        )
        self.ended = True

    def _checked(self, one: Record, *checks: tuple[int, int, str]) -> None:
        for place, made, what in checks:
            code = "control-total-disagrees" if what == "totals" else f"{what}-disagrees"
            stated = bai2_fields.number(one.get(place))
            doubts.total(stated, made, one.code, self.notes, line=one.line, code=code)

    def _close_group(self, stated: int | None = None, *, trailer: bool = False) -> None:
        """End the group; its stated total counts for the file's, so one fault is told once."""
        if self.open is not None:
            self._close()
        group, self.group = self.group, None
        if group is None:
            return
        if not trailer:
            doubts.cut("98", self.notes, line=group.line)
        self.groups += 1
        self.control += group.control if stated is None else stated

    def finish(self) -> None:
        """End what is still open."""
        self._close_group()
        if not self.ended:
            doubts.cut("99", self.notes, line=None)

    def _close(self, stated: int | None = None, *, trailer: bool = False) -> None:
        current, self.open = self.open, None
        group = self.group
        if current is None or group is None:
            return
        if not trailer:
            doubts.cut("49", self.notes, line=current.line)
        group.accounts += 1
        group.control += current.control if stated is None else stated
        found = Statement(
            account=current.number,
            currency=current.currency,
            opening_minor=current.balances.get(_OPENING),
            closing_minor=current.balances.get(_CLOSING),
            transactions=tuple(current.entries),
            from_on=group.day,
            to_on=group.day,
            line=current.line,
        )
        doubts.account(found, self.notes)
        doubts.balances(found, self.notes)
        self._sums(found, current)
        self.statements.append(found)

    def _sums(self, found: Statement, current: _Open) -> None:
        """Total credits and debits are compared where movements are listed at all."""
        if not found.transactions:
            return
        for code, sign in ((_CREDITS, 1), (_DEBITS, -1)):
            made = sum(
                one.amount_minor * sign for one in found.transactions if one.amount_minor * sign > 0
            )
            stated = current.balances.get(code)
            doubts.total(
                None if stated is None else abs(stated),
                made,
                code,
                self.notes,
                line=current.line,
                code="totals-disagree",
            )


def read(data: bytes, notes: Notes) -> StatementFile:
    """Read a BAI2 file; raises StatementRefused with the line of the fault."""
    reader = _Reader(notes)
    try:
        for one in bai2_fields.records(encoding.decode(data, notes)):
            reader.take(one)
        reader.finish()
    except StatementRefused as refused:
        refused.kind = refused.kind or "bai2"
        raise
    doubts.some(reader.statements, kind="bai2")
    return StatementFile("bai2", tuple(reader.statements))
