"""Readings over the API: what waits, the fields of a paper, correcting, confirming, and back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api import Api, Page, PageRequest
from app.api.schema import In, MinorUnits, Out
from app.documents import queries as papers
from app.documents.readings import commands, doubts, learning, learnt, queries, said
from app.documents.readings.models import ReadingView
from app.documents.readings.said import Value
from app.kernel import clock, money, reads, undo
from app.kernel.errors import Conflict, Invalid, NotFound

api = Api("document_readings")
ONE = "/clients/<client>/documents/<uuid:document_id>/reading"
READ, CHECK = "document.read", "document.check"
Typed = dict[
    Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$")],
    Annotated[str, Field(max_length=2_000)] | None,
]


class FieldOut(Out):
    """One field: an amount's `minor` units, a date's `on_day`, `confidence` of 1, where it came
    from and its place: left, top, right and bottom as parts of the page."""

    field: str
    value: str | None
    minor: MinorUnits | None
    on_day: date | None
    confidence: Decimal
    method: str
    is_doubtful: bool
    page: int | None
    place: list[float] | None


class DoubtOut(Out):
    """Something that does not fit together."""

    field: str
    code: str


class LineOut(Out):
    """One line of the invoice; `tax_rate` in per cent."""

    name: str | None
    quantity: str | None
    unit_price: str | None
    net_minor: MinorUnits | None
    tax_rate: str | None


class ReadingOut(Out):
    """What was read off a paper. `state` is `to_check`, `machine` (accepted without a person),
    `confirmed`, `nothing` or `refused` with its `code`. A file may hold several invoices: this
    is its `no`th, beside `further` others."""

    id: UUID
    document_id: UUID
    state: str
    code: str | None
    kind: str
    method: str | None
    pages: int
    pages_read: int
    no: int
    further: int
    made_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    version: int
    fields: list[FieldOut]
    lines: list[LineOut]
    doubts: list[DoubtOut]


class DecidedOut(ReadingOut):
    """What was read, as it stands after an act; `undo` is the token of the way back, for a day."""

    undo: UUID


class WaitingOut(Out):
    """A paper that waits for a person's look; `total` in minor units."""

    reading_id: UUID
    document_id: UUID
    no: int
    name: str
    seller: str | None
    number: str | None
    total: MinorUnits | None
    currency: str | None
    doubtful: int
    added_at: datetime


class SayIn(In):
    """Fields by name as they should stand, for this version of the reading.

    Amounts as decimal numbers with a point, dates as 2026-12-31; null where the paper says none.
    What is left out stays.
    """

    version: int
    fields: Typed = Field(default_factory=dict)


class VersionIn(In):
    """For this version of the reading."""

    version: int


class InvoiceQuery(In):
    """Which of the invoices that the file holds, from 1."""

    invoice: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class AgainQuery(InvoiceQuery):
    """The version of the reading, to have it read again though somebody worked on it."""

    version: int | None = None


class AskedOut(Out):
    """The job that reads; `undo` is the token of the way back to what was read before, if any."""

    job_id: UUID
    undo: UUID | None


@api.get(
    "/clients/<client>/documents/to-check",
    needs=READ,
    response=WaitingOut,
    paged=True,
    summary="Documents to look at, the oldest first",
)
def waiting(page: PageRequest) -> Page[Any]:
    """Papers whose fields wait for a person."""
    found = queries.waiting(after=page.after, limit=page.limit)
    return Page(items=list(found.rows), next=found.next)


@api.get(
    ONE, needs=READ, query=InvoiceQuery, response=ReadingOut, summary="What was read off a document"
)
def reading(document_id: UUID, query: InvoiceQuery) -> object:
    """The reading that counts; 404 while the paper was not read."""
    head = papers.head(document_id)
    reads.leave(reads.Look("document", head.line, head.id))
    return _out(_of(document_id, query))


@api.post(
    ONE,
    needs=CHECK,
    query=InvoiceQuery,
    request=SayIn,
    response=ReadingOut,
    summary="Correct fields",
)
def correct(document_id: UUID, body: SayIn, query: InvoiceQuery) -> object:
    """409 when somebody changed the reading meanwhile."""
    found = _of(document_id, query)
    commands.correct(found.id, version=body.version, typed=_typed(found, body.fields))
    return _out(_of(document_id, query))


@api.post(
    f"{ONE}/confirm",
    needs=CHECK,
    query=InvoiceQuery,
    request=SayIn,
    response=DecidedOut,
    summary="Confirm",
)
def confirm(document_id: UUID, body: SayIn, query: InvoiceQuery) -> object:
    """Corrects and says that the paper is right; corrections are learnt for its supplier."""
    found = _of(document_id, query)
    typed = _typed(found, body.fields)
    _changed, token = commands.confirm(found.id, version=body.version, typed=typed)
    return {**_out(_of(document_id, query)), "undo": token}


@api.post(
    f"{ONE}/aside",
    needs=CHECK,
    query=InvoiceQuery,
    request=VersionIn,
    response=DecidedOut,
    summary="No invoice",
)
def set_aside(document_id: UUID, body: VersionIn, query: InvoiceQuery) -> object:
    """Says that the paper is no invoice."""
    token = commands.set_aside(_of(document_id, query).id, version=body.version)
    return {**_out(_of(document_id, query)), "undo": token}


@api.post(
    f"{ONE}/open",
    needs=CHECK,
    query=InvoiceQuery,
    request=VersionIn,
    response=ReadingOut,
    summary="Look at it once more",
)
def open_again(document_id: UUID, body: VersionIn, query: InvoiceQuery) -> object:
    """Puts a decided paper among those to look at."""
    commands.open_again(_of(document_id, query).id, version=body.version)
    return _out(_of(document_id, query))


@api.post(
    f"{ONE}/again",
    needs=CHECK,
    query=AgainQuery,
    response=AskedOut,
    status=202,
    summary="Read a document again",
)
def read_again(document_id: UUID, query: AgainQuery) -> object:
    """A job reads it once more, with all that was learnt since. 409 where somebody worked on what
    was read and `version` is not the one that stands."""
    head = papers.head(document_id)
    job, token = commands.read_again(
        head.id, line=head.line, version=query.version, no=query.invoice
    )
    return {"job_id": job, "undo": token}


@api.post(
    f"{ONE}/forget",
    needs=CHECK,
    query=InvoiceQuery,
    response=DecidedOut,
    summary="Forget what a supplier taught",
)
def forget(document_id: UUID, query: InvoiceQuery) -> object:
    """Drops what corrections taught about this paper's supplier; 409 when there is nothing."""
    found = _of(document_id, query)
    who = learning.supplier(found.values)
    if who is None or not learnt.of(who):
        raise Conflict("nothing-learnt")
    return {**_out(found), "undo": learnt.forget(who)}


@api.post(
    "/clients/<client>/documents/to-check/undo/<uuid:token>",
    needs=CHECK,
    status=204,
    summary="Take the last act on a reading back",
)
def take_back(token: UUID) -> None:
    """A decision, a further reading, or what was forgotten of a supplier, once, within a day; 404
    `undo-not-possible` afterwards."""
    undo.take(token)


def _of(document_id: UUID, query: InvoiceQuery) -> ReadingView:
    found = queries.current(papers.head(document_id).id, query.invoice)
    if found is None:
        raise NotFound
    return found


def _out(found: ReadingView) -> dict[str, Any]:
    return {
        **{name: getattr(found, name) for name in ReadingOut.model_fields if name in _PLAIN},
        "fields": [found.fields[name] for name in said.FIELDS if name in found.fields],
        "lines": found.lines,
        "doubts": list(doubts.of(found.values, today=clock.today())),
    }


_PLAIN = frozenset(ReadingOut.model_fields) - {"fields", "lines", "doubts"}


def _typed(found: ReadingView, fields: Typed) -> dict[str, Value | None]:
    asked = fields.get("currency")
    currency = asked if asked is not None else found.currency
    if asked is not None and asked not in money.CURRENCIES:
        raise Invalid.of("fields.currency", "currency-not-known")
    return {name: _value(name, text, currency) for name, text in fields.items()}


def _value(name: str, text: str | None, currency: str | None) -> Value | None:
    if name not in said.FIELDS:
        raise Invalid.of(f"fields.{name}", "not-a-choice")
    if not (plain := (text or "").strip().replace("\0", "")):
        return None
    if name in said.DAYS:
        try:
            day = date.fromisoformat(plain)
        except ValueError:
            raise Invalid.of(f"fields.{name}", "not-a-date") from None
        return Value(day.isoformat(), on_day=day)
    if name in said.AMOUNTS:
        if currency not in money.CURRENCIES:
            raise Invalid.of("fields.currency", "currency-not-known")
        try:
            minor = money.parse_amount(plain, currency)
        except money.NotAnAmount as fault:
            raise Invalid.of(f"fields.{name}", fault.code, currency=currency) from fault
        return Value(said.amount_text(minor, currency), minor=minor)
    return Value(plain)
