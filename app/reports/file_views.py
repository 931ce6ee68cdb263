"""Reports as files: the same query string as the screen, a right of its own, logged and marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from flask import Response, request, url_for

from app.kernel import clock, people, scope, storage, words
from app.kernel.registry import ReportDefinition
from app.kernel.words import _
from app.reports import asking, export, orders, pdf, queries, sheet
from app.reports.document import Report
from app.reports.marking import Mark
from app.reports.marking import foot as foot_of
from app.reports.orders import MEDIA_TYPES, Ending, Order
from app.reports.period import Period
from app.reports.portal_views import portal
from app.reports.views import PeriodForm, pages
from app.web import context, forms
from app.web.pages import SIGNED_IN
from app.web.render import download, redirect_to, render, toast
from tenants.queries import provider_face

CSV, XLSX, PDF = MEDIA_TYPES["csv"], MEDIA_TYPES["xlsx"], MEDIA_TYPES["pdf"]


def mark() -> Mark:
    """Who takes the file, when, of which client and from which provider."""
    client, face = context.client(), provider_face()
    return Mark(
        client=client.name,
        provider=face.name if face else "",
        accent=face.accent if face else "",
        person=people.name(scope.current().person_id),
        at=clock.now(),
        time_zone=client.time_zone,
    )


def file_name(report: Report, ending: str) -> str:
    """`harbour-lane-profit-and-loss-2026-10-31.xlsx`."""
    return f"{context.client().slug}-{report.key}-{report.last.isoformat()}.{ending}"


def made(definition: ReportDefinition, period: Period, ending: Ending) -> Response | None:
    """The file, None where it takes longer than a request has; its taking is logged.

    Raises Forbidden without the right to export, TooLarge beyond what is made at all.
    """
    asking.demand(definition.line, "export")
    if not orders.at_once(orders.check(definition, period, ending), ending):
        return None
    report = asking.build(definition, period, whole=True)
    if not orders.quick(report, ending):
        return None
    asking.looked("report", None, definition.line, exported=len(report.rows))
    return FILES[ending](report)


def _made(report_key: str, ending: Ending) -> Response:
    """The file at once, else the page that orders it."""
    definition = asking.definition_of(report_key)
    period = asking.period_of(definition, request.args)
    return made(definition, period, ending) or render(
        "reports/order.html",
        definition=definition,
        period=period,
        ending=ending,
        days=orders.KEPT.days,
    )


def order_of(definition: ReportDefinition, period: Period, ending: Ending, link: str) -> Order:
    """The order of a file as the client of this request gets it; `link` has NO_ID in it."""
    client = context.client()
    name = f"{client.slug}-{definition.key}-{period.last.isoformat()}.{ending}"
    asked = f"{period.words},all"
    return Order(definition.key, ending, period.first, period.last, asked, name, mark(),
                 client.locale, link)  # fmt: skip


class OrderForm(PeriodForm):
    """The kind of file, and the period as the report's page has it."""

    ending: Ending


@pages.post("/c/<client>/reports/<report_key>/files", needs=SIGNED_IN)
def order_file(report_key: str) -> Response:
    """Orders a file that takes longer than a request has."""
    definition, form = asking.definition_of(report_key), forms.bind(OrderForm)
    period = asking.period_of(definition, form.asked)
    orders.check(definition, period, form.ending)
    link = url_for("reports.kept_file", stored_id=orders.NO_ID)
    job_id = orders.place(order_of(definition, period, form.ending, link), definition)
    toast(_("The file is being made. You may leave; your jobs show it when it is there."))
    return redirect_to("jobs.show", job_id=job_id)


@pages.get("/c/<client>/reports/files/<uuid:stored_id>/download", needs=SIGNED_IN)
def kept_file(stored_id: UUID) -> Response:
    """A file that was ordered, for a week; each taking is logged."""
    head = orders.kept(stored_id)
    return download(storage.open(stored_id), name=head.name, media_type=head.media_type)


def _published(report_id: UUID) -> Report:
    found = queries.published_report(report_id, at_portal=True)
    asking.demand(found.head.line, "export")
    asking.looked("published_report", report_id, found.head.line, exported=len(found.report.rows))
    return found.report


def as_csv(report: Report) -> Response:
    """The report as CSV."""
    return download(export.csv_pieces(report), name=file_name(report, "csv"), media_type=CSV)


def as_xlsx(report: Report, *, books_at: datetime | None = None) -> Response:
    """The report as a workbook in the client's words; `books_at` is when published books stood."""
    with words.speaking(context.client().locale, time_zone=context.client().time_zone):
        content = sheet.workbook([report], replace(mark(), books_at=books_at))
    return download(content, name=file_name(report, "xlsx"), media_type=XLSX)


def as_pdf(
    report: Report, foot: str = "", *, note: str = "", at: datetime | None = None
) -> Response:
    """The report typeset in the client's words; with `at`, the same bytes each time."""
    client = context.client()
    with words.speaking(client.locale, time_zone=client.time_zone):
        stamp = mark() if at is None else replace(mark(), at=at)
        content = pdf.typeset(
            [pdf.Chapter(report, note)],
            stamp,
            title=report.title,
            foot=foot or foot_of(stamp),
        )
    return download(content, name=file_name(report, "pdf"), media_type=PDF)


FILES: dict[Ending, Callable[[Report], Response]] = {
    "csv": as_csv,
    "xlsx": as_xlsx,
    "pdf": as_pdf,
}


@pages.get("/c/<client>/reports/<report_key>.pdf", needs=SIGNED_IN)
def export_pdf(report_key: str) -> Response:
    """The report typeset as PDF; a long one is ordered."""
    return _made(report_key, "pdf")


@portal.get("/portal/<client>/reports/<uuid:report_id>.pdf", needs=SIGNED_IN, endpoint="pdf")
def published_pdf(report_id: UUID) -> Response:
    """The published figures typeset, the same bytes whenever they are asked for."""
    found = queries.published_report(report_id, at_portal=True)
    report = _published(report_id)
    client = context.client()
    with words.speaking(client.locale, time_zone=client.time_zone):
        foot = words.gettext(
            "%(client)s · state of the books of %(when)s · published by %(who)s",
            client=client.name,
            when=words.format_instant(found.head.published_at),
            who=found.head.publisher,
        )
    return as_pdf(report, foot, note=found.head.note, at=found.head.published_at)


@pages.get("/c/<client>/reports/<report_key>.csv", needs=SIGNED_IN)
def export_csv(report_key: str) -> Response:
    """The report as CSV; exporting is a right of its own and is logged."""
    return _made(report_key, "csv")


@pages.get("/c/<client>/reports/<report_key>.xlsx", needs=SIGNED_IN)
def export_xlsx(report_key: str) -> Response:
    """The report as a workbook with real numbers and formulas for its sums."""
    return _made(report_key, "xlsx")


@portal.get("/portal/<client>/reports/<uuid:report_id>.csv", needs=SIGNED_IN)
def csv(report_id: UUID) -> Response:
    """The published figures as CSV, for people who may export."""
    return as_csv(_published(report_id))


@portal.get("/portal/<client>/reports/<uuid:report_id>.xlsx", needs=SIGNED_IN)
def xlsx(report_id: UUID) -> Response:
    """The published figures as a workbook."""
    head = queries.published_report(report_id, at_portal=True).head
    return as_xlsx(_published(report_id), books_at=head.published_at)
