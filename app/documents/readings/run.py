"""Starts the reading of a file in a process of its own and takes its answer, which it checks."""

from __future__ import annotations

import signal
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.documents.readings import child, warm

log = structlog.get_logger("documents")
SECONDS = 50.0
"""The clock for one paper; the child ends itself before."""
MOST_ANSWER = 40_000_000

Part = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(max_length=child.MOST_PAGE_TEXT)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FoundField(_Strict):
    """One field as the child says it; `place` in parts of the page, `page` counts from 1."""

    field: Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$")]
    value: Annotated[str, Field(min_length=1, max_length=2_000)]
    minor: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    on_day: date | None = None
    confidence: Part
    page: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    place: tuple[Part, Part, Part, Part] | None = None
    method: Literal["template"] | None = None
    template_id: UUID | None = None


class FoundLine(_Strict):
    """One line of the invoice; numbers as text."""

    name: Annotated[str, Field(max_length=2_000)] | None
    quantity: Annotated[str, Field(max_length=60)] | None
    unit_price: Annotated[str, Field(max_length=60)] | None
    net_minor: int | None
    tax_rate: Annotated[str, Field(max_length=60)] | None


class FoundFault(_Strict):
    """A rule that an e-invoice breaks."""

    rule: Annotated[str, Field(max_length=40)]
    what: Annotated[str, Field(max_length=2_000)]
    line: int | None = None


class FoundSheet(_Strict):
    """The words of a page, for what was learnt: text, left, top, right, bottom in points."""

    no: int
    width: float
    height: float
    turned: int
    words: Annotated[
        list[tuple[str, float, float, float, float]], Field(max_length=child.MOST_WORDS)
    ]


class FoundInvoice(_Strict):
    """A further invoice of a file that holds a lot of them."""

    fields: Annotated[list[FoundField], Field(max_length=40)]
    lines: Annotated[list[FoundLine], Field(max_length=child.MOST_LINES)]


class Answer(_Strict):
    """What became of a file: read, nothing in it that is an invoice, or not readable (`code`)."""

    state: Literal["read", "nothing", "refused"]
    code: Annotated[str, Field(pattern="^[a-z][a-z-]{1,60}$")] | None = None
    kind: Annotated[str, Field(pattern="^[a-z]{1,20}$")]
    method: Literal["xml", "text", "ocr"] | None = None
    pages: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    pages_read: Annotated[int, Field(ge=0)] = 0
    further: Annotated[int, Field(ge=0)] = 0
    texts: Annotated[list[Text], Field(max_length=child.MOST_PAGES)] = []
    fields: Annotated[list[FoundField], Field(max_length=40)] = []
    lines: Annotated[list[FoundLine], Field(max_length=child.MOST_LINES)] = []
    others: Annotated[list[FoundInvoice], Field(max_length=child.MOST_INVOICES)] = []
    faults: Annotated[list[FoundFault], Field(max_length=50)] = []
    sheets: Annotated[list[FoundSheet], Field(max_length=20)] = []


def read(data: bytes, media_type: str, *, folder: Path, seconds: float = SECONDS) -> Answer:
    """What a file says, read in an empty folder.

    A file that breaks its reader is refused as `reading-failed`, one that takes too long as
    `reading-too-long`.
    """
    source, out = folder / "paper", folder / "answer.json"
    source.write_bytes(data)
    try:
        ended = warm.read(warm.Asked(source, media_type, out, folder, seconds))
    except warm.Gone:
        return _refused("reading-failed")
    if ended is None:
        return _refused("reading-too-long")
    try:
        with out.open("rb") as stream:
            return Answer.model_validate_json(stream.read(MOST_ANSWER))
    except (OSError, ValidationError) as fault:
        log.info("reading failed", code=ended, fault=type(fault).__name__)
        slow = ended in {-signal.SIGXCPU, -signal.SIGKILL}
        return _refused("reading-too-long" if slow else "reading-failed")


def _refused(code: str) -> Answer:
    return Answer(state="refused", code=code, kind="file")
