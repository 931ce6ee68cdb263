"""Reports at the portal: what has been published, as it stood, with the accountant's words."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for
from pydantic import Field

from app.kernel import scope, words
from app.kernel.registry import TodoItem
from app.kernel.words import _
from app.reports import asking, pack_queries, pack_views, queries, remarks, views
from app.reports.document import Report
from app.web import context, forms
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import redirect_to, render, toast

portal = Pages("portal_reports", __name__, surface=Surface.PORTAL)


class AskForm(forms.Schema):
    """A question to the accountant at a figure."""

    cell: str = Field(max_length=160)
    text: str | None = Field(None, max_length=4_000)


def todo() -> list[TodoItem]:
    """The portal's home: each report or pack that the reader has not opened yet."""
    place = context.place().client
    if place is None or not scope.current().rights.may("document.read"):
        return []
    return [
        TodoItem(
            title=one.title,
            detail=_("New report, up to %(day)s", day=words.format_date(one.last_on)),
            url=_address(one, place.slug),
            icon="chart-column",
            state="new",
        )
        for one in queries.new_to_me()
    ]


def _address(one: queries.News, slug: str) -> str:
    if one.type == "published_pack":
        return url_for("portal_reports.pack", client=slug, publication_id=one.id)
    return url_for("portal_reports.show", client=slug, report_id=one.id)


@portal.get("/portal/<client>/reports", needs=SIGNED_IN)
def index() -> Response:
    """What has been published for this firm, newest first."""
    return render(
        "reports/portal_index.html",
        packs=pack_queries.published_packs(current_only=True),
        published=queries.published_reports(current_only=True, alone=True),
    )


@portal.get("/portal/<client>/reports/<uuid:report_id>", needs=SIGNED_IN)
def show(report_id: UUID) -> Response:
    """A published report with the accountant's words beside the figures."""
    found = queries.published_report(report_id, at_portal=True)
    asking.looked("published_report", report_id, found.head.line)
    return render(
        "reports/portal_show.html",
        head=found.head,
        report=found.report,
        cells=cells_address(report_id),
        marks=marks_of(found.report, report_id),
    )


def cells_address(report_id: UUID) -> str:
    """The page of a published figure, up to the cell."""
    return f"{url_for('portal_reports.ask', report_id=report_id)}?cell="


def marks_of(report: Report, report_id: UUID) -> dict[str, int]:
    """The accountant's words and the client's questions at each figure, counted."""
    later = remarks.counts(remarks.at_report(report, published=report_id))
    return remarks.together(remarks.marks_of(report.remarks), later)


@portal.get("/portal/<client>/reports/proposed/<uuid:proposal_id>", needs=SIGNED_IN)
def proposed(proposal_id: UUID) -> Response:
    """A report or a pack as it will be published, where the client decides on it."""
    return render("reports/portal_proposed.html", found=views.looked_at(proposal_id))


@portal.get("/portal/<client>/packs/<uuid:publication_id>", needs=SIGNED_IN)
def pack(publication_id: UUID) -> Response:
    """A published pack, one page a report."""
    found = pack_queries.published_pack(publication_id, at_portal=True)
    page = pack_views.page_of(found)
    asking.looked("published_pack", publication_id, found.head.line)
    one = found.reports[page - 1] if page else None
    return render(
        "reports/portal_pack.html",
        pack=found,
        page=page,
        one=one,
        cells=cells_address(one.head.id) if one else "",
        marks=marks_of(one.report, one.head.id) if one else {},
    )


@portal.get("/portal/<client>/reports/<uuid:report_id>/figure", needs=SIGNED_IN)
def ask(report_id: UUID) -> Response:
    """One figure: what it is worked out from, what was said about it, and a way to ask."""
    found = queries.published_report(report_id, at_portal=True)
    asking.looked("published_report", report_id, found.head.line)
    cell = asking.cell_of(found.report, request.values.get("cell", ""))
    name = f"{cell.row.key}:{cell.column.cell}"
    return render(
        "reports/portal_figure.html",
        head=found.head,
        report=found.report,
        cell=cell,
        cells=cells_address(report_id),
        remarks=[one for one in found.report.remarks if f"{one.row}:{one.cell}" == name],
        said=remarks.at_report(found.report, published=report_id).get(name, []),
        form=forms.current(AskForm, values={"cell": cell.address}),
        may_ask=scope.current().rights.may("request.answer"),
    )


@portal.post("/portal/<client>/reports/<uuid:report_id>/figure", needs=SIGNED_IN, again=ask)
def send(report_id: UUID) -> Response:
    """Asks the accountant at a figure."""
    found, form = queries.published_report(report_id, at_portal=True), forms.bind(AskForm)
    cell = asking.cell_of(found.report, form.cell)
    key = remarks.key_of(found.report.key, cell.row.key, cell.column.cell, published=report_id)
    remarks.write(line=found.head.line, key=key, text=form.text or "", audience="to_provider")
    toast(_("Sent. Your accountant answers you here and by mail."))
    return redirect_to("portal_reports.ask", report_id=report_id, cell=cell.address)
