"""Time of one client: its entries, one of them to change or cut in two, and the lock."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Response, request, url_for

from app.documents import subjects
from app.kernel import paging, people, undo, words
from app.kernel.errors import NotFound
from app.kernel.words import _
from app.tasks.time import commands, queries, schemas, sheet, weeks
from app.tasks.time.desk_views import instants, zone
from app.tasks.time.models import Entry
from app.web import context, forms
from app.web.pages import Pages, Surface
from app.web.render import redirect_back, redirect_to, render, toast

pages = Pages("time_client", __name__, surface=Surface.CLIENT)
WRITE = "time.write"
ROWS = 100


def index() -> Response:
    """The hours written down for this client."""
    before = paging.keys(request.args.get("after"), paging.moment, UUID)
    found = queries.here(before=before, limit=ROWS + 1)
    page = paging.page(found, limit=ROWS, key=queries.place_of)
    head = context.client()
    places = {head.tenant_id: (head.slug, head.name)}
    return render(
        "tasks/time/client.html",
        rows=sheet.entry_rows(page.rows, places, zone()),
        names=people.names({one.person_id for one in page.rows}),
        after=page.next,
        form=forms.current(schemas.LockForm),
    )


pages.get("/c/<client>/time", needs=WRITE, endpoint="index")(index)


@pages.post("/c/<client>/time/lock", needs="time.approve", again=index)
def lock() -> Response:
    """Locks what is approved up to a day."""
    count = weeks.lock(forms.bind(schemas.LockForm).until)
    toast(words.ngettext("%(n)s entry locked.", "%(n)s entries locked.", count))
    return redirect_to(".index")


def _mine(entry_id: UUID) -> Entry:
    found = queries.one(entry_id)
    if found.person_id != context.actor().person_id:
        raise NotFound
    return found


def show(time_id: UUID) -> Response:
    """One entry of mine, to change, cut in two or take away."""
    found = _mine(time_id)
    local = zone()
    begun = found.started_at.astimezone(local)
    ended = found.ended_at.astimezone(local) if found.ended_at else None
    values = {
        "day": found.day,
        "begins": begun.strftime("%H:%M:%S"),
        "ends": ended.strftime("%H:%M:%S") if ended else "",
        "note": found.note,
        "billable": found.billable,
        "version": found.version,
    }
    told = subjects.describe([(found.subject_type or "", found.subject_key or "")])
    return render(
        "tasks/time/entry.html",
        entry=found,
        about=next(iter(told.values()), None),
        state=sheet.STATES[found.state],
        form=forms.current(schemas.ChangeForm, values=values),
    )


pages.get("/c/<client>/time/<uuid:time_id>", needs=WRITE, endpoint="show")(show)


@pages.post("/c/<client>/time/<uuid:time_id>", needs=WRITE, again=show)
def save(time_id: UUID) -> Response:
    """Changes an entry of mine."""
    _mine(time_id)
    form = forms.bind(schemas.ChangeForm)
    begun, ended = instants(form.day, form.begins, form.ends, zone())
    commands.change(
        time_id,
        version=form.version,
        started_at=begun,
        ended_at=ended,
        note=form.note,
        billable=form.billable,
        zone=zone(),
    )
    toast(_("Saved."))
    return redirect_to("time.week", week=form.day.isoformat())


@pages.post("/c/<client>/time/<uuid:time_id>/split", needs=WRITE, again=show)
def split(time_id: UUID) -> Response:
    """Cuts an entry in two."""
    found = _mine(time_id)
    at = datetime.combine(found.day, forms.bind(schemas.SplitForm).at, zone())
    commands.split(time_id, at)
    toast(_("Cut in two."))
    return redirect_to("time.week", week=found.day.isoformat())


@pages.post("/c/<client>/time/<uuid:time_id>/remove", needs=WRITE)
def remove(time_id: UUID) -> Response:
    """Takes an entry of mine away."""
    found = _mine(time_id)
    token = commands.remove(time_id)
    toast(_("Removed."), undo=url_for(".take_back", token=token))
    return redirect_to("time.week", week=found.day.isoformat())


@pages.post("/c/<client>/time/undo/<uuid:token>", needs=WRITE)
def take_back(token: UUID) -> Response:
    """Brings back what was taken away last."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_back(url_for("time.week"))
