"""Reader of Norma 43 (Cuaderno 43 of the Spanish banks): lines of 80 places, records 11 to 88.

Amounts have two decimals that are not marked, 1 is debit and 2 is credit, dates are YYMMDD and
currencies the numbers of ISO 4217. Totals of records 33 and 88 are checked and doubts warned.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from connectors.catalog.bank import amounts, doubts, records
from connectors.catalog.bank.amounts import Amount
from connectors.catalog.bank.numeric_currencies import BY_NUMBER
from connectors.catalog.bank.statement import (
    BankTransaction,
    Notes,
    Statement,
    StatementFile,
    StatementRefused,
    _,
)

_DEBIT, _CREDIT = "1", "2"


@dataclass(slots=True)
class _Open:
    """An account while its records come in."""

    line: int
    account: str
    currency: str | None
    opening: int
    from_on: date | None
    to_on: date | None
    entries: list[BankTransaction] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    """Turns records into statements."""

    notes: Notes
    statements: list[Statement] = field(default_factory=list)
    open: _Open | None = None
    records: int = 0
    total: int = 0
    ended: bool = False

    def take(self, raw: str, line: int) -> None:
        """Handle one line, by its first two places."""
        record = raw.ljust(80)
        kind = record[:2]
        handlers = {
            "11": self._head,
            "22": self._entry,
            "23": self._concept,
            "24": self._equivalent,
            "33": self._foot,
            "88": self._end,
        }
        if kind not in handlers:
            raise StatementRefused(
                "record-unknown",
                _("“%(text)s” is no record of Norma 43 (11, 22, 23, 24, 33, 88).", text=kind),
                line=line,
            )
        if self.ended:
            # A file made of several joined files goes on behind the end of the first.
            self.ended, self.records = False, 0
        if kind != "88":
            self.records += 1
        handlers[kind](record, line)

    def _head(self, record: str, line: int) -> None:
        if self.open is not None:
            doubts.cut("33", self.notes, line=self.open.line)
            self._close(closing=None)
        self.open = _Open(
            line,
            record[2:20].strip(),
            _currency(record[47:50], self.notes, line),
            0,
            _day(record[20:26], self.notes, line),
            _day(record[26:32], self.notes, line),
        )
        read = amounts.implied(record[33:47], 2, self.open.currency, self.notes, line=line)
        self.open.opening = _balance(read, record[32], self.notes, line)

    def _current(self, line: int) -> _Open:
        if self.open is None:
            raise StatementRefused(
                "record-misplaced",
                _("This record stands outside of an account (record 11 before, 33 after)."),
                line=line,
            )
        return self.open

    def _entry(self, record: str, line: int) -> None:
        current = self._current(line)
        self._worded(current)
        if record[27] not in (_DEBIT, _CREDIT):
            raise StatementRefused(
                "direction-missing",
                _("Record 22 does not say whether money came in (2) or went out (1), place 28."),
                line=line,
            )
        read = amounts.implied(record[28:42], 2, current.currency, self.notes, line=line)
        if record[27] == _DEBIT:
            read = amounts.flipped(read)
        document, first, second = (
            _number(record[42:52]),
            _number(record[52:64]),
            _number(record[64:80]),
        )
        self.total += 1
        doubts.bound(self.total, line=line)
        current.entries.append(
            BankTransaction(
                booked_on=_day(record[10:16], self.notes, line),
                value_on=_day(record[16:22], self.notes, line),
                amount_minor=read.minor,
                amount=read.written,
                currency=current.currency,
                reference=second or first or document,
                bank_id=document,
                line=line,
            )
        )

    def _concept(self, record: str, line: int) -> None:
        current = self._current(line)
        if not current.entries:
            raise StatementRefused(
                "record-misplaced",
                _("Record 23 describes a movement (record 22) that is not in the file."),
                line=line,
            )
        current.words.append(record[4:42] + record[42:80])

    def _equivalent(self, record: str, line: int) -> None:
        """Record 24: the amount in the currency it came in."""
        current = self._current(line)
        if not current.entries:
            return
        currency = _currency(record[4:7], self.notes, line)
        read = amounts.implied(record[7:21], 2, currency, self.notes, line=line)
        if read.minor and currency != current.currency:
            plain = record[7:21].strip().lstrip("0").rjust(3, "0")
            stated = f"{plain[:-2]}.{plain[-2:]} {currency or ''}".strip()
            current.entries[-1] = replace(current.entries[-1], foreign=stated)

    def _worded(self, current: _Open) -> None:
        if current.words:
            text = " ".join("".join(current.words).split())
            current.entries[-1] = replace(current.entries[-1], text=text)
            current.words = []

    def _foot(self, record: str, line: int) -> None:
        current = self._current(line)
        if record[2:20].strip() != current.account:
            self.notes.warn(
                "account-differs",
                _("Record 33 closes another account than the one opened."),
                line=line,
            )
        read = amounts.implied(record[59:73], 2, current.currency, self.notes, line=line)
        self._totals(record, current, line)
        self._close(closing=_balance(read, record[58], self.notes, line))

    def _totals(self, record: str, current: _Open, line: int) -> None:
        for count, total, sign in (
            (record[20:25], record[25:39], -1),
            (record[39:44], record[44:58], 1),
        ):
            found = [one.amount_minor * sign for one in current.entries]
            found = [minor for minor in found if minor > 0]
            if count.strip().isdigit():
                empty = sum(1 for one in current.entries if one.amount_minor == 0)
                stated = int(count)
                within = len(found) <= stated <= len(found) + empty
                doubts.total(
                    None if within else stated,
                    len(found),
                    "33",
                    self.notes,
                    line=line,
                    code="entry-count-disagrees",
                )
            if total.strip().isdigit():
                made = amounts.implied(total, 2, current.currency, self.notes, line=line).minor
                doubts.total(made, sum(found), "33", self.notes, line=line, code="totals-disagree")

    def _end(self, record: str, line: int) -> None:
        self.finish()
        stated = record[20:26].strip()
        if stated.isascii() and stated.isdigit():
            # Some banks count the end record too.
            itself = int(int(stated) == self.records + 1)
            doubts.total(
                int(stated),
                self.records + itself,
                "88",
                self.notes,
                line=line,
                code="record-count-disagrees",
            )
        self.ended = True

    def finish(self) -> None:
        """End the account that is open, which its record 33 should have done."""
        if self.open is not None:
            doubts.cut("33", self.notes, line=self.open.line)
            self._close(closing=None)

    def _close(self, *, closing: int | None) -> None:
        current, self.open = self.open, None
        if current is None:
            return
        self._worded(current)
        found = Statement(
            account=current.account or None,
            currency=current.currency,
            opening_minor=current.opening,
            closing_minor=closing,
            transactions=tuple(current.entries),
            from_on=current.from_on,
            to_on=current.to_on,
            line=current.line,
        )
        doubts.account(found, self.notes)
        doubts.balances(found, self.notes)
        self.statements.append(found)


def _currency(number: str, notes: Notes, line: int) -> str | None:
    found = BY_NUMBER.get(number.strip())
    if found is None and number.strip():
        notes.once(
            "currency-unknown",
            _(
                "The currency %(code)s is not in use today; amounts were read with two decimals.",
                code=number.strip(),
            ),
            line=line,
        )
    return found


def _day(text: str, notes: Notes, line: int) -> date | None:
    if not text.strip() or not text.strip("0"):
        return None
    return amounts.day_of(text[:2], text[2:4], text[4:], notes, line=line, written=text)


def _balance(read: Amount, mark: str, notes: Notes, line: int) -> int:
    if mark not in (_DEBIT, _CREDIT) and read.minor:
        doubts.sign(notes, line=line)
    return -read.minor if mark == _DEBIT else read.minor


def _number(text: str) -> str | None:
    """A reference, or None where the bank filled its place with zeros."""
    plain = " ".join(text.split())
    return plain if plain.strip("0") else None


def read(data: bytes, notes: Notes) -> StatementFile:
    """Read a Norma 43 file; raises StatementRefused with the line of the fault."""
    reader = _Reader(notes)
    records.read(data, notes, kind="n43", reader=reader)
    doubts.some(reader.statements, kind="n43")
    if not reader.ended:
        doubts.cut("88", notes, line=None)
    return StatementFile("n43", tuple(reader.statements))
