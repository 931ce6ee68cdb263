"""One QIF record as a bank transaction: its amount, day, words, splits and investment action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from connectors.catalog.bank import amounts, day_order, decimals, doubts
from connectors.catalog.bank.amounts import Amount
from connectors.catalog.bank.statement import (
    BankTransaction,
    Notes,
    Statement,
    StatementRefused,
    Status,
    _,
)

_OPENING = "opening balance"
_OUT = {
    "buy",
    "miscexp",
    "margint",
    "withdrw",
    "xout",
    "cvrshrt",
    "exercise",
}
"""Investment actions that take money out of the account; others that move money bring it in."""
_WITHOUT_MONEY = {
    "shrsin",
    "shrsout",
    "reinvdiv",
    "reinvint",
    "reinvlg",
    "reinvsh",
    "reinvmd",
    "stksplit",
    "grant",
    "vest",
    "expire",
    "reminder",
}


@dataclass(frozen=True, slots=True)
class Raw:
    """A record as it stands: letter, value and line of each of its lines."""

    fields: tuple[tuple[str, str, int], ...]

    @property
    def line(self) -> int:
        return self.fields[0][2]

    def one(self, letter: str) -> str | None:
        """The first value of a letter."""
        for name, value, _line in self.fields:
            if name == letter and value:
                return value
        return None

    def all(self, letter: str) -> list[str]:
        """Every value of a letter."""
        return [value for name, value, _line in self.fields if name == letter and value]

    def place(self, letter: str) -> int:
        """The line of a letter, or of the record."""
        for name, _value, line in self.fields:
            if name == letter:
                return line
        return self.line

    def amounts(self) -> list[tuple[str, int]]:
        """Everything in the record that is an amount of money, with its line."""
        return [(value, line) for name, value, line in self.fields if name in "TU$" and value]

    def day(self) -> day_order.Written:
        """The day of the record."""
        return day_order.written(self.one("D") or "", self.place("D"))


@dataclass(frozen=True, slots=True)
class Ways:
    """How the file writes: decimal mark, order of days; what register and balance it has."""

    mark: str
    order: str
    investment: bool
    closing: str | None


def statement(
    account: str | None, records: Sequence[Raw], ways: Ways, notes: Notes, *, line: int
) -> Statement:
    """The statement of one register."""
    opening: int | None = None
    found: list[BankTransaction] = []
    for raw in records:
        one = _transaction(raw, ways, notes)
        if not found and not ways.investment and (raw.one("P") or "").lower() == _OPENING:
            opening = one.amount_minor
            account = account or _transfer(raw.one("L"))
            one = _as_information(one)
        found.append(one)
    closing = _amount(ways.closing, ways, notes, line).minor if ways.closing else None
    answer = Statement(
        account,
        None,
        opening_minor=opening,
        closing_minor=closing,
        transactions=tuple(found),
        line=line,
    )
    doubts.account(answer, notes)
    doubts.balances(answer, notes)
    return doubts.spanned(answer)


def _as_information(one: BankTransaction) -> BankTransaction:
    """The opening balance stands among the movements and is none."""
    return replace(one, status=Status.INFORMATION)


def _transfer(category: str | None) -> str | None:
    """The account of `[Account]`, as transfers are written."""
    plain = (category or "").strip()
    return plain[1:-1].strip() or None if plain.startswith("[") and plain.endswith("]") else None


def _amount(text: str, ways: Ways, notes: Notes, line: int) -> Amount:
    return amounts.read_amount(decimals.plain(text, ways.mark), None, notes, line=line)


def _transaction(raw: Raw, ways: Ways, notes: Notes) -> BankTransaction:
    stated = raw.one("T") or raw.one("U")
    status = Status.BOOKED
    if stated is None:
        if not ways.investment:
            raise StatementRefused(
                "amount-missing",
                _("The record has no amount (a line that begins with T)."),
                line=raw.line,
            )
        stated, status = "0", Status.INFORMATION
    read = _amount(stated, ways, notes, raw.place("T"))
    if ways.investment and status is Status.BOOKED:
        read, status = _invested(raw, read)
    _splits(raw, read, ways, notes)
    return BankTransaction(
        booked_on=_day(raw, ways, notes),
        value_on=None,
        amount_minor=read.minor,
        amount=read.written,
        currency=None,
        status=status,
        counterparty=raw.one("P"),
        reference=None if ways.investment else raw.one("N"),
        text=_words(raw, ways),
        line=raw.line,
    )


def _invested(raw: Raw, read: Amount) -> tuple[Amount, Status]:
    """What an action of an investment register moves: bought is money out, shares are none.

    An action that ends in X takes its money from another account and brings it there.
    """
    action = (raw.one("N") or "").lower()
    if action in _WITHOUT_MONEY or (action.endswith("x") and _transfer(raw.one("L"))):
        return read, Status.INFORMATION
    if action.removesuffix("x") in _OUT and read.minor > 0:
        return amounts.flipped(read), Status.BOOKED
    return read, Status.BOOKED


def _day(raw: Raw, ways: Ways, notes: Notes) -> date:
    if not raw.one("D"):
        raise StatementRefused(
            "date-missing",
            _("The record has no day (a line that begins with D)."),
            line=raw.line,
        )
    year, month, day = day_order.ymd(raw.day(), ways.order)
    return date(year, month, day)


def _splits(raw: Raw, whole: Amount, ways: Ways, notes: Notes) -> None:
    """Warn where the parts of a split do not make the whole."""
    parts = raw.all("$") if raw.all("S") else []
    if not parts or ways.investment:
        return
    found = sum(_amount(part, ways, notes, raw.place("$")).minor for part in parts)
    if found != whole.minor:
        doubts.total(whole.minor, found, "S", notes, line=raw.place("$"), code="splits-disagree")


def _words(raw: Raw, ways: Ways) -> str:
    """Memo, what the parts say, and the category where nothing else is said."""
    words = [*raw.all("M"), *raw.all("E")]
    if ways.investment:
        words = [*raw.all("N"), *raw.all("Y"), *words]
    if not words:
        words = [one for one in raw.all("L") if not one.startswith("--")]
    return " ".join(" ".join(dict.fromkeys(words)).split())[:4000]
