"""Reports as files: the same query string as the screen, a right of its own, logged and marked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from flask import Response, request

from app.kernel import clock, words
from app.kernel.errors import TooLarge
from app.reports import asking, export, pack_queries, pdf, prose, queries, sheet
from app.reports.document import Report
from app.reports.marking import Mark
from app.reports.pack_queries import PublishedPackWhole
from app.reports.portal_views import portal
from app.reports.views import pages
from app.web import context
from app.web.pages import SIGNED_IN
from app.web.render import download

BLUEPRINTS = (pages, portal)
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def mark() -> Mark:
    """Who takes the file, when, of which client and from which provider."""
    place = context.place()
    client = context.client()
    return Mark(
        client=client.name,
        provider=place.brand.name,
        accent=place.brand.accent or "",
        person=context.actor().name,
        at=clock.now(),
        time_zone=client.time_zone,
    )


def file_name(report: Report, ending: str) -> str:
    """`harbour-lane-profit-and-loss-2026-10-31.xlsx`."""
    return f"{context.client().slug}-{report.key}-{report.last.isoformat()}.{ending}"


def _computed(report_key: str) -> Report:
    definition = asking.definition_of(report_key)
    asking.demand(definition.line, "export")
    period = asking.period_of(definition, request.args)
    report = asking.build(definition, period, whole=True)
    asking.looked("report", None, definition.line, exported=len(report.rows))
    return report


def _published(report_id: UUID) -> Report:
    found = queries.published_report(report_id, at_portal=True)
    asking.demand(found.head.line, "export")
    asking.looked("published_report", report_id, found.head.line, exported=len(found.report.rows))
    return found.report


def as_csv(report: Report) -> Response:
    """The report as CSV."""
    return download(export.csv_bytes(report), name=file_name(report, "csv"), media_type=CSV)


def as_xlsx(report: Report) -> Response:
    """The report as a workbook in the client's words."""
    with words.speaking(context.client().locale, time_zone=context.client().time_zone):
        content = sheet.workbook([report], mark())
    return download(content, name=file_name(report, "xlsx"), media_type=XLSX)


def as_pdf(report: Report, foot: str, *, note: str = "", at: datetime | None = None) -> Response:
    """The report typeset in the client's words; with `at`, the same bytes each time."""
    client = context.client()
    with words.speaking(client.locale, time_zone=client.time_zone):
        stamp = mark() if at is None else replace(mark(), at=at)
        content = pdf.typeset(
            [pdf.Chapter(report, note)],
            stamp,
            title=report.title,
            foot=foot or _foot(report, stamp),
        )
    return download(content, name=file_name(report, "pdf"), media_type="application/pdf")


def _foot(report: Report, stamp: Mark) -> str:
    version = words.format_number(report.books_version)
    return (
        f"{stamp.client} · {words.gettext('books at version %(n)s', n=version)} · {stamp.sentence}"
    )


@pages.get("/c/<client>/reports/<report_key>.pdf", needs=SIGNED_IN)
def export_pdf(report_key: str) -> Response:
    """The report typeset as PDF; beyond what a request has time for it is refused."""
    report = _computed(report_key)
    if len(report.rows) > pdf.ROWS_AT_ONCE:
        raise TooLarge("pdf-too-long", most=pdf.ROWS_AT_ONCE)
    return as_pdf(report, "")


@portal.get("/portal/<client>/reports/<uuid:report_id>.pdf", needs=SIGNED_IN, endpoint="pdf")
def published_pdf(report_id: UUID) -> Response:
    """The published figures typeset, the same bytes whenever they are asked for."""
    found = queries.published_report(report_id, at_portal=True)
    report = _published(report_id)
    client = context.client()
    with words.speaking(client.locale, time_zone=client.time_zone):
        foot = words.gettext(
            "%(client)s · books at version %(n)s · published %(when)s by %(who)s",
            client=client.name,
            n=words.format_number(report.books_version),
            when=words.format_instant(found.head.published_at),
            who=found.head.publisher,
        )
    return as_pdf(report, foot, note=found.head.note, at=found.head.published_at)


@pages.get("/c/<client>/reports/<report_key>.csv", needs=SIGNED_IN)
def export_csv(report_key: str) -> Response:
    """The report as CSV; exporting is a right of its own and is logged."""
    return as_csv(_computed(report_key))


@pages.get("/c/<client>/reports/<report_key>.xlsx", needs=SIGNED_IN)
def export_xlsx(report_key: str) -> Response:
    """The report as a workbook with real numbers and formulas for its sums."""
    return as_xlsx(_computed(report_key))


def _pack(publication_id: UUID, *, at_portal: bool) -> PublishedPackWhole:
    found = pack_queries.published_pack(publication_id, at_portal=at_portal)
    asking.demand(found.head.line, "export")
    rows = sum(len(one.report.rows) for one in found.reports)
    asking.looked("published_pack", publication_id, found.head.line, exported=rows)
    return found


def pack_pdf(found: PublishedPackWhole) -> Response:
    """The pack typeset with cover and contents: from what is stored, always the same bytes."""
    client = context.client()
    with words.speaking(client.locale, time_zone=client.time_zone):
        stamp = replace(mark(), at=found.head.published_at)
        version = words.format_number(found.head.books_version)
        content = pdf.typeset(
            [pdf.Chapter(one.report, one.head.note) for one in found.reports],
            stamp,
            title=found.head.title,
            foot=f"{client.name} · {found.head.title}",
            cover=pdf.Cover(
                _days(found),
                (
                    _published_line(found),
                    words.gettext("Books at version %(n)s", n=version),
                    found.head.content_sha.hex()[:16],
                ),
            ),
            narrative=found.head.narrative,
        )
    return download(content, name=_pack_name(found, "pdf"), media_type="application/pdf")


def _days(found: PublishedPackWhole) -> str:
    first, last = found.head.first_on, found.head.last_on
    return f"{words.format_date(first)} – {words.format_date(last)}"


def _published_line(found: PublishedPackWhole) -> str:
    return words.gettext(
        "Published %(when)s by %(who)s",
        when=words.format_instant(found.head.published_at),
        who=found.head.publisher,
    )


def pack_xlsx(found: PublishedPackWhole) -> Response:
    """The pack as one workbook, a sheet a report."""
    client, head = context.client(), found.head
    with words.speaking(client.locale, time_zone=client.time_zone):
        texts = [head.title, _published_line(found), prose.plain(head.narrative)]
        texts += [f"{one.head.title}: {prose.plain(one.head.note)}"
                  for one in found.reports if one.head.note]  # fmt: skip
        content = sheet.workbook([one.report for one in found.reports], mark(), texts=texts)
    return download(content, name=_pack_name(found, "xlsx"), media_type=XLSX)


def _pack_name(found: PublishedPackWhole, ending: str) -> str:
    return f"{context.client().slug}-{found.head.title}-{found.head.last_on.isoformat()}.{ending}"


@pages.get("/c/<client>/reports/published-packs/<uuid:publication_id>.pdf", needs=SIGNED_IN)
def staff_pack_pdf(publication_id: UUID) -> Response:
    """A published pack as PDF, for staff."""
    return pack_pdf(_pack(publication_id, at_portal=False))


@pages.get("/c/<client>/reports/published-packs/<uuid:publication_id>.xlsx", needs=SIGNED_IN)
def staff_pack_xlsx(publication_id: UUID) -> Response:
    """A published pack as workbook, for staff."""
    return pack_xlsx(_pack(publication_id, at_portal=False))


@portal.get("/portal/<client>/packs/<uuid:publication_id>.pdf", needs=SIGNED_IN)
def portal_pack_pdf(publication_id: UUID) -> Response:
    """A published pack as PDF."""
    return pack_pdf(_pack(publication_id, at_portal=True))


@portal.get("/portal/<client>/packs/<uuid:publication_id>.xlsx", needs=SIGNED_IN)
def portal_pack_xlsx(publication_id: UUID) -> Response:
    """A published pack as workbook."""
    return pack_xlsx(_pack(publication_id, at_portal=True))


@portal.get("/portal/<client>/reports/<uuid:report_id>.csv", needs=SIGNED_IN)
def csv(report_id: UUID) -> Response:
    """The published figures as CSV, for people who may export."""
    return as_csv(_published(report_id))


@portal.get("/portal/<client>/reports/<uuid:report_id>.xlsx", needs=SIGNED_IN)
def xlsx(report_id: UUID) -> Response:
    """The published figures as a workbook."""
    return as_xlsx(_published(report_id))
