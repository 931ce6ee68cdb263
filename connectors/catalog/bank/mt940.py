"""Reader of MT940 and MT942 (SWIFT customer statement) in the dialects banks really send.

The fields are those of the SWIFT category 9 handbook. Lenient where banks differ: envelopes in
any form or none, statements in fragments, missing currencies, years, entry dates and transaction
types, text in :86:, :NS: or after :61:. A :61: that cannot be read refuses the file, because a
movement left out would be worse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from connectors.catalog.bank import amounts, doubts, encoding, mt940_details
from connectors.catalog.bank.statement import (
    MAX_TRANSACTIONS,
    BankTransaction,
    Notes,
    Statement,
    StatementFile,
    StatementRefused,
    Status,
    _,
)

_TAG = re.compile(
    r":(20|21|25P?|28C?|60[FM]?|61|62[FM]?|64|65|86|13D?|34F|90[CD]|NS|940|942|11|12|79):"
)
_ENVELOPE = re.compile(r"(?:\{[1235]:[^{}]*\}|\{[12]:[^}]*\}|\{4:|ä4:)", re.ASCII)
_END = re.compile(r"\s*-(?:\}.*|XXX.*|å.*|[\x00-\x1f\x7f]*)?\s*\Z", re.DOTALL)
_BALANCE = re.compile(r"\s*(R?[CD])?(\d{6})([A-Z]{3})?\s*([\d.,]+)\s*\Z", re.ASCII)
_LINE = re.compile(
    r"\s*(?P<value>\d{6})\s?(?P<entry>\d{4})?\s?(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?\s?"
    r"(?P<amount>\d[\d.]*,?\d*|,\d+)\s*(?P<type>[A-Z][A-Z0-9 ]{1,3})?(?P<rest>.*)\Z",
    re.ASCII | re.DOTALL,
)
_INCOMING = {"C", "RD", "EC"}
_FLOOR = re.compile(r"\s*([A-Z]{3})([CD])?\s*([\d.,]*\d[\d.,]*)\s*\Z", re.ASCII)
_SUM = re.compile(r"\s*(\d{1,6})\s*([A-Z]{3})([\d.,]*\d[\d.,]*)\s*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    """One tagged field; `line` is the line it starts in, `lines` its text line by line."""

    tag: str
    lines: tuple[str, ...]
    line: int

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


def fields(text: str) -> Iterator[Field]:
    """The tagged fields of a file; an empty tag marks the end of a message."""
    tag, lines, start = "", list[str](), 0
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        line = raw.lstrip("\x01\ufeff")
        if line.startswith(("{", "ä")):
            line = _ENVELOPE.sub("", line)
            if line.strip() in ("", "}"):
                continue
        found = _TAG.match(line)
        if found is None and not _END.match(line):
            lines.append(line)
            continue
        if tag:
            yield Field(tag, tuple(lines), start)
        tag, lines, start = "", [], number
        if found is None:
            yield Field("", (), number)
        else:
            tag, lines = found[1], [line[found.end() :]]
    if tag:
        yield Field(tag, tuple(lines), start)


@dataclass(slots=True)
class _Open:
    """A statement while its fields come in."""

    line: int
    account: str | None = None
    currency: str | None = None
    number: str | None = None
    page: str | None = None
    opening: int | None = None
    closing: int | None = None
    from_on: date | None = None
    to_on: date | None = None
    entries: list[tuple[BankTransaction, list[tuple[str, str]]]] = field(default_factory=list)
    interim: bool = False
    sums: list[tuple[str, int, int, int]] = field(default_factory=list)


class _Reader:
    """Turns fields into statements."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.statements: list[Statement] = []
        self.open: _Open | None = None
        self.last = ""
        self.total = 0
        self.interim = False
        self.named: list[bool] = []

    def take(self, one: Field) -> None:
        """Handle one field."""
        if one.tag in ("", "940", "942"):
            self.close()
            self.interim = one.tag == "942" or (self.interim and one.tag == "")
        elif one.tag in ("20", "60F", "60M", "60"):
            self._start(one)
        elif one.tag == "61":
            self._entry(one)
        elif one.tag in ("86", "NS"):
            self._details(one)
        elif one.tag in ("25", "25P"):
            self._account(one)
        elif one.tag.startswith("28"):
            head, _, page = one.text.partition("/")
            current = self._current(one)
            current.number, current.page = head.strip() or None, page.strip() or None
        elif one.tag.startswith("62"):
            current = self._current(one)
            current.closing, current.to_on, stated = self._balance(one, current)
            current.currency = current.currency or stated
        elif one.tag == "34F":
            self._floor(one)
        elif one.tag in ("90D", "90C"):
            self._sum(one)
        self.last = one.tag

    def _current(self, one: Field) -> _Open:
        if self.open is None:
            self.open = _Open(one.line, interim=self.interim)
        return self.open

    def _floor(self, one: Field) -> None:
        """The floor limit of an interim report: what is smaller is not in it."""
        current = self._current(one)
        current.interim = True
        found = _FLOOR.match(one.text)
        if found is None:
            return
        current.currency = current.currency or found[1]
        read = amounts.read_amount(found[3], found[1], self.notes, line=one.line, comma=True)
        if read.minor:
            self.notes.warn(
                "floor-limit",
                _(
                    "Movements below %(amount)s %(currency)s are not in this report.",
                    amount=found[3],
                    currency=found[1],
                ),
                line=one.line,
            )

    def _sum(self, one: Field) -> None:
        """Number and sum of debits or credits, checked when the statement ends."""
        found = _SUM.match(one.text)
        if found is None:
            return
        read = amounts.read_amount(found[3], found[2], self.notes, line=one.line, comma=True)
        sign = 1 if one.tag == "90C" else -1
        self._current(one).sums.append((one.tag, int(found[1]), sign * read.minor, one.line))

    def _start(self, one: Field) -> None:
        """A :20: begins a statement, and so does a second opening balance without one."""
        if one.tag == "20":
            self.close()
            self.open = _Open(one.line, interim=self.interim)
            return
        if self.open is not None and self.open.opening is not None:
            self.close()
        current = self._current(one)
        current.opening, current.from_on, current.currency = self._balance(one, current)

    def _account(self, one: Field) -> None:
        if self.open is not None and self.open.account is not None:
            self.close()
        current = self._current(one)
        current.account, stated = mt940_details.account(one.text)
        current.currency = current.currency or stated

    def _balance(self, one: Field, current: _Open) -> tuple[int, date, str | None]:
        head = one.lines[0]
        found = _BALANCE.match(head)
        if found is None:
            raise StatementRefused(
                "balance-invalid",
                _(
                    "Field :%(tag)s: “%(text)s” is not a balance"
                    " (C or D, YYMMDD, currency, amount).",
                    tag=one.tag,
                    text=head.strip()[:40],
                ),
                line=one.line,
            )
        currency = found[3] or current.currency
        read = amounts.read_amount(found[4], currency, self.notes, line=one.line, comma=True)
        day = amounts.short_date(found[2], self.notes, line=one.line)
        if found[1] is None:
            self.notes.once(
                "balance-sign-missing",
                _("A balance does not say whether it is in credit; it was taken as credit."),
                line=one.line,
            )
        return -read.minor if (found[1] or "C") in ("D", "RC") else read.minor, day, currency

    def _entry(self, one: Field) -> None:
        current = self._current(one)
        head, *more = one.lines
        found = _LINE.match(head)
        if found is None:
            raise StatementRefused(
                "entry-invalid",
                _(
                    "Field :61: “%(text)s” cannot be read"
                    " (date, C or D, amount with a comma, type, reference).",
                    text=head.strip()[:40],
                ),
                line=one.line,
            )
        self.total += 1
        if self.total > MAX_TRANSACTIONS:
            raise StatementRefused(
                "too-many-transactions",
                _(
                    "The file holds more than %(most)s transactions; split it by date.",
                    most=MAX_TRANSACTIONS,
                ),
                line=one.line,
            )
        transaction = self._transaction(found, current, one.line)
        words = [("61", line) for line in more if line.strip()]
        current.entries.append((transaction, words))

    def _transaction(self, found: re.Match[str], current: _Open, line: int) -> BankTransaction:
        currency = current.currency
        read = amounts.read_amount(found["amount"], currency, self.notes, line=line, comma=True)
        incoming = found["mark"] in _INCOMING
        value_on = amounts.short_date(found["value"], self.notes, line=line)
        entry = found["entry"]
        booked_on = amounts.beside(value_on, entry, self.notes, line=line) if entry else value_on
        reference, bank_id, tail = mt940_details.references(found["type"], found["rest"])
        return BankTransaction(
            booked_on=booked_on,
            value_on=value_on,
            amount_minor=read.minor if incoming else -read.minor,
            amount=(read.written if incoming else f"-{read.written}") if read.written else None,
            currency=currency,
            status=Status.PENDING if found["mark"].startswith("E") else Status.BOOKED,
            reference=reference,
            bank_id=bank_id,
            text=tail,
            line=line,
        )

    def _details(self, one: Field) -> None:
        """The words of the movement before; after a balance they are about the statement."""
        current = self._current(one)
        if self.last in ("61", "86", "NS") and current.entries and current.closing is None:
            current.entries[-1][1].extend((one.tag, line) for line in one.lines)
        elif self.last in ("", "86") and not current.entries and current.account is None:
            self.notes.warn(
                "details-without-entry",
                _("Field :%(tag)s: describes a movement that is not in the file.", tag=one.tag),
                line=one.line,
            )

    def close(self) -> None:
        """End the statement that is open."""
        current, self.open = self.open, None
        if current is None:
            return
        if current.interim:
            # What an interim report tells may still change; the statement books it (MT942).
            current.entries = [
                (replace(one, status=Status.PENDING), words) for one, words in current.entries
            ]
        self.named.append(current.interim)
        found = Statement(
            account=current.account,
            currency=current.currency,
            opening_minor=current.opening,
            closing_minor=current.closing,
            transactions=tuple(
                mt940_details.described(one, words, current.account)
                for one, words in current.entries
            ),
            from_on=current.from_on,
            to_on=current.to_on,
            number=current.number,
            page=current.page,
            line=current.line,
        )
        self._doubts(found, interim=current.interim)
        self._totals(found, current)
        self.statements.append(found)

    def _totals(self, found: Statement, current: _Open) -> None:
        for tag, count, total, line in current.sums:
            made = [
                one.amount_minor
                for one in found.transactions
                if one.amount_minor and (one.amount_minor > 0) == (tag == "90C")
            ]
            doubts.total(count, len(made), tag, self.notes, line=line, code="entry-count-disagrees")
            doubts.total(total, sum(made), tag, self.notes, line=line, code="totals-disagree")

    def _doubts(self, found: Statement, *, interim: bool) -> None:
        if found.account is None:
            self.notes.warn(
                "account-missing", _("The statement names no account."), line=found.line
            )
        if found.balances_agree is False:
            self.notes.warn(
                "balances-disagree",
                _("Opening balance and booked entries do not add up to the closing balance."),
                line=found.line,
            )
        outside = next((one for one in found.transactions if _after(one, found.to_on)), None)
        if outside is not None:
            self.notes.warn(
                "entry-after-closing",
                _(
                    "A movement of %(day)s is later than the closing balance.",
                    day=str(outside.booked_on),
                ),
                line=outside.line,
            )
        if not interim and found.balances_agree is None:
            self.notes.warn(
                "balance-missing", _("Opening or closing balance is missing."), line=found.line
            )


def _after(one: BankTransaction, closing: date | None) -> bool:
    if closing is None or one.booked_on is None or one.value_on is None:
        return False
    return min(one.booked_on, one.value_on) > closing


def read(data: bytes, notes: Notes) -> StatementFile:
    """Read an MT940 or MT942 file; raises StatementRefused with the line of the fault."""
    reader = _Reader(notes)
    try:
        for one in fields(encoding.decode(data, notes)):
            reader.take(one)
        reader.close()
    except StatementRefused as refused:
        refused.kind = refused.kind or "mt940"
        raise
    if not reader.statements:
        raise StatementRefused(
            "no-statement", _("The file holds no field of an account statement."), line=1
        )
    name = "mt942" if all(reader.named) else "mt940"
    return StatementFile(name, tuple(_with_ends(reader.statements)))


def _with_ends(statements: list[Statement]) -> Iterator[Statement]:
    """Statements without dates of their own get those of their movements."""
    for one in statements:
        days = [line.booked_on for line in one.transactions if line.booked_on]
        yield replace(
            one,
            from_on=one.from_on or min(days, default=None),
            to_on=one.to_on or max(days, default=None),
        )
