"""A reading as screens and other packages see it: its state, its fields, what is doubted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.documents.readings import acceptance
from app.documents.readings.said import Value


@dataclass(frozen=True, slots=True)
class ReadField:
    """One field as it stands: `minor` in the paper's currency, `page` from 1, `place` in parts."""

    field: str
    value: str | None
    minor: int | None
    on_day: date | None
    confidence: Decimal
    method: str
    page: int | None
    place: tuple[float, float, float, float] | None
    said_by: UUID
    said_at: datetime
    learnt_by: UUID | None
    learnt_at: datetime | None

    @property
    def is_doubtful(self) -> bool:
        """Whether a person should look at it."""
        return self.method != "person" and float(self.confidence) < acceptance.ACCEPTED

    @property
    def as_value(self) -> Value | None:
        """The value; None where a person says that there is none."""
        return None if self.value is None else Value(self.value, self.minor, self.on_day)


@dataclass(frozen=True, slots=True)
class ReadingView:
    """One reading of a paper's content with its fields by name.

    A file that holds several invoices has a reading for each: `no` says which, `further` how many
    others there are.
    """

    id: UUID
    document_id: UUID
    version_id: UUID
    line: str
    name: str
    document_class: str
    state: str
    code: str | None
    kind: str
    method: str | None
    pages: int
    pages_read: int
    no: int
    further: int
    lines: list[dict[str, Any]]
    faults: list[dict[str, Any]]
    is_current: bool
    made_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    version: int
    fields: Mapping[str, ReadField]

    @property
    def is_worked_on(self) -> bool:
        """Whether a person corrected, decided or kept something of it."""
        return self.version > 1

    @property
    def values(self) -> dict[str, Value]:
        """The fields that say something."""
        pairs = ((name, one.as_value) for name, one in self.fields.items())
        return {name: value for name, value in pairs if value is not None}

    @property
    def currency(self) -> str | None:
        """The currency of its amounts."""
        found = self.values.get("currency")
        return found.text if found else None


@dataclass(frozen=True, slots=True)
class WaitingPaper:
    """A paper of the worklist: who sends it, how much, and how many fields are doubtful."""

    tenant_id: UUID
    reading_id: UUID
    document_id: UUID
    no: int
    name: str
    seller: str | None
    number: str | None
    total: int | None
    currency: str | None
    doubtful: int
    added_at: datetime
