"""Published reports over the API: listed, withdrawn, and a withdrawal taken back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.api import Api, Out, Page, PageRequest
from app.kernel import undo
from app.reports import commands, pack_commands, pack_queries, queries
from app.reports.api import PUBLISH, READ, PublishedPackOut

published = Api("published_reports")


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


def _with_undo(head: Any, model: type[Out], token: UUID) -> dict[str, Any]:
    names = [name for name in model.model_fields if name != "undo"]
    return {"undo": token, **{name: getattr(head, name) for name in names}}


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
