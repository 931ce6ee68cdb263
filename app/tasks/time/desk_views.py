"""Time over all my clients: the clock, the week's sheet, what waits for approval, what it costs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request, url_for

from app.kernel import clock, db, people, undo, words
from app.kernel.errors import Forbidden, Invalid, NotFound
from app.kernel.words import _
from app.tasks.time import commands, elsewhere, queries, rates, schemas, sheet, spans, weeks
from app.tasks.time.commands import About
from app.tasks.time.weeks import Done
from app.tasks.work.desk_views import who
from app.web import context, forms
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import redirect_back, redirect_to, render, toast

desk = Pages("time", __name__, surface=Surface.DESK)
CUT = _("The clock ran in a client that you no longer write in. It was stopped there.")
provider = Pages("rates", __name__, surface=Surface.PROVIDER)


def zone() -> ZoneInfo:
    """The reader's time zone."""
    return commands.zone_of(context.actor().time_zone)


def clients() -> dict[UUID, tuple[str, str]]:
    """Slug and name of the reader's clients by tenant."""
    return {pin.tenant_id: (pin.slug, pin.name) for pin in context.place().clients}


def _tenant(slug: str) -> UUID:
    found = next((pin.tenant_id for pin in context.place().clients if pin.slug == slug), None)
    if found is None:
        raise NotFound
    return found


def header() -> dict[str, Any] | None:
    """The running clock for the head of a page; None where nothing runs."""
    actor = context.place().actor
    if actor is None or actor.side != "staff":
        return None
    running = queries.timer()
    if running is None:
        return None
    known = {pin.tenant_id: pin.name for pin in context.place().clients}
    seconds = int((clock.now() - running.started_at).total_seconds())
    return {
        "client": known.get(running.tenant_id, ""),
        "since": running.started_at,
        "told": spans.clock(max(0, seconds)),
    }


@desk.post("/desk/time/start", needs=SIGNED_IN)
def start() -> Response:
    """Starts the clock on a record; whatever runs elsewhere is stopped first."""
    form = forms.bind(schemas.StartForm)
    acting, tenant = who(), _tenant(form.client)
    about = About(form.line, form.subject_type, form.subject_key, form.note)
    stopped = elsewhere.stop(acting, zone=zone(), but=tenant)
    with db.transaction(acting.inside(tenant)):
        commands.start(about, zone=zone())
    toast(_("The clock runs."))
    if stopped == "cut":
        toast(CUT, tone="warn")
    return redirect_back(url_for(".week"))


@desk.post("/desk/time/stop", needs=SIGNED_IN)
def stop() -> Response:
    """Stops the clock, wherever it runs."""
    stopped = elsewhere.stop(who(), zone=zone())
    if stopped == "cut":
        toast(CUT, tone="warn")
    else:
        toast(_("Stopped.") if stopped else _("No clock runs."))
    return redirect_back(url_for(".week"))


def week() -> Response:
    """My week: hours by client and day, with its entries."""
    monday = queries.parse_week(request.args.get("week"), clock.today(zone().key))
    return _week(monday, context.actor().person_id, form=None)


def _week(monday: date, person_id: UUID, *, form: forms.Form | None) -> Response:
    found = queries.entries(person_id=person_id, first=monday, last=monday + timedelta(days=6))
    mine = person_id == context.actor().person_id
    today = clock.today(zone().key)
    values = {"day": today if monday <= today < monday + timedelta(days=7) else monday}
    return render(
        "tasks/time/week.html",
        sheet=sheet.build(monday, found, clients(), zone()),
        mine=mine,
        person=people.name(person_id),
        person_id=person_id,
        clients=[(slug, name) for slug, name in clients().values()],
        form=form or forms.current(schemas.EntryForm, values=values | {"billable": True}),
    )


desk.get("/desk/time", needs=SIGNED_IN, endpoint="week")(week)


@desk.post("/desk/time/add", needs=SIGNED_IN, again=week)
def add() -> Response:
    """Writes time by hand."""
    form = forms.bind(schemas.EntryForm)
    acting = who()
    about = About(note=form.note, billable=form.billable)
    with db.transaction(acting.inside(_tenant(form.client))):
        if form.begins is not None and form.ends is not None:
            begun, ended = instants(form.day, form.begins, form.ends, zone())
            commands.write(about, begun, ended, zone=zone())
        else:
            read = spans.length(form.length)
            if read is None:
                raise Invalid.of("length", "time-length")
            commands.write_length(about, form.day, read, zone=zone())
    toast(_("Written down."))
    return redirect_to(".week", week=queries.monday_of(form.day).isoformat())


def instants(day: date, begins: Any, ends: Any, local: ZoneInfo) -> tuple[datetime, datetime]:
    """From and to of a day as instants; an end before the beginning lies on the next day."""
    begun = datetime.combine(day, begins, local)
    ended = datetime.combine(day if ends > begins else day + timedelta(days=1), ends, local)
    return begun.astimezone(UTC), ended.astimezone(UTC)


@desk.post("/desk/time/hand-in", needs=SIGNED_IN, again=week)
def hand_in() -> Response:
    """Hands my week in."""
    monday = queries.monday_of(forms.bind(schemas.WeekForm).week)
    _told(weeks.hand_in(monday, who(), context.actor().person_id), _("Handed in."))
    return redirect_to(".week", week=monday.isoformat())


@desk.post("/desk/time/take-back", needs=SIGNED_IN)
def take_back() -> Response:
    """Takes my week back while nobody has approved it."""
    monday = queries.monday_of(forms.bind(schemas.WeekForm).week)
    _told(weeks.take_back(monday, who(), context.actor().person_id), _("Taken back."))
    return redirect_to(".week", week=monday.isoformat())


@desk.get("/desk/time/approvals", needs="time.approve")
def approvals() -> Response:
    """The weeks that wait for approval, and what the last weeks cost."""
    waiting = queries.handed_in()
    today = clock.today(zone().key)
    first = queries.monday_of(today) - timedelta(days=28)
    return render(
        "tasks/time/approvals.html",
        waiting=waiting,
        names=people.names({one.person_id for one in waiting}),
        costs=queries.costs(first, today),
        clients=clients(),
        first=first,
        spoken=spans.clock,
        me=context.actor().person_id,
    )


@desk.get("/desk/time/of/<uuid:person_id>", needs="time.approve")
def of_person(person_id: UUID) -> Response:
    """Somebody's week, to approve it or send it back."""
    monday = queries.parse_week(request.args.get("week"), clock.today(zone().key))
    return _week(monday, person_id, form=forms.Form())


@desk.post("/desk/time/approve", needs=SIGNED_IN)
def approve() -> Response:
    """Approves somebody's week."""
    form = forms.bind(schemas.DecideForm)
    _told(weeks.approve(queries.monday_of(form.week), who(), form.person_id), _("Approved."))
    return redirect_to(".approvals")


@desk.post("/desk/time/send-back", needs=SIGNED_IN)
def send_back() -> Response:
    """Sends somebody's week back with a reason."""
    form = forms.bind(schemas.DecideForm)
    done = weeks.send_back(queries.monday_of(form.week), who(), form.person_id, reason=form.reason)
    _told(done, _("Sent back."))
    return redirect_to(".approvals")


def _told(done: Done, text: Any) -> None:
    if done.refused and not done.count:
        raise Forbidden(done.refused[0])
    toast(text)
    for code in done.refused[:1]:
        toast(words.error_text(code, {}), tone="bad")


def rate_list() -> Response:
    """What hours cost, by person and day."""
    found = queries.rates()
    known = queries.staff()
    return render(
        "tasks/time/rates.html",
        rates=found,
        names=known | people.names({one.person_id for one in found}),
        people=list(known.items()),
        form=forms.current(schemas.RateForm, values={"valid_from": clock.today()}),
    )


provider.get("/desk/rates", needs="time.rates", endpoint="index")(rate_list)


@provider.post("/desk/rates", needs="time.rates", again=rate_list)
def set_rate() -> Response:
    """Says what an hour of somebody costs from a day on."""
    form = forms.bind(schemas.RateForm)
    rates.put(
        person_id=form.person_id,
        valid_from=form.valid_from,
        currency=form.currency,
        minor=rates.minor(form.per_hour, form.currency),
    )
    toast(_("Saved."))
    return redirect_to(".index")


@provider.post("/desk/rates/<uuid:rate_id>/remove", needs="time.rates")
def remove_rate(rate_id: UUID) -> Response:
    """Takes a rate away."""
    token = rates.remove(rate_id)
    toast(_("Removed."), undo=url_for(".take_back", token=token))
    return redirect_to(".index")


@provider.post("/desk/rates/undo/<uuid:token>", needs="time.rates", endpoint="take_back")
def bring_back(token: UUID) -> Response:
    """Brings the rate back that was removed last."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_back(url_for(".index"))
