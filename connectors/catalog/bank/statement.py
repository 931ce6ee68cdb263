"""What every reader of bank files answers: statements, their transactions, doubts and refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

MAX_BYTES = 50_000_000
MAX_TRANSACTIONS = 500_000
MAX_WARNINGS = 200


class Status(StrEnum):
    """How firm a transaction is (ISO 20022 entry status)."""

    BOOKED = "booked"
    PENDING = "pending"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Saying:
    """What a reader says of a file: an English text and what fills it, for any language."""

    text: str
    params: dict[str, str | int | None]

    def __str__(self) -> str:
        return self.text % self.params if self.params else self.text


def _(text: str, /, **params: str | int | None) -> Saying:
    """A text of the catalogues; this package needs none of their machinery to read a file."""
    return Saying(text, params)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubt about a file that was read nevertheless; `line` counts from 1."""

    code: str
    line: int | None
    message: Saying


@dataclass(frozen=True, slots=True)
class BankTransaction:
    """One movement of the account; `amount_minor` is positive for money into the account.

    `amount` is the amount as the bank wrote it where it is finer than the currency, else None.
    `foreign` and `charges` are kept as the bank states them, such as "49.00 USD".
    """

    booked_on: date | None
    value_on: date | None
    amount_minor: int
    currency: str | None
    status: Status = Status.BOOKED
    counterparty: str | None = None
    counterparty_account: str | None = None
    reference: str | None = None
    end_to_end_id: str | None = None
    bank_id: str | None = None
    text: str = ""
    amount: str | None = None
    foreign: str | None = None
    charges: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of one account; balances in minor units, negative when overdrawn."""

    account: str | None
    currency: str | None
    opening_minor: int | None = None
    closing_minor: int | None = None
    transactions: tuple[BankTransaction, ...] = ()
    from_on: date | None = None
    to_on: date | None = None
    number: str | None = None
    page: str | None = None
    line: int | None = None

    @property
    def balances_agree(self) -> bool | None:
        """Whether opening plus booked transactions is closing; None when that cannot be said."""
        if self.opening_minor is None or self.closing_minor is None:
            return None
        booked = [one for one in self.transactions if one.status is Status.BOOKED]
        if any(one.currency != self.currency for one in booked):
            return None
        return self.opening_minor + sum(one.amount_minor for one in booked) == self.closing_minor


@dataclass(frozen=True, slots=True)
class StatementFile:
    """What a file holds: its format (such as `camt.053`), its statements and the doubts."""

    format: str
    statements: tuple[Statement, ...]
    warnings: tuple[Doubt, ...] = ()


class StatementRefused(Exception):
    """A file that cannot be taken; the message says where, what and what to do.

    `kind` is the format that was recognised before the fault, where one was.
    """

    def __init__(
        self, code: str, message: Saying, *, line: int | None = None, kind: str | None = None
    ) -> None:
        super().__init__(code, line)
        self.code = code
        self.message = message
        self.line = line
        self.kind = kind


@dataclass(slots=True)
class Notes:
    """Collects the doubts of one reading; a kind of doubt is told at most a few times."""

    found: list[Doubt] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)

    def warn(self, code: str, message: Saying, *, line: int | None = None) -> None:
        """Note a doubt; after twenty of a kind only the first twenty are kept."""
        count = self.seen[code] = self.seen.get(code, 0) + 1
        if count <= 20 and len(self.found) < MAX_WARNINGS:
            self.found.append(Doubt(code, line, message))

    def once(self, code: str, message: Saying, *, line: int | None = None) -> None:
        """Note a doubt that holds for the whole file."""
        if code not in self.seen:
            self.warn(code, message, line=line)
