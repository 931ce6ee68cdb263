"""Publishing reports over the API: approved, published, listed, withdrawn, and taken back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api import SIGNED_IN, Api, Out, Page, PageRequest
from app.kernel import undo
from app.kernel.registry import ReportDefinition
from app.reports import (
    asking,
    commands,
    pack_commands,
    pack_queries,
    pack_views,
    proposals,
    queries,
    views,
)
from app.reports.api import (
    PUBLISH,
    READ,
    MadeOut,
    PublishedPackOut,
    ReportOut,
    ReportQuery,
    VersionIn,
    at_home,
    period_for,
    report_out,
)
from app.reports.document import Report

published = Api("published_reports")


class PublishIn(ReportQuery):
    """Which days, in the words of the report's address, and a note to the client."""

    note: Annotated[str, Field(max_length=commands.MAX_NOTE)] = ""


class AskedOut(Out):
    """The approval that publishing waits for; null where nothing has to be approved."""

    approval_id: UUID | None


class PublishedReportOut(Out):
    """A published report's head; `pack_id` where it stands in a pack, which goes as a whole."""

    id: UUID
    key: str
    title: str
    first_on: date
    last_on: date
    currency: str
    books_version: int
    note: str
    published_at: datetime
    withdrawn_at: datetime | None
    pack_id: UUID | None
    superseded: bool


class WithdrawnReportOut(PublishedReportOut):
    """What was withdrawn, with the token that takes it back for a day."""

    undo: UUID


class WithdrawnPackOut(PublishedPackOut):
    """What was withdrawn, with the token that takes it back for a day."""

    undo: UUID


class ProposedReportOut(Out):
    """One report of a proposal, with its heading and the words before its figures."""

    title: str
    first: date
    last: date
    note: str
    report: ReportOut


class ProposalOut(Out):
    """A report, or a pack of several, exactly as it is published once `approval_id` is granted."""

    id: UUID
    line: str
    approval_id: UUID | None
    pack_id: UUID | None
    title: str
    narrative: str
    first: date
    last: date
    reports: list[ProposedReportOut]


def _with_undo(head: Any, model: type[Out], token: UUID) -> dict[str, Any]:
    names = [name for name in model.model_fields if name != "undo"]
    return {"undo": token, **{name: getattr(head, name) for name in names}}


def _as_published(report_key: str, body: PublishIn) -> tuple[ReportDefinition, Report]:
    definition, period = period_for(report_key, body)
    return definition, asking.in_clients_words(definition, period)


@published.post(
    "/clients/<client>/reports/<report_key>/approval",
    needs=SIGNED_IN,
    request=PublishIn,
    response=AskedOut,
    summary="Send a report for approval before it is published",
)
def ask_report(report_key: str, body: PublishIn) -> object:
    """Of figures and note as they stand; what changes afterwards is asked anew."""
    with at_home():
        definition, report = _as_published(report_key, body)
        asking.demand(definition.line, "publish")
        return {"approval_id": proposals.ask_report(report, line=definition.line, note=body.note)}


@published.post(
    "/clients/<client>/reports/<report_key>/publish",
    needs=SIGNED_IN,
    request=PublishIn,
    response=MadeOut,
    status=201,
    summary="Publish a report to the client",
)
def publish_report(report_key: str, body: PublishIn) -> object:
    """Freezes the figures as the books are now; 409 `approval-needed` by a rule."""
    with at_home():
        definition, report = _as_published(report_key, body)
        return {"id": commands.publish_report(report, line=definition.line, note=body.note)}


@published.post(
    "/clients/<client>/report-packs/<uuid:pack_id>/approval",
    needs=PUBLISH,
    request=VersionIn,
    response=AskedOut,
    summary="Send a report pack for approval before it is published",
)
def ask_pack(pack_id: UUID, body: VersionIn) -> object:
    """Of figures and words as they stand; what changes afterwards is asked anew."""
    with at_home():
        found = pack_queries.pack(pack_id)
        chapters = [(one.report, one.words) for one in pack_views.built(found)]
        asked = proposals.ask_pack(pack_id, chapters, version=body.version)
    return {"approval_id": asked}


@published.get(
    "/clients/<client>/report-proposals/<uuid:proposal_id>",
    needs=SIGNED_IN,
    response=ProposalOut,
    summary="What is to be published, as an approval's hash covers it",
)
def proposal(proposal_id: UUID) -> object:
    """The id stands in the approval's content as `_proposal`."""
    found = views.looked_at(proposal_id)
    told = ("title", "first", "last", "note")
    reports = [
        {**{name: getattr(one, name) for name in told}, "report": report_out(one.report)}
        for one in found.reports
    ]
    head = {name: getattr(found, name) for name in ProposalOut.model_fields if name != "reports"}
    return {**head, "reports": reports}


@published.get(
    "/clients/<client>/published-reports",
    needs=READ,
    response=PublishedReportOut,
    paged=True,
    summary="Published reports, newest first",
)
def published_reports(page: PageRequest) -> Page[Any]:
    """What has been published, those of packs too."""
    found = queries.published_page(page.after, limit=page.limit)
    return Page(items=list(found.rows), next=found.next)


@published.post(
    "/clients/<client>/published-reports/<uuid:report_id>/withdraw",
    needs=PUBLISH,
    response=WithdrawnReportOut,
    summary="Withdraw a published report",
)
def withdraw_report(report_id: UUID) -> object:
    """Takes a report from the portal; it stays on record."""
    token = commands.withdraw_report(report_id, line=queries.published_report(report_id).head.line)
    return _with_undo(queries.published_report(report_id).head, WithdrawnReportOut, token)


@published.post(
    "/clients/<client>/published-packs/<uuid:publication_id>/withdraw",
    needs=PUBLISH,
    response=WithdrawnPackOut,
    summary="Withdraw a published report pack",
)
def withdraw_pack(publication_id: UUID) -> object:
    """Takes a pack from the portal; it stays on record."""
    line = pack_queries.published_pack(publication_id).head.line
    token = pack_commands.withdraw_pack(publication_id, line=line)
    return _with_undo(pack_queries.published_pack(publication_id).head, WithdrawnPackOut, token)


@published.post(
    "/clients/<client>/reports/undo/<uuid:token>",
    needs=PUBLISH,
    status=204,
    summary="Take a withdrawal back",
)
def take_back(token: UUID) -> None:
    """Shows what was withdrawn again, once, within a day; 404 `undo-not-possible` afterwards."""
    undo.take(token)
