"""Report pages of staff: computed from the books as they are now, figure by figure to its entry."""

from __future__ import annotations

from datetime import date
from typing import Literal
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request, url_for
from pydantic import Field

from app.kernel import clock, paging, scope
from app.kernel.errors import NotFound
from app.kernel.registry import ReportDefinition
from app.kernel.words import _
from app.reports import asking, changes, commands, pack_queries, proposals, queries, remarks
from app.reports.behind import Behind, Cursor
from app.reports.document import Report
from app.reports.period import Period
from app.reports.remarks import Said
from app.web import context, forms
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import go, redirect_to, render, toast

pages = Pages("reports", __name__, surface=Surface.CLIENT)


class PeriodForm(forms.Schema):
    """The period of a report again, so that a stale page acts on what it shows."""

    period: str | None = None
    span: str = "month"
    cmp: str = "previous"
    share: str | None = None
    corrected: str | None = None
    on: str | None = None
    from_: str | None = Field(None, alias="from")
    to: str | None = None

    @property
    def asked(self) -> dict[str, str]:
        """The period as a query string would give it."""
        values = {name: getattr(self, name) for name in PeriodForm.model_fields if name != "from_"}
        return {name: value for name, value in {"from": self.from_, **values}.items() if value}


class PublishForm(PeriodForm):
    """What publishing asks for: the period, and words to the client."""

    note: str | None = Field(None, max_length=10_000)


class NoteForm(forms.Schema):
    """A note at a figure and who is to read it; the period comes along."""

    cell: str = Field(max_length=160)
    audience: Literal["team", "sent_back", "client"] = "team"
    text: str | None = Field(None, max_length=4_000)


class WithdrawForm(forms.Schema):
    """Nothing but the act itself."""


@pages.get("/c/<client>/reports", needs="accounting.read")
def index() -> Response:
    """Every report of this client's lines, and what has been published."""
    return render(
        "reports/index.html",
        definitions=asking.offered(),
        packs=pack_queries.packs(limit=6),
        packs_published=pack_queries.published_packs(limit=12),
        published=queries.published_reports(alone=True, limit=50),
        may_publish=scope.current().rights.may("accounting.publish"),
    )


@pages.get("/c/<client>/reports/<report_key>", needs=SIGNED_IN)
def show(report_key: str) -> Response:
    """One report, computed from the books as they are now."""
    definition = asking.definition_of(report_key)
    period = asking.period_of(definition, request.args)
    report = asking.build(definition, period)
    asking.looked("report", None, definition.line)
    whole = request.args.get("cents") == "0"
    return render(
        "reports/show.html",
        now=clock.now(),
        whole=whole,
        other_cents=cents_address(definition, period, shown=whole),
        definition=definition,
        period=period,
        report=report,
        cells=cells_address(definition, period),
        marks=remarks.counts(remarks.at_report(report)),
        months=asking.month_choices(period, definition),
        form=forms.current(PublishForm, values=period.query),
        may_publish=asking.may(definition, "publish"),
        may_export=asking.may(definition, "export"),
    )


def cents_address(definition: ReportDefinition, period: Period, *, shown: bool) -> str:
    """The same report with or without the small units of its currency."""
    asked = period.query if shown else {**period.query, "cents": "0"}
    return f"{url_for('reports.show', report_key=definition.key)}?{urlencode(asked)}"


def cells_address(definition: ReportDefinition, period: Period) -> str:
    """The address of the page behind a figure, up to the cell that is put at its end."""
    base = url_for("reports.drill", report_key=definition.key)
    return f"{base}?{urlencode(period.query)}&cell="


@pages.get("/c/<client>/reports/<report_key>/drill", needs=SIGNED_IN)
def drill(report_key: str) -> Response:
    """What is behind one figure: the figures it is worked out from, accounts and postings."""
    definition = asking.definition_of(report_key)
    period = asking.period_of(definition, request.args)
    report = asking.build(definition, period)
    cell = asking.cell_of(report, request.args.get("cell", ""))
    found = None
    after = cursor()
    if cell.slices:
        found = asking.behind(definition, cell.slices, after=after)
    asking.looked("report", None, definition.line)
    return render(
        "reports/drill.html",
        definition=definition,
        period=period,
        report=report,
        cell=cell,
        cells=cells_address(definition, period),
        behind=found,
        continued=after is not None,
        later=_later(definition, period, cell.address, found),
        said=said_at(report, cell),
        form=forms.current(NoteForm, values={"audience": "team"}),
        may_note=scope.current().rights.may("request.ask"),
    )


def said_at(report: Report, cell: asking.Cell, *, published: UUID | None = None) -> list[Said]:
    """The notes at one figure."""
    found = remarks.at_report(report, published=published)
    return found.get(f"{cell.row.key}:{cell.column.cell}", [])


@pages.post("/c/<client>/reports/<report_key>/drill", needs=SIGNED_IN, again=drill)
def note(report_key: str) -> Response:
    """Writes a note at a figure."""
    definition, form = asking.definition_of(report_key), forms.bind(NoteForm)
    period = asking.period_of(definition, request.args)
    cell = asking.cell_of(asking.build(definition, period), form.cell)
    remarks.write(
        line=definition.line,
        key=remarks.key_of(definition.key, cell.row.key, cell.column.cell),
        text=form.text or "",
        audience=form.audience,
    )
    toast(_("Noted."))
    return go(f"{cells_address(definition, period)}{cell.address}")


def cursor() -> Cursor | None:
    """Where a page of postings goes on, from the address."""
    return paging.keys(request.args.get("after"), date.fromisoformat, UUID, int)


def _later(
    definition: ReportDefinition, period: Period, cell: str, found: Behind | None
) -> str | None:
    if found is None or found.next is None:
        return None
    return f"{cells_address(definition, period)}{cell}&after={paging.encode(found.next)}"


@pages.post("/c/<client>/reports/<report_key>/publish", needs=SIGNED_IN, again=show)
def publish(report_key: str) -> Response:
    """Computes the report once more and publishes it to the client's portal."""
    definition, form = asking.definition_of(report_key), forms.bind(PublishForm)
    report = asking.in_clients_words(definition, asking.period_of(definition, form.asked))
    asked = proposals.ask_report(report, line=definition.line, note=form.note or "")
    if asked is not None:
        toast(_("Sent for approval. Publish it once it is approved."))
        return redirect_to("tasks.show", approval_id=asked)
    report_id = commands.publish_report(report, line=definition.line, note=form.note or "")
    toast(_("Published. %(name)s can read it at the portal now.", name=context.client().name))
    return redirect_to("reports.published", report_id=report_id)


@pages.get("/c/<client>/reports/proposed/<uuid:proposal_id>", needs=SIGNED_IN)
def proposed(proposal_id: UUID) -> Response:
    """A report or a pack as it will be published, for whoever decides on it."""
    return render("reports/proposed.html", found=looked_at(proposal_id))


def looked_at(proposal_id: UUID) -> proposals.Proposal:
    """A proposal whose reader leaves a trace."""
    found = proposals.one(proposal_id)
    asking.looked("report_proposal", proposal_id, found.line)
    return found


@pages.get("/c/<client>/reports/published/<uuid:report_id>", needs="accounting.read")
def published(report_id: UUID) -> Response:
    """A published report as the client sees it, with what staff may do about it."""
    found = queries.published_report(report_id)
    asking.looked("published_report", report_id, found.head.line)
    definition = asking.definition_of(found.head.key)
    return render(
        "reports/published.html",
        head=found.head,
        report=found.report,
        since=changes.since(definition, found.report, found.head.published_at),
        cells=published_cells(report_id),
        marks=_published_marks(found.report, report_id),
        may_publish=scope.current().rights.may(f"{found.head.line}.publish"),
    )


def published_cells(report_id: UUID) -> str:
    """The address behind a published figure, up to the cell."""
    return f"{url_for('reports.published_cell', report_id=report_id)}?cell="


def _published_marks(report: Report, report_id: UUID) -> dict[str, int]:
    later = remarks.counts(remarks.at_report(report, published=report_id))
    return remarks.together(remarks.marks_of(report.remarks), later)


@pages.get("/c/<client>/reports/published/<uuid:report_id>/cell", needs="accounting.read")
def published_cell(report_id: UUID) -> Response:
    """A published figure: what the books say of it now, and the postings made since."""
    found = queries.published_report(report_id)
    asking.looked("published_report", report_id, found.head.line)
    definition = asking.definition_of(found.head.key)
    now: Report = definition.build(found.report.first, found.report.last, found.report.comparison)
    cell = changes.cell_of(found.report, now, request.args.get("cell", ""))
    later = None
    if cell.slices:
        marks = dict(found.report.marks)
        later = asking.behind(definition, cell.slices, limit=changes.MOST_LINES, marks=marks)
    return render(
        "reports/published_cell.html",
        head=found.head,
        report=found.report,
        cell=cell,
        cells=published_cells(report_id),
        later=later,
        amount_now=now.amount(cell.row.key, cell.column.key) or 0,
        remarks=[one for one in found.report.remarks
                 if (one.row, one.cell) == (cell.row.key, cell.column.cell)],
        said=said_at(found.report, cell, published=report_id),
        now=_now_address(definition, found.report, cell),
    )  # fmt: skip


def _now_address(definition: ReportDefinition, report: Report, cell: asking.Cell) -> str:
    """The same figure in the books as they are now."""
    asked = report.comparison.split(",")
    period = Period(
        report.first,
        report.last,
        "day" if definition.point_in_time else "days",
        asked[0] or "none",
        "share" in asked,
        "corrected" in asked,
    )
    return f"{cells_address(definition, period)}{cell.address}"


@pages.post("/c/<client>/reports/published/<uuid:report_id>/withdraw", needs="accounting.read")
def withdraw(report_id: UUID) -> Response:
    """Takes a published report from the portal."""
    forms.bind(WithdrawForm)
    found = queries.published_report(report_id)
    token = commands.withdraw_report(report_id, line=found.head.line)
    toast(
        _("Withdrawn. The client no longer sees this report."),
        undo=url_for("reports.undo_pack", token=token),
    )
    return redirect_to("reports.index")


def permalink(object_id: UUID) -> str | None:
    """The page of a published report, for /x/<client>/<id>."""
    try:
        queries.published_report(object_id)
    except NotFound:
        return None
    return url_for("reports.published", report_id=object_id)
