"""Jobs: the tray in the shell, the list, and one job with what may be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Response, url_for

from app.kernel import db, jobs, jobs_queries, scope, words
from app.kernel.jobs_queries import JobView
from app.kernel.words import _
from app.web import context, lists
from app.web.lists import Tag
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import redirect_to, render, toast

pages = Pages("jobs", __name__, surface=Surface.CLIENT)

STATES = {
    "due": Tag(_("Waiting")),
    "claimed": Tag(_("Running"), "info"),
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
        lists.Column(
            "title", _("Job"), cell=lambda job: words.name_of(job.title or job.kind), main=True
        ),
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


@pages.get("/c/<client>/jobs/tray", needs=SIGNED_IN)
def tray() -> Response:
    """My jobs as the shell shows them; asked again every two seconds while one runs."""
    return render("web/tray.html", fragment="tray")


@pages.get("/desk/jobs/tray", needs=SIGNED_IN, surface=Surface.DESK)
def desk_tray() -> Response:
    """My jobs in all my clients."""
    return render("web/tray.html", fragment="tray")


@dataclass(frozen=True, slots=True)
class Tray:
    """My jobs with their clients' slugs, and where to ask for them again while one runs."""

    jobs: tuple[tuple[JobView, str], ...]
    again: str


def mine() -> Tray:
    """What the tray of this page shows; nothing on a page that opens no transaction."""
    if not db.is_open() or not context.place().has_jobs:
        return Tray((), "")
    client = context.place().client
    slugs = {pin.tenant_id: pin.slug for pin in context.place().clients}
    if client is not None:
        slugs[client.tenant_id] = client.slug
    found = [(job, slugs.get(job.tenant_id, "")) for job in jobs_queries.of_mine()]
    runs = any(not job.ended for job, _slug in found)
    again = url_for("jobs.desk_tray" if client is None else "jobs.tray") if runs else ""
    return Tray(tuple((job, slug) for job, slug in found if slug), again)


def may_replay(job: JobView) -> bool:
    """Whether the reader may run a failed or cancelled job once more; the database decides."""
    acting = scope.current()
    own = job.actor is not None and job.actor == acting.person_id
    return job.state in {"dead", "cancelled"} and (own or acting.rights.may("job.replay"))


@pages.post("/c/<client>/jobs/<uuid:job_id>/replay", needs=SIGNED_IN)
def replay(job_id: UUID) -> Response:
    """Runs a failed job once more, as the person who asks."""
    jobs.replay(job_id)
    toast(_("It runs again."))
    return redirect_to("jobs.show", job_id=job_id)


@pages.post("/c/<client>/jobs/<uuid:job_id>/cancel", needs=SIGNED_IN)
def cancel(job_id: UUID) -> Response:
    """Stops a job at its next step, or before it began."""
    asked = jobs.cancel(job_id) == "asked"
    toast(_("It stops at its next step.") if asked else _("Cancelled."))
    return redirect_to("jobs.show", job_id=job_id)


@pages.get("/c/<client>/jobs/<uuid:job_id>", needs=SIGNED_IN)
def show(job_id: UUID) -> Response:
    """One job; while it runs the page asks again every two seconds."""
    job = jobs_queries.one(job_id)
    return render(
        "web/job.html",
        fragment="progress",
        job=job,
        state=state(job),
        may_replay=may_replay(job),
    )
