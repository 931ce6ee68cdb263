"""Files of reports over the API: at once where a request has time for it, else ordered."""

from __future__ import annotations

from uuid import UUID

from flask import Response, g, url_for

from app.api import SIGNED_IN, Api, Download, accepted
from app.kernel import scope, storage
from app.kernel.errors import TooLarge
from app.reports import asking, file_views, orders, pack_files, pack_queries
from app.reports.api import ReportQuery, at_home, period_for
from app.reports.orders import Ending
from app.reports.pack_queries import PublishedPackWhole

files = Api("report_files")


class FileQuery(ReportQuery):
    """Which days, and the kind of file."""

    format: Ending


@files.get(
    "/clients/<client>/reports/<report_key>/file",
    needs=SIGNED_IN,
    query=FileQuery,
    summary="A report as CSV, XLSX or PDF, at once",
)
def report_file(report_key: str, query: FileQuery) -> Response:
    """The file where a request has time for it; 413 `report-file-large` where it is ordered."""
    with at_home():
        definition, period = period_for(report_key, query)
        made = file_views.made(definition, period, query.format)
        if made is None:
            raise TooLarge("report-file-large")
        return made


@files.post(
    "/clients/<client>/reports/<report_key>/files",
    needs=SIGNED_IN,
    request=FileQuery,
    status=202,
    summary="Order a report as CSV, XLSX or PDF",
)
def order_report_file(report_key: str, body: FileQuery) -> object:
    """202 with the job; when it is done its `href` is the file, for a week."""
    with at_home():
        definition, period = period_for(report_key, body)
        orders.check(definition, period, body.format)
        link = url_for(
            "api_report_files.kept_report_file", client=g.api_client.slug, stored_id=orders.NO_ID
        )
        order = file_views.order_of(definition, period, body.format, link)
        return accepted(orders.place(order, definition))


def _pack(publication_id: UUID) -> PublishedPackWhole:
    """The pack for whoever may take its file; the client's people see no withdrawn one."""
    client_side = scope.current().rights.side == "client"
    found = pack_queries.published_pack(publication_id, at_portal=client_side)
    asking.demand(found.head.line, "export")
    return found


@files.get(
    "/clients/<client>/published-packs/<uuid:publication_id>/file",
    needs=SIGNED_IN,
    summary="A published report pack as PDF",
)
def published_pack_file(publication_id: UUID) -> Download:
    """The typeset file; 404 `pack-file-not-made` until its job is done."""
    found = _pack(publication_id)
    head = pack_files.head(publication_id)
    rows = sum(len(one.report.rows) for one in found.reports)
    asking.looked("published_pack", publication_id, found.head.line, exported=rows)
    return Download(storage.open(head.id), head.media_type, head.name)


@files.post(
    "/clients/<client>/published-packs/<uuid:publication_id>/files",
    needs=SIGNED_IN,
    status=202,
    summary="Order the PDF of a published report pack",
)
def order_published_pack_file(publication_id: UUID) -> object:
    """202 with the job. Publishing orders it too: this is for where that failed."""
    found = _pack(publication_id)
    return accepted(pack_files.order(publication_id, line=found.head.line))


@files.get(
    "/clients/<client>/report-files/<uuid:stored_id>",
    needs=SIGNED_IN,
    summary="A file that was ordered",
)
def kept_report_file(stored_id: UUID) -> Download:
    """Streams it; each taking is logged."""
    head = orders.kept(stored_id)
    return Download(storage.open(stored_id), head.media_type, head.name)
