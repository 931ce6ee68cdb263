"""What is read from another package's files: settings, accounts, contacts, balances, entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from app.accounting.moving.cells import Order
from app.accounting.moving.columns import Kind


@dataclass(frozen=True, slots=True)
class Settings:
    """How a file is read: columns by field, the writing of days and amounts, what goes where.

    `flipped` turns every sign around; `sure` says that odd signs are right; `suspense` is the code
    of the account that takes a difference, `contact` who stands for rows without one, `control`
    whether open items are of receivables or of payables. `inverse`: rates are units of the other
    currency for one of the base; None where nothing says so.
    """

    kind: Kind
    columns: Mapping[str, int]
    order: Order | None = None
    comma: bool | None = None
    flipped: bool = False
    sure: bool = False
    on: date | None = None
    suspense: str = ""
    contact: str = ""
    control: str = "receivable"
    inverse: bool | None = None

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "kind": self.kind,
            "columns": dict(self.columns),
            "order": self.order,
            "comma": self.comma,
            "flipped": self.flipped,
            "sure": self.sure,
            "on": self.on.isoformat() if self.on else None,
            "suspense": self.suspense,
            "contact": self.contact,
            "control": self.control,
            "inverse": self.inverse,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Settings:
        """From what was kept."""
        on = date.fromisoformat(kept["on"]) if kept.get("on") else None
        return cls(**{**kept, "on": on})


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row or the whole file (row 0) cannot be taken; a warning does not hold it up."""

    row: int
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """An account as the file names it."""

    code: str
    name: str
    type: str = ""
    tax: str = ""
    """What the file calls the tax that the account is coded with by default."""

    @property
    def key(self) -> str:
        """What the account is remembered by: its code, else its name."""
        return (self.code or self.name).casefold()[:200]


@dataclass(frozen=True, slots=True)
class Part:
    """One posting of a file: amount in minor units of the base currency, debit positive.

    `foreign` is the amount in `currency`, where that is another one; `tax` what the file calls its
    tax.
    """

    row: int
    source: str
    amount: int
    contact: str = ""
    memo: str = ""
    due: date | None = None
    reference: str = ""
    currency: str = ""
    foreign: int = 0
    tax: str = ""

    def with_base(self, amount: int) -> Part:
        """The same with another base amount."""
        return replace(self, amount=amount)

    def turned(self, source: str) -> Part:
        """The other side of it, on another account."""
        return replace(self, source=source, amount=-self.amount, foreign=-self.foreign, tax="")


@dataclass(slots=True)
class Draft:
    """An entry of a file; its first fault refuses all of it.

    `rounding` is what its base amounts missed each other by before it was spread over them.
    """

    row: int
    day: date
    text: str
    parts: list[Part] = field(default_factory=list)
    fault: Fault | None = None
    rounding: int = 0

    @property
    def sum(self) -> int:
        """Debit less credit, in base."""
        return sum(part.amount for part in self.parts)

    @property
    def balances(self) -> bool:
        """Whether its sides agree, but for a minor unit of rounding a foreign part."""
        return abs(self.sum) <= sum(1 for part in self.parts if part.foreign)


@dataclass(frozen=True, slots=True)
class Item:
    """An open item: somebody owes `amount` of base (positive) or is owed it (negative)."""

    row: int
    contact: str
    amount: int
    day: date | None
    due: date | None
    reference: str
    currency: str = ""
    foreign: int = 0


@dataclass(slots=True)
class Content:
    """Everything a file says, in its order, with what was left aside and why."""

    sources: dict[str, Source] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    balances: list[Part] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    entries: list[Draft] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    skipped: int = 0

    @property
    def blocked(self) -> bool:
        """Whether the whole file waits for a correction."""
        return any(fault.row == 0 and not fault.warning for fault in self.faults)
