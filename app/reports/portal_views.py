"""Reports at the portal: what has been published, as it stood, with the accountant's words."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.reports import asking, queries
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import render

portal = Pages("portal_reports", __name__, surface=Surface.PORTAL)


@portal.get("/portal/<client>/reports", needs=SIGNED_IN)
def index() -> Response:
    """What has been published for this firm, newest first."""
    return render(
        "reports/portal_index.html", published=queries.published_reports(current_only=True)
    )


@portal.get("/portal/<client>/reports/<uuid:report_id>", needs=SIGNED_IN)
def show(report_id: UUID) -> Response:
    """A published report with the accountant's words beside the figures."""
    found = queries.published_report(report_id, at_portal=True)
    asking.looked("published_report", report_id, found.head.line)
    return render("reports/portal_show.html", head=found.head, report=found.report)
