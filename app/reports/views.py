"""Report pages: computed for staff, published for the client, read at the portal."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Response, request, url_for
from pydantic import Field

from app.kernel import clock, reads, registry, scope, words
from app.kernel.errors import Forbidden, NotFound
from app.kernel.registry import ReportDefinition
from app.kernel.words import _
from app.reports import commands, export, queries
from app.reports.document import Report
from app.reports.period import Period, months_before, parse_period
from app.web import context, forms
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import download, redirect_to, render, toast

MOST_MONTHS = 240

pages = Pages("reports", __name__, surface=Surface.CLIENT)
portal = Pages("portal_reports", __name__, surface=Surface.PORTAL)


class PublishForm(forms.Schema):
    """What publishing asks for: the period again, so that a stale page publishes what it shows."""

    period: str
    span: str = "month"
    cmp: str = "previous"
    on: str | None = None
    note: str | None = Field(None, max_length=10_000)


class WithdrawForm(forms.Schema):
    """Nothing but the act itself."""


def _definition(key: str) -> ReportDefinition:
    found = [one for one in registry.current().all(ReportDefinition) if one.key == key]
    if not found:
        raise NotFound
    if not scope.current().rights.may(found[0].permission):
        raise Forbidden("forbidden", permission=found[0].permission)
    return found[0]


def _period() -> Period:
    asked = request.args
    return parse_period(
        asked.get("period"),
        span=asked.get("span"),
        comparison=asked.get("cmp"),
        on=asked.get("on"),
        today=clock.today(context.client().time_zone),
    )


def _build(definition: ReportDefinition, period: Period) -> Report:
    report: Report = definition.build(period.first, period.last, period.comparison)
    return report


def _month_choices(period: Period, definition: ReportDefinition) -> list[date]:
    """The months to choose from: as far back as there are figures, two years at least."""
    newest = max(clock.today(context.client().time_zone), period.last)
    oldest = min(definition.since() if definition.since else period.first, period.first)
    count = (newest.year - oldest.year) * 12 + newest.month - oldest.month + 1
    return [months_before(newest, back) for back in range(min(max(count, 24), MOST_MONTHS))]


def _looked(kind: str, object_id: UUID | None, line: str, *, exported: int | None = None) -> None:
    reads.leave(
        reads.Look(
            kind=kind,
            object_id=object_id,
            line=line,
            exported=exported is not None,
            rows=exported,
        )
    )


@pages.get("/c/<client>/reports", needs="accounting.read")
def index() -> Response:
    """Every report of this client's lines, and what has been published."""
    rights = scope.current().rights
    offered = [
        definition
        for definition in registry.current().all(ReportDefinition)
        if rights.may(definition.permission)
    ]
    return render(
        "reports/index.html", definitions=offered, published=queries.published_reports(limit=50)
    )


@pages.get("/c/<client>/reports/<report_key>", needs=SIGNED_IN)
def show(report_key: str) -> Response:
    """One report, computed from the books as they are now."""
    definition, period = _definition(report_key), _period()
    report = _build(definition, period)
    _looked("report", None, definition.line)
    return render(
        "reports/show.html",
        definition=definition,
        period=period,
        report=report,
        months=_month_choices(period, definition),
        form=forms.current(PublishForm, values={"period": period.month}),
        may_publish=scope.current().rights.may(f"{definition.line}.publish"),
        may_export=scope.current().rights.may(f"{definition.line}.export"),
    )


@pages.get("/c/<client>/reports/<report_key>.csv", needs=SIGNED_IN)
def export_csv(report_key: str) -> Response:
    """The report as CSV; exporting is a right of its own and is logged."""
    definition, period = _definition(report_key), _period()
    if not scope.current().rights.may(f"{definition.line}.export"):
        raise Forbidden("forbidden", permission=f"{definition.line}.export")
    report = _build(definition, period)
    _looked("report", None, definition.line, exported=len(report.rows))
    return _csv(report)


def _csv(report: Report) -> Response:
    name = f"{context.client().slug}-{report.key}-{report.last.isoformat()}.csv"
    return download(export.csv_bytes(report), name=name, media_type="text/csv; charset=utf-8")


@pages.post("/c/<client>/reports/<report_key>/publish", needs=SIGNED_IN, again=show)
def publish(report_key: str) -> Response:
    """Computes the report once more and publishes it to the client's portal."""
    definition, form = _definition(report_key), forms.bind(PublishForm)
    period = parse_period(
        form.period,
        span=form.span,
        comparison=form.cmp,
        on=form.on,
        today=clock.today(context.client().time_zone),
    )
    with words.speaking(context.client().locale, time_zone=context.client().time_zone):
        report = _build(definition, period)
    report_id = commands.publish_report(report, line=definition.line, note=form.note or "")
    toast(_("Published. %(name)s can read it at the portal now.", name=context.client().name))
    return redirect_to("reports.published", report_id=report_id)


@pages.get("/c/<client>/reports/published/<uuid:report_id>", needs="accounting.read")
def published(report_id: UUID) -> Response:
    """A published report as the client sees it, with what staff may do about it."""
    found = queries.published_report(report_id)
    _looked("published_report", report_id, found.head.line)
    definition = _definition(found.head.key)
    now = definition.build(found.report.first, found.report.last, "none")
    return render(
        "reports/published.html",
        head=found.head,
        report=found.report,
        books_version=now.books_version,
        may_publish=scope.current().rights.may(f"{found.head.line}.publish"),
    )


@pages.post("/c/<client>/reports/published/<uuid:report_id>/withdraw", needs="accounting.read")
def withdraw(report_id: UUID) -> Response:
    """Takes a published report from the portal."""
    forms.bind(WithdrawForm)
    found = queries.published_report(report_id)
    commands.withdraw_report(report_id, line=found.head.line)
    toast(_("Withdrawn. The client no longer sees this report."))
    return redirect_to("reports.index")


@portal.get("/portal/<client>/reports", needs=SIGNED_IN, endpoint="index")
def portal_index() -> Response:
    """What has been published for this firm, newest first."""
    return render(
        "reports/portal_index.html", published=queries.published_reports(current_only=True)
    )


@portal.get("/portal/<client>/reports/<uuid:report_id>", needs=SIGNED_IN, endpoint="show")
def portal_show(report_id: UUID) -> Response:
    """A published report with the accountant's words beside the figures."""
    found = queries.published_report(report_id, at_portal=True)
    _looked("published_report", report_id, found.head.line)
    return render("reports/portal_show.html", head=found.head, report=found.report)


@portal.get("/portal/<client>/reports/<uuid:report_id>.csv", needs=SIGNED_IN, endpoint="csv")
def portal_csv(report_id: UUID) -> Response:
    """The published figures as CSV, for people who may export."""
    found = queries.published_report(report_id, at_portal=True)
    if not scope.current().rights.may(f"{found.head.line}.export"):
        raise Forbidden("forbidden", permission=f"{found.head.line}.export")
    _looked("published_report", report_id, found.head.line, exported=len(found.report.rows))
    return _csv(found.report)


def permalink(object_id: UUID) -> str | None:
    """The page of a published report, for /x/<client>/<id>."""
    try:
        queries.published_report(object_id)
    except NotFound:
        return None
    return url_for("reports.published", report_id=object_id)
