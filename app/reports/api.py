"""Reports over the API: computed, published as packs, withdrawn; figures lead to their postings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from flask import g
from pydantic import Field

from app.api import SIGNED_IN, Api, In, MinorUnits, Out, Page, PageRequest
from app.kernel import paging
from app.kernel.registry import ReportDefinition
from app.reports import asking, pack_commands, pack_queries, pack_views, stored
from app.reports.behind import Cursor
from app.reports.document import Report
from app.reports.pack_commands import Draft, Part
from app.reports.pack_queries import PublishedPackWhole
from app.reports.period import Period
from app.web import context, recall

api = Api("reports")

READ, PUBLISH = "accounting.read", "accounting.publish"
Word = Annotated[str, Field(max_length=40)]


class DefinitionOut(Out):
    """A report that can be asked for."""

    key: str
    title: str
    point_in_time: bool
    comparisons: list[str]


class ReportQuery(In):
    """Which days and what beside them: `period` with `span`, or `from` and `to`, or `on`."""

    period: Word | None = None
    span: Word | None = None
    from_: Annotated[str | None, Field(max_length=40, alias="from")] = None
    to: Word | None = None
    on: Word | None = None
    cmp: Word | None = None
    share: Annotated[str | None, Field(max_length=1)] = None
    corrected: Annotated[str | None, Field(max_length=1)] = None


class CellQuery(ReportQuery):
    """A figure of a report as `<row key>:<column key>`."""

    cell: Annotated[str, Field(max_length=160)] = ""


class ColumnOut(Out):
    """A column: amounts in minor units, changes and shares in tenths of a percent."""

    key: str
    title: str
    kind: str
    first: date | None
    last: date | None


class ReportRowOut(Out):
    """A row; amounts follow the columns, a sum names its parts by their keys and signs."""

    key: str
    kind: str
    code: str
    title: str
    on: date | None
    amounts: list[MinorUnits | None]
    parts: list[tuple[str, int]]


class ReportOut(Out):
    """A report with the version of the books it was computed from."""

    key: str
    title: str
    currency: str
    first: date
    last: date
    comparison: str
    books_version: int
    columns: list[ColumnOut]
    rows: list[ReportRowOut]


class LineOut(Out):
    """One posting behind a figure, with the sign the figure gives it."""

    entry_id: UUID
    no: int
    on: date
    label: str
    text: str
    code: str
    account: str
    counterparty: str | None
    amount: MinorUnits
    who: str


class PartIn(In):
    """One report of a pack: its key, what stands beside (`cmp`), and the words before it."""

    key: Word
    cmp: Word = "previous"
    share: bool = False
    words: Annotated[str, Field(max_length=10_000)] = ""


class PackIn(In):
    """A pack: title, days, words, and its reports in their order."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    first_on: date
    last_on: date
    narrative: Annotated[str, Field(max_length=10_000)] = ""
    parts: Annotated[list[PartIn], Field(min_length=1, max_length=40)]

    @property
    def draft(self) -> Draft:
        """The pack as the command takes it."""
        parts = (Part(one.key, one.cmp, one.share, one.words) for one in self.parts)
        return Draft(self.title, self.first_on, self.last_on, tuple(parts), self.narrative)


class PackChangeIn(PackIn):
    """A changed pack with the version the caller has seen."""

    version: Annotated[int, Field(ge=1, lt=2**31)]


class VersionIn(In):
    """The version of the draft that was looked at."""

    version: Annotated[int, Field(ge=1, lt=2**31)]


class PartOut(Out):
    """One report of a pack."""

    key: str
    comparison: str
    share: bool
    words: str


class PackOut(Out):
    """A pack in the making."""

    id: UUID
    title: str
    narrative: str
    first_on: date
    last_on: date
    parts: list[PartOut]
    version: int


class PublishedPackOut(Out):
    """A published pack's head."""

    id: UUID
    pack_id: UUID
    title: str
    narrative: str
    first_on: date
    last_on: date
    books_version: int
    published_at: datetime
    withdrawn_at: datetime | None
    superseded: bool


class PublishedWholeOut(PublishedPackOut):
    """A published pack with its reports as they stood."""

    reports: list[ReportOut]


class MadeOut(Out):
    """The id of what was made."""

    id: UUID


@contextmanager
def at_home() -> Iterator[None]:
    """The client of the call as the pages know it: its time zone, language and addresses."""
    context.place().client = recall.head_of(g.api_client)
    yield


def report_out(report: Report) -> dict[str, Any]:
    """A report as ReportOut shows it."""
    rows = [
        {
            "key": row.key,
            "kind": row.kind.value,
            "code": row.code,
            "title": row.title,
            "on": row.on,
            "amounts": row.amounts,
            "parts": [(part.row, part.sign) for part in row.parts],
        }
        for row in report.rows
    ]
    values = stored.to_json(replace(report, rows=()))
    return {**values, "columns": report.columns, "rows": rows}


def period_for(report_key: str, query: ReportQuery) -> tuple[ReportDefinition, Period]:
    """Which report is asked for, and of which days."""
    definition = asking.definition_of(report_key)
    given = query.model_dump(by_alias=True, exclude={"cell", "format", "note"})
    return definition, asking.period_of(definition, {k: v for k, v in given.items() if v})


def _asked(report_key: str, query: ReportQuery) -> tuple[ReportDefinition, Report]:
    definition, period = period_for(report_key, query)
    asking.looked("report", None, definition.line)
    return definition, asking.build(definition, period)


@api.get(
    "/clients/<client>/reports",
    needs=SIGNED_IN,
    response=DefinitionOut,
    paged=True,
    summary="Reports that can be asked for",
)
def definitions(page: PageRequest) -> Page[Any]:
    """All reports of the caller's lines on one page."""
    found = [
        {
            "key": one.key,
            "title": str(one.title),
            "point_in_time": one.point_in_time,
            "comparisons": list(one.comparisons),
        }
        for one in asking.offered()
    ]
    return Page(items=found, next=None)


@api.get(
    "/clients/<client>/reports/<report_key>",
    needs=SIGNED_IN,
    query=ReportQuery,
    response=ReportOut,
    summary="A report, computed from the books as they are now",
)
def report(report_key: str, query: ReportQuery) -> object:
    """One report; the same words as in the address of its page."""
    with at_home():
        return report_out(_asked(report_key, query)[1])


@api.get(
    "/clients/<client>/reports/<report_key>/postings",
    needs=SIGNED_IN,
    query=CellQuery,
    response=LineOut,
    paged=True,
    summary="The postings that a figure sums",
)
def postings(report_key: str, query: CellQuery, page: PageRequest) -> Page[Any]:
    """The postings behind a figure, oldest first; they add up to it."""
    with at_home():
        definition, found = _asked(report_key, query)
        cell = asking.cell_of(found, query.cell)
        if not cell.slices:
            return Page(items=[], next=None)
        behind = asking.behind(definition, cell.slices, after=_cursor(page.after), limit=page.limit)
        return Page(items=behind.lines, next=paging.encode(behind.next) if behind.next else None)


def _cursor(after: str | None) -> Cursor | None:
    return paging.keys(after, date.fromisoformat, UUID, int)


@api.get(
    "/clients/<client>/report-packs",
    needs=READ,
    response=PackOut,
    paged=True,
    summary="Report packs in the making",
)
def packs(page: PageRequest) -> Page[Any]:
    """The packs of the client, the latest month first."""
    found = pack_queries.packs_page(page.after, limit=page.limit)
    return Page(items=list(found.rows), next=found.next)


@api.post(
    "/clients/<client>/report-packs",
    needs=PUBLISH,
    request=PackIn,
    response=MadeOut,
    status=201,
    summary="Make a report pack",
)
def create_pack(body: PackIn) -> object:
    """Makes a pack; publishing it is a call of its own."""
    return {"id": pack_commands.create_pack(body.draft, line=pack_views.line_of(body.draft))}


@api.get(
    "/clients/<client>/report-packs/<uuid:pack_id>",
    needs=READ,
    response=PackOut,
    summary="A report pack in the making",
)
def pack(pack_id: UUID) -> object:
    """One pack."""
    return pack_queries.pack(pack_id)


@api.put(
    "/clients/<client>/report-packs/<uuid:pack_id>",
    needs=PUBLISH,
    request=PackChangeIn,
    response=PackOut,
    summary="Change a report pack",
)
def change_pack(pack_id: UUID, body: PackChangeIn) -> object:
    """Changes a pack; 409 when somebody else did since."""
    pack_views.line_of(body.draft)
    pack_commands.change_pack(pack_id, body.draft, version=body.version)
    return pack_queries.pack(pack_id)


@api.post(
    "/clients/<client>/report-packs/<uuid:pack_id>/publish",
    needs=PUBLISH,
    request=VersionIn,
    response=MadeOut,
    status=201,
    summary="Publish a report pack to the client",
)
def publish_pack(pack_id: UUID, body: VersionIn) -> object:
    """Freezes reports, words and notes as they are now; 409 `approval-needed` by a rule."""
    with at_home():
        found = pack_queries.pack(pack_id)
        chapters = [(one.report, one.words) for one in pack_views.built(found)]
        made = pack_commands.publish_pack(pack_id, chapters, line=found.line, version=body.version)
    return {"id": made}


@api.get(
    "/clients/<client>/published-packs",
    needs=READ,
    response=PublishedPackOut,
    paged=True,
    summary="Published report packs, newest first",
)
def published_packs(page: PageRequest) -> Page[Any]:
    """What has been published."""
    found = pack_queries.published_page(page.after, limit=page.limit)
    return Page(items=list(found.rows), next=found.next)


@api.get(
    "/clients/<client>/published-packs/<uuid:publication_id>",
    needs=READ,
    response=PublishedWholeOut,
    summary="A published report pack with its figures as they stood",
)
def published_pack(publication_id: UUID) -> object:
    """One published pack, from what was stored."""
    found: PublishedPackWhole = pack_queries.published_pack(publication_id)
    asking.looked("published_pack", publication_id, found.head.line)
    head = {name: getattr(found.head, name) for name in PublishedPackOut.model_fields}
    return {**head, "reports": [report_out(one.report) for one in found.reports]}
