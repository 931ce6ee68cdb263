"""What reconciling takes in and gives out over the API."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.accounting.coding import MAX_PARTS
from app.api.schema import CurrencyCode, In, MinorUnits, Out

Version = Annotated[int, Field(ge=1, lt=2**31)]
Text = Annotated[str, Field(max_length=500)]
Rate = Annotated[Decimal, Field(gt=0, lt=10**9, max_digits=20, decimal_places=10)]


class PartOut(Out):
    """One part of a coding, gross, with the sign of the line's other side."""

    account_id: UUID
    amount_minor: MinorUnits
    currency: str
    tax_code: str | None
    dim1_id: UUID | None
    dim2_id: UUID | None
    counterparty_id: UUID | None
    memo: str | None


class DecisionOut(Out):
    """A bank line with what was decided about it; `decided_by` is empty while it is to do.

    `kept` is how a person coded it while the bank had not booked it.
    """

    id: UUID
    version: int
    state: str
    booked_on: date
    amount_minor: MinorUnits
    currency: str
    entry_id: UUID | None
    decided_by: str | None
    decided_as: str | None
    matched: bool
    rule_id: UUID | None
    skipped_why: str | None
    status: str
    parts: list[PartOut]
    kept: list[PartOut]
    kept_by_id: UUID | None
    kept_at: datetime | None


class SuggestionOut(Out):
    """A guess; `mark` accepts exactly this one."""

    mark: str
    kind: str
    certainty: str
    probability: float
    reason: str
    entry_id: UUID | None
    other_line_id: UUID | None
    more_entry_ids: list[UUID]
    with_line_ids: list[UUID]
    rule_id: UUID | None
    difference_minor: MinorUnits
    parts: list[PartOut]


class SuggestionsOut(Out):
    """The guesses for a line, best first."""

    suggestions: list[SuggestionOut]


class ShareOut(Out):
    """One reason why bank and books differ."""

    kind: str
    count: int
    minor: MinorUnits


class BalanceOut(Out):
    """Bank against books; the shares add up to the difference."""

    currency: str
    on: date | None
    stated_on: date | None
    bank_minor: MinorUnits
    books_minor: MinorUnits
    difference_minor: MinorUnits
    to_do: int
    skipped: int
    done: int
    pending: int
    pending_minor: MinorUnits
    shares: list[ShareOut]


class CertainOut(Out):
    """The certain lines as they are now: accept them by this count and digest."""

    count: int
    digest: str
    line_ids: list[UUID]


class ActIn(In):
    """The version of the line that the caller has seen."""

    version: Version


class AcceptIn(ActIn):
    """The mark of the guess that is accepted."""

    mark: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]


class PartIn(In):
    """One part of a coding, gross; a payment of 120.00 is a part of +12000."""

    account_id: UUID
    amount_minor: MinorUnits
    tax_code: Annotated[str, Field(max_length=20)] | None = None
    dim1_id: UUID | None = None
    dim2_id: UUID | None = None
    counterparty_id: UUID | None = None
    memo: Text | None = None


class CodeIn(ActIn):
    """Parts that add up to the line with the other sign."""

    parts: Annotated[list[PartIn], Field(min_length=1, max_length=MAX_PARTS)]
    rate: Rate | None = None


class KeepIn(ActIn):
    """Parts that add up to the pending line with the other sign."""

    parts: Annotated[list[PartIn], Field(min_length=1, max_length=MAX_PARTS)]


class LineIn(In):
    """Another line with the version that was seen."""

    line_id: UUID
    version: Version


class MatchIn(ActIn):
    """The entry that the line is; with others that it is together, or lines that share the entry.

    Either `more_entry_ids` or `with_lines` is given, not both. `rest` is what entries leave of the
    line: the fee of a payout.
    """

    entry_id: UUID
    more_entry_ids: Annotated[list[UUID], Field(default_factory=list, max_length=49)]
    with_lines: Annotated[list[LineIn], Field(default_factory=list, max_length=49)]
    rest: Annotated[list[PartIn], Field(max_length=10)] | None = None


class ItemIn(In):
    """So much of an open item is settled, with the sign of its residual."""

    entry_id: UUID
    no: Annotated[int, Field(ge=1, le=32_000)]
    amount_minor: MinorUnits


class SettleIn(ActIn):
    """Open items, and a fee or discount as further parts."""

    items: Annotated[list[ItemIn], Field(min_length=1, max_length=90)]
    rest: Annotated[list[PartIn], Field(max_length=10)] | None = None
    rate: Rate | None = None


class TransferIn(ActIn):
    """The other own account, and its line where it has come."""

    bank_account_id: UUID
    other_line_id: UUID | None = None


class SkipIn(ActIn):
    """Why the line is set aside."""

    why: Text | None = None


class CertainIn(In):
    """The count and digest of the certain lines as they were shown."""

    count: Annotated[int, Field(ge=1, le=10_000)]
    digest: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class DoneOut(Out):
    """What came of an act on several lines; with a `job_id` they are booked after the answer."""

    count: int
    line_ids: list[UUID]
    undo: UUID
    job_id: UUID | None


class RuleOut(Out):
    """A bank rule; `booked` counts the lines it booked."""

    id: UUID
    name: str
    position: int
    direction: str
    bank_account_id: UUID | None
    amount_from_minor: MinorUnits | None
    amount_to_minor: MinorUnits | None
    currency: str | None
    party_pattern: str | None
    text_pattern: str | None
    account_id: UUID
    tax_code: str | None
    dim1_id: UUID | None
    dim2_id: UUID | None
    counterparty_id: UUID | None
    memo: str | None
    needs_document: bool
    version: int
    booked: int


class RuleIn(In):
    """A bank rule: which lines, and how they are booked."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    account_id: UUID
    direction: Literal["in", "out", "any"] = "any"
    bank_account_id: UUID | None = None
    amount_from_minor: Annotated[MinorUnits, Field(ge=0)] | None = None
    amount_to_minor: Annotated[MinorUnits, Field(ge=0)] | None = None
    currency: CurrencyCode | None = None
    party_pattern: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    text_pattern: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    tax_code: Annotated[str, Field(max_length=20)] | None = None
    dim1_id: UUID | None = None
    dim2_id: UUID | None = None
    counterparty_id: UUID | None = None
    memo: Text | None = None
    needs_document: bool = False


class RuleChangeIn(RuleIn):
    """A changed rule, with the version the caller has seen."""

    version: Version


class IdOut(Out):
    """The id of what was made."""

    id: UUID


class PapersOut(Out):
    """Lines that need a document: from which amount on, how many (`more` beyond), not yet asked."""

    amount_from: Decimal
    count: int
    more: bool
    unasked: list[UUID]


class PapersFromIn(In):
    """From which amount on lines need a document, in whole units of each account's currency."""

    amount_from: Annotated[Decimal, Field(ge=0, le=1_000_000_000, decimal_places=2)]


class PapersAskIn(In):
    """Lines to ask the document of, one question each, in these words."""

    line_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]
    text: Annotated[str, Field(min_length=1, max_length=1000)]


class PapersAskedOut(Out):
    """The questions made."""

    question_ids: list[UUID]
