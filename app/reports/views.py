"""Report pages of staff: computed from the books as they are now, figure by figure to its entry."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request, url_for
from pydantic import Field

from app.kernel import paging, scope, words
from app.kernel.errors import NotFound
from app.kernel.registry import ReportDefinition
from app.kernel.words import _
from app.reports import asking, commands, queries
from app.reports.behind import Behind, Cursor
from app.reports.document import Report
from app.reports.period import Period
from app.web import context, forms
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import redirect_to, render, toast

pages = Pages("reports", __name__, surface=Surface.CLIENT)


class PublishForm(forms.Schema):
    """What publishing asks for: the period again, so that a stale page publishes what it shows."""

    period: str | None = None
    span: str = "month"
    cmp: str = "previous"
    share: str | None = None
    on: str | None = None
    from_: str | None = Field(None, alias="from")
    to: str | None = None
    note: str | None = Field(None, max_length=10_000)

    @property
    def asked(self) -> dict[str, str]:
        """The period as a query string would give it."""
        values = {"from": self.from_, **self.model_dump(exclude={"note", "from_"})}
        return {name: value for name, value in values.items() if value}


class WithdrawForm(forms.Schema):
    """Nothing but the act itself."""


@pages.get("/c/<client>/reports", needs="accounting.read")
def index() -> Response:
    """Every report of this client's lines, and what has been published."""
    return render(
        "reports/index.html",
        definitions=asking.offered(),
        published=queries.published_reports(limit=50),
    )


@pages.get("/c/<client>/reports/<report_key>", needs=SIGNED_IN)
def show(report_key: str) -> Response:
    """One report, computed from the books as they are now."""
    definition = asking.definition_of(report_key)
    period = asking.period_of(definition, request.args)
    report = asking.build(definition, period)
    asking.looked("report", None, definition.line)
    return render(
        "reports/show.html",
        definition=definition,
        period=period,
        report=report,
        cells=cells_address(definition, period),
        months=asking.month_choices(period, definition),
        form=forms.current(PublishForm, values=period.query),
        may_publish=asking.may(definition, "publish"),
        may_export=asking.may(definition, "export"),
    )


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
    )


def cursor() -> Cursor | None:
    """Where a page of postings goes on, from the address."""
    parts = paging.decode(request.args.get("after"), width=3)
    return (date.fromisoformat(parts[0]), UUID(parts[1]), int(parts[2])) if parts else None


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
    report = in_clients_words(definition, asking.period_of(definition, form.asked))
    report_id = commands.publish_report(report, line=definition.line, note=form.note or "")
    toast(_("Published. %(name)s can read it at the portal now.", name=context.client().name))
    return redirect_to("reports.published", report_id=report_id)


def in_clients_words(definition: ReportDefinition, period: Period) -> Report:
    """The report in the client's language, as it is published."""
    client = context.client()
    with words.speaking(client.locale, time_zone=client.time_zone):
        return asking.build(definition, period)


@pages.get("/c/<client>/reports/published/<uuid:report_id>", needs="accounting.read")
def published(report_id: UUID) -> Response:
    """A published report as the client sees it, with what staff may do about it."""
    found = queries.published_report(report_id)
    asking.looked("published_report", report_id, found.head.line)
    definition = asking.definition_of(found.head.key)
    now = definition.build(found.report.first, found.report.last, found.report.comparison)
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


def permalink(object_id: UUID) -> str | None:
    """The page of a published report, for /x/<client>/<id>."""
    try:
        queries.published_report(object_id)
    except NotFound:
        return None
    return url_for("reports.published", report_id=object_id)
