"""A mapping: what each column of a bank's table means, and how sure that is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.catalog.bank.statement import Doubt, Saying
from connectors.catalog.bank.table_roles import ROLES, plain
from connectors.catalog.bank.table_values import ORDERS

MONEY_ROLES = ("amount", "debit", "credit", "balance", "opening", "closing", "foreign_amount")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where it stands, its header, what it means, how sure (0 to 100) and why."""

    index: int
    name: str
    role: str
    confidence: int
    reason: Saying


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a table is read; what was guessed and what a person corrected look alike.

    `header` is the place of the header row from 0 (None: there is none), `first` of the first row
    that may hold a movement. `sign` is -1 where the file writes money out as positive.
    `negative_debits`: the debit column carries its own minus. `newest_first`: proven by balances
    or dates. `proven` says that balances prove sign and order.
    """

    kind: str
    columns: tuple[Column, ...]
    header: int | None
    first: int
    delimiter: str | None = None
    sheet: str | None = None
    date_order: str = "YMD"
    decimal: str = "."
    sign: int = 1
    negative_debits: bool = False
    newest_first: bool = False
    proven: bool = False
    currency: str | None = None
    doubts: tuple[Doubt, ...] = ()
    _first: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Where each role stands first, asked many times a row."""
        first = {one.role: one.index for one in reversed(self.columns)}
        object.__setattr__(self, "_first", first)

    def where(self, role: str) -> int | None:
        """The first column with that role; None where no column has it."""
        return self._first.get(role)

    def all_where(self, role: str) -> tuple[int, ...]:
        """Every column with that role."""
        return tuple(one.index for one in self.columns if one.role == role)

    @property
    def names(self) -> tuple[str, ...]:
        """The headers in the order of the file."""
        return tuple(one.name for one in self.columns)

    @property
    def missing(self) -> tuple[str, ...]:
        """What must still be said before the table can be read: `date`, `amount`, or nothing."""
        amounts = ("amount", "debit", "credit")
        left = [] if self.where("date") is not None else ["date"]
        if all(self.where(role) is None for role in amounts):
            left.append("amount")
        return tuple(left)

    @property
    def fingerprint(self) -> str:
        """The same for every file with these headers in this order; 64 hexadecimal digits."""
        words = [self.kind if self.header is not None else f"{self.kind}-bare"]
        words += [plain(one) for one in self.names] if self.header is not None else []
        return hashlib.sha256("\x1f".join([*words, str(len(self.columns))]).encode()).hexdigest()

    @property
    def confidence(self) -> int:
        """The least sure of the columns that decide about money and days; 0 without them."""
        if self.missing:
            return 0
        deciding = ("date", "amount", "debit", "credit", "flag")
        return min(one.confidence for one in self.columns if one.role in deciding)

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "kind": self.kind,
            "columns": [
                {
                    "index": one.index,
                    "name": one.name,
                    "role": one.role,
                    "confidence": one.confidence,
                    "reason": {"text": one.reason.text, "params": one.reason.params},
                }
                for one in self.columns
            ],
            "header": self.header,
            "first": self.first,
            "delimiter": self.delimiter,
            "sheet": self.sheet,
            "date_order": self.date_order,
            "decimal": self.decimal,
            "sign": self.sign,
            "negative_debits": self.negative_debits,
            "newest_first": self.newest_first,
            "proven": self.proven,
            "currency": self.currency,
        }

    @staticmethod
    def from_json(kept: Map[str, Any]) -> Mapping:
        """The mapping of kept values; raises ValueError for what no mapping can be."""
        columns = tuple(_column(one) for one in kept["columns"])
        order, decimal, sign = kept["date_order"], kept["decimal"], kept["sign"]
        if order not in ORDERS or decimal not in (".", ",") or sign not in (1, -1):
            raise ValueError("mapping")
        return Mapping(
            kind=str(kept["kind"]),
            columns=columns,
            header=kept["header"],
            first=int(kept["first"]),
            delimiter=kept.get("delimiter"),
            sheet=kept.get("sheet"),
            date_order=order,
            decimal=decimal,
            sign=sign,
            negative_debits=bool(kept.get("negative_debits")),
            newest_first=bool(kept.get("newest_first")),
            proven=bool(kept.get("proven")),
            currency=kept.get("currency"),
        )

    def laid_on(self, found: Mapping) -> Mapping:
        """This mapping's meanings on a later file of the same shape.

        Where rows begin, how they are cut and which way they run is the later file's own; what the
        columns mean, the order of dates, the decimal sign and the sign of amounts are remembered.
        """
        columns = tuple(
            replace(one, role=mine.role, confidence=100, reason=mine.reason)
            for one, mine in zip(found.columns, self.columns, strict=True)
        )
        return replace(
            found,
            columns=columns,
            date_order=self.date_order,
            decimal=self.decimal if found.kind == "csv" else found.decimal,
            sign=self.sign,
            negative_debits=self.negative_debits,
            currency=self.currency or found.currency,
            doubts=(),
        )


def _column(kept: Map[str, Any]) -> Column:
    role = str(kept["role"])
    if role not in ROLES:
        raise ValueError("mapping")
    reason = kept.get("reason") or {}
    return Column(
        int(kept["index"]),
        str(kept["name"]),
        role,
        int(kept.get("confidence", 100)),
        Saying(str(reason.get("text", "")), dict(reason.get("params", {}))),
    )
