"""Reader of CODA, the coded statements of Belgian banks (Febelfin CODA 2): lines of 128 places.

Movements stand in records 21, 22 and 23, information on them in 31, 32 and 33. Amounts have three
decimals that are not marked; 0 is credit and 1 is debit; dates are DDMMYY. A movement that the
file itself breaks down becomes its details where they add up to it (rulings 45).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from connectors.catalog.bank import amounts, coda_movement, doubts, records
from connectors.catalog.bank.coda_movement import Movement
from connectors.catalog.bank.statement import (
    Notes,
    Statement,
    StatementFile,
    StatementRefused,
    _,
)

_WIDTH = 128
_CREDIT, _DEBIT = "0", "1"


@dataclass(slots=True)
class _Open:
    """A statement while its records come in."""

    line: int
    account: str | None
    currency: str | None
    number: str | None
    opening: int
    from_on: date | None
    movements: list[Movement] = field(default_factory=list)
    closing: int | None = None
    to_on: date | None = None


@dataclass(slots=True)
class _Reader:
    """Turns records into statements; `turnover` is debit and credit in thousandths."""

    notes: Notes
    statements: list[Statement] = field(default_factory=list)
    open: _Open | None = None
    records: int = 0
    turnover: list[int] = field(default_factory=lambda: [0, 0])
    total: int = 0
    ended: bool = True

    def take(self, raw: str, line: int) -> None:
        """Handle one line, by its first place."""
        record = raw.ljust(_WIDTH)
        handlers = {
            "0": self._header,
            "1": self._old_balance,
            "2": self._movement,
            "3": self._information,
            "4": self._free,
            "8": self._new_balance,
            "9": self._trailer,
        }
        kind = record[0]
        if kind not in handlers:
            raise StatementRefused(
                "record-unknown",
                _("“%(text)s” begins no record of CODA (0, 1, 2, 3, 4, 8, 9).", text=kind),
                line=line,
            )
        if kind not in "09":
            self.records += 1
        handlers[kind](record, line)

    def _header(self, record: str, line: int) -> None:
        if not self.ended:
            doubts.cut("9", self.notes, line=line)
        self._close()
        self.records, self.turnover, self.ended = 0, [0, 0], False
        if record[127] == "1":
            raise StatementRefused(
                "version-not-read",
                _("This is CODA version 1, out of use since 2006; ask the bank for version 2."),
                line=line,
            )
        if record[16] == "D":
            self.notes.warn(
                "duplicate-marked", _("The bank marks this file as a duplicate."), line=line
            )

    def _old_balance(self, record: str, line: int) -> None:
        self._close()
        account, currency = _account(record[1], record[5:42])
        self.open = _Open(
            line, account, currency, record[2:5].strip() or None, 0, _day(record[58:64], self, line)
        )
        self.open.opening = self._balance(record[42], record[43:58], line)

    def _balance(self, mark: str, digits: str, line: int) -> int:
        read = amounts.implied(digits, 3, self._current(line).currency, self.notes, line=line)
        if mark not in (_CREDIT, _DEBIT):
            doubts.sign(self.notes, line=line)
        return -read.minor if mark == _DEBIT else read.minor

    def _current(self, line: int) -> _Open:
        if self.open is None:
            raise StatementRefused(
                "record-misplaced",
                _("This record stands outside of a statement (record 1 before, 8 after)."),
                line=line,
            )
        return self.open

    def _movement(self, record: str, line: int) -> None:
        current, article = self._current(line), record[1]
        if article == "1":
            self._first(current, record, line)
        elif article in "23":
            self._last(current, record, line).more(record)
        else:
            raise StatementRefused(
                "record-unknown",
                _("“%(text)s” is no article of a movement (21, 22, 23).", text=record[:2]),
                line=line,
            )

    def _first(self, current: _Open, record: str, line: int) -> None:
        mark = record[31]
        if mark not in (_CREDIT, _DEBIT):
            raise StatementRefused(
                "direction-missing",
                _("Record 21 does not say whether money came in (0) or went out (1), place 32."),
                line=line,
            )
        read = amounts.implied(record[32:47], 3, current.currency, self.notes, line=line)
        self.total += 1
        doubts.bound(self.total, line=line)
        one = Movement(
            line,
            record[2:6],
            record[6:10],
            amounts.flipped(read) if mark == _DEBIT else read,
            record[53:61],
            record[124],
            bank_id=" ".join(record[10:31].split()),
            value_on=_day(record[47:53], self, line),
            booked_on=_day(record[115:121], self, line),
            structured=record[61] == "1",
            words=[record[62:115]],
        )
        if not one.is_detail:
            self.turnover[0 if mark == _DEBIT else 1] += int(record[32:47])
        current.movements.append(one)

    def _last(self, current: _Open, record: str, line: int) -> Movement:
        if not current.movements:
            raise StatementRefused(
                "record-misplaced",
                _("This record continues a movement (record 21) that is not in the file."),
                line=line,
            )
        return current.movements[-1]

    def _information(self, record: str, line: int) -> None:
        """Records 31 to 33 tell more of the movement with their number."""
        current = self._current(line)
        if current.movements:
            current.movements[-1].informed(record)

    def _free(self, record: str, line: int) -> None:
        """Record 4 is a message of the bank to its customer, which is no movement."""

    def _new_balance(self, record: str, line: int) -> None:
        current = self._current(line)
        # The account stands one place further left than in the old balance.
        account, _currency = _account("3", record[4:41])
        if account != current.account and account is not None:
            self.notes.warn(
                "account-differs",
                _("The new balance names another account than the old balance."),
                line=line,
            )
        current.closing = self._balance(record[41], record[42:57], line)
        current.to_on = _day(record[57:63], self, line)
        self._close()

    def _trailer(self, record: str, line: int) -> None:
        self._close()
        self.ended = True
        for text, made, code in (
            (record[16:22], self.records, "record-count-disagrees"),
            (record[22:37], self.turnover[0], "totals-disagree"),
            (record[37:52], self.turnover[1], "totals-disagree"),
        ):
            if text.isascii() and text.isdigit():
                doubts.total(int(text), made, "9", self.notes, line=line, code=code)

    def finish(self) -> None:
        """End what is still open."""
        self._close()
        if not self.ended:
            doubts.cut("9", self.notes, line=None)

    def _close(self) -> None:
        current, self.open = self.open, None
        if current is None:
            return
        if current.closing is None:
            doubts.cut("8", self.notes, line=current.line)
        found = Statement(
            account=current.account,
            currency=current.currency,
            opening_minor=current.opening,
            closing_minor=current.closing,
            transactions=coda_movement.transactions(
                current.movements, current.currency, current.account, self.notes
            ),
            from_on=current.from_on,
            to_on=current.to_on,
            number=current.number,
            line=current.line,
        )
        doubts.account(found, self.notes)
        doubts.balances(found, self.notes)
        self.statements.append(doubts.spanned(found))


def _account(structure: str, text: str) -> tuple[str | None, str | None]:
    """Account and currency: a Belgian number has its currency behind 12 digits and a blank."""
    if structure == "0":
        number, currency = text[:12], text[13:16]
    else:
        number, currency = text[:34], text[34:37]
        if structure == "2":
            number = text[:31]
    currency = currency.strip()
    known = currency if len(currency) == 3 and currency.isascii() and currency.isupper() else None
    return "".join(number.split()) or None, known


def _day(text: str, reader: _Reader, line: int) -> date | None:
    if not text.strip() or not text.strip("0"):
        return None
    return amounts.day_of(text[4:], text[2:4], text[:2], reader.notes, line=line, written=text)


def read(data: bytes, notes: Notes) -> StatementFile:
    """Read a CODA file; raises StatementRefused with the line of the fault."""
    reader = _Reader(notes)
    records.read(data, notes, kind="coda", reader=reader)
    doubts.some(reader.statements, kind="coda")
    return StatementFile("coda", tuple(reader.statements))
