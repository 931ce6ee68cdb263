"""The jobs tray: what runs in the background, how far it is, and what came of it."""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for

from app.kernel import jobs_queries
from app.kernel.jobs_queries import JobView
from app.kernel.words import _
from app.web import lists
from app.web.lists import Tag
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import render

pages = Pages("jobs", __name__, surface=Surface.CLIENT)

STATES = {
    "queued": Tag(_("Waiting")),
    "running": Tag(_("Running"), "info"),
    "done": Tag(_("Done"), "good"),
    "dead": Tag(_("Failed"), "bad"),
    "cancelled": Tag(_("Cancelled")),
}


def state(job: JobView) -> Tag:
    """The state of a job in a word."""
    return STATES.get(job.state, Tag(_("Waiting")))


def progress(job: JobView) -> str:
    """How far a job is, as far as it says so."""
    if job.total:
        return f"{job.done} / {job.total}"
    return ""


JOBS = lists.ListView(
    id="jobs",
    caption=_("Jobs"),
    columns=(
        lists.Column("title", _("Job"), cell=lambda job: job.title or job.kind, main=True),
        lists.Column("made_at", _("Started"), wide=True, phone="l2"),
        lists.Column("percent", _("Progress"), cell=progress, phone="r1"),
        lists.Column("state", _("State"), cell=state, phone="r2"),
    ),
    href=lambda job: url_for("jobs.show", job_id=job.id),
    views=(
        lists.View("all", _("All")),
        lists.View("mine", _("Mine"), {"mine": "1"}),
        lists.View("failed", _("Failed"), {"state": "dead"}),
    ),
    empty=lists.Empty("circle-check", _("Nothing runs and nothing has run yet.")),
)


@pages.get("/c/<client>/jobs", needs=SIGNED_IN)
def index() -> Response:
    """The newest jobs of the client that the reader's lines let them see."""
    asked = JOBS.read()
    found = jobs_queries.recent(
        state=asked.filters.get("state"), mine="mine" in asked.filters, limit=asked.limit
    )
    return render("web/jobs.html", fragment="list", page=JOBS.page(asked, found))


@pages.get("/c/<client>/jobs/<uuid:job_id>", needs=SIGNED_IN)
def show(job_id: UUID) -> Response:
    """One job; while it runs the page asks again every two seconds."""
    job = jobs_queries.one(job_id)
    return render("web/job.html", fragment="progress", job=job, state=state(job))
