"""Reports as files: the same query string as the screen, a right of its own, logged and marked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from flask import Response, request

from app.kernel import clock, words
from app.reports import asking, export, pdf, queries, sheet
from app.reports.document import Report
from app.reports.marking import Mark
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
    """The report typeset as PDF."""
    return as_pdf(_computed(report_key), "")


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


@portal.get("/portal/<client>/reports/<uuid:report_id>.csv", needs=SIGNED_IN)
def csv(report_id: UUID) -> Response:
    """The published figures as CSV, for people who may export."""
    return as_csv(_published(report_id))


@portal.get("/portal/<client>/reports/<uuid:report_id>.xlsx", needs=SIGNED_IN)
def xlsx(report_id: UUID) -> Response:
    """The published figures as a workbook."""
    return as_xlsx(_published(report_id))
