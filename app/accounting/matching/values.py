"""What the matching works on and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal
from uuid import UUID

from app.accounting.coding import Coding

Kind = Literal["kept", "entry", "open_item", "transfer", "rule", "memory"]
Certainty = Literal["certain", "likely", "unsure"]
Direction = Literal["in", "out", "any"]

MOST = 9
"""How many suggestions a line has at most: one for each digit key."""


@dataclass(frozen=True, slots=True)
class Line:
    """A bank line to be explained; the amount is positive for money into the account."""

    id: UUID
    bank_account_id: UUID
    account_id: UUID
    """The bank account's account in the books."""
    booked_on: date
    amount_minor: int
    currency: str
    counterparty: str | None = None
    counterparty_account: str | None = None
    reference: str | None = None
    end_to_end_id: str | None = None
    text: str = ""
    party_key: str | None = None
    """What app.party_key makes of the line: the same for all lines of one party."""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A posting on a control account that is not settled; residual debit positive.

    A line settles it whose amount has the sign of the residual: money in for a receivable.
    """

    entry_id: UUID
    no: int
    account_id: UUID
    counterparty_id: UUID
    counterparty: str
    control: str
    booked_on: date
    due_on: date | None
    reference: str | None
    currency: str
    residual_minor: int
    residual_base_minor: int = 0
    """The same as it was booked in base currency."""

    @property
    def key(self) -> tuple[UUID, int]:
        """The posting it is."""
        return self.entry_id, self.no


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry on a bank account's account that no line of that bank account points at yet."""

    id: UUID
    account_id: UUID
    booked_on: date
    amount_minor: int
    currency: str
    label: str
    description: str
    parties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of app.bank_rule: when a line fits all that is given, it is coded like this.

    Amounts are without sign, both ends included. Patterns hold words that must occur, without
    regard to case and accents; `*` stands for anything between.
    """

    id: UUID
    name: str
    position: int
    account_id: UUID
    direction: Direction = "any"
    bank_account_id: UUID | None = None
    amount_from_minor: int | None = None
    amount_to_minor: int | None = None
    currency: str | None = None
    party_pattern: str | None = None
    text_pattern: str | None = None
    tax_code: str | None = None
    dim1_id: UUID | None = None
    dim2_id: UUID | None = None
    counterparty_id: UUID | None = None
    memo: str | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """How lines of one party and direction were booked before: one row for each way."""

    party: str
    """The party's key or account number."""
    incoming: bool
    times: int
    account_id: UUID | None
    """None where the coding cannot be repeated: a split, or a transfer between own accounts."""
    tax_code: str | None = None
    dim1_id: UUID | None = None
    dim2_id: UUID | None = None
    counterparty_id: UUID | None = None
    control: str | None = None
    least_minor: int = 0
    most_minor: int = 0
    last_on: date = date.min
    texts: tuple[str, ...] = ()
    """The newest texts booked this way."""


@dataclass(frozen=True, slots=True)
class FeePast:
    """How the fee of a processor was coded before, and what share of the gross it was."""

    account_id: UUID
    share: float
    tax_code: str | None = None
    dim1_id: UUID | None = None
    dim2_id: UUID | None = None

    @property
    def where(self) -> tuple[UUID, str | None, UUID | None, UUID | None]:
        """The coding without the share."""
        return self.account_id, self.tax_code, self.dim1_id, self.dim2_id


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """A bank account of the client with every number it is known by."""

    id: UUID
    account_id: UUID
    name: str
    currency: str
    numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a suggestion is made: a code with parameters, told by `matching.words`."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ItemShare:
    """So much of an open item is settled, with the sign of its residual, in its currency."""

    entry_id: UUID
    no: int
    amount_minor: int
    account_id: UUID
    counterparty_id: UUID
    reference: str | None = None
    currency: str | None = None
    """None where it is the line's."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a line could be. Only `certain` ones may be accepted without being looked at.

    - kept: how a person coded the line while it was pending; no guess, and always first.
    - entry: `entry_id` is there already, the line only points at it; several may be one line, and
      several lines one entry. A payout's entries leave a fee, which `coding` books.
    - open_item: `open_items` are settled; `coding` has one part for each, on its control account.
    - transfer: `coding` is the other own account's account; `other_line_id` its line, if it came.
    - rule, memory: `coding` says how to book it.

    `difference_minor` is what open items or entries leave of the line (line minus them): a fee or
    a discount that a person codes. It is nought in everything certain.
    """

    kind: Kind
    certainty: Certainty
    probability: float
    reason: Reason
    coding: Coding | None = None
    entry_id: UUID | None = None
    open_items: tuple[ItemShare, ...] = ()
    other_line_id: UUID | None = None
    more_entry_ids: tuple[UUID, ...] = ()
    """The entries that the line is together with `entry_id`."""
    with_line_ids: tuple[UUID, ...] = ()
    """The lines that are `entry_id` together with this one."""
    rule_id: UUID | None = None
    difference_minor: int = 0
    details: tuple[Reason, ...] = ()
    """What speaks for and against it, most telling first."""
