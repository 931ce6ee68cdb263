"""Weeks of hours and what an hour costs over the API; the caller's own clock wherever it runs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api import SIGNED_IN, Api, CurrencyCode, Page, PageRequest, several
from app.api.schema import In, Out
from app.kernel import paging, scope, undo
from app.kernel.errors import NotFound
from app.tasks.time import commands, elsewhere, queries, rates, weeks
from app.tasks.time.api import EntryOut, MovedOut, StopIn
from app.tasks.work.bulk import Who

api = Api("tasks-time-weeks")
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]


class WeekQuery(In):
    """A week, by any of its days."""

    week: Day


class WeekIn(In):
    """A week, by any of its days, of a person."""

    week: Day
    person_id: UUID


class SendBackIn(WeekIn):
    """Why it is sent back."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class WaitingOut(Out):
    """A person's week that waits for approval, in all clients of the caller together."""

    person_id: UUID
    monday: date
    seconds: int
    billable: int


class EntryInOut(EntryOut):
    """An entry with its client's name in addresses."""

    client: str


class WeekOut(Out):
    """A person's week in all clients of the caller; lengths in seconds."""

    person_id: UUID
    monday: date
    seconds: int
    billable: int
    entries: list[EntryInOut]


class TimerOut(Out):
    """What runs; `client` is null where the caller does not reach it any more."""

    client: str | None
    id: UUID
    started_at: datetime
    subject_type: str | None
    subject_key: str | None
    note: str


class ClockOut(Out):
    """The caller's clock; `timer` is null where none runs."""

    timer: TimerOut | None


class StoppedOut(Out):
    """Whether a clock ran; `cut` where the caller writes nothing in its client by now."""

    stopped: bool
    cut: bool


class RateIn(In):
    """What an hour of somebody costs from a day on, in minor units of the currency."""

    person_id: UUID
    valid_from: Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]
    currency: CurrencyCode
    minor_per_hour: Annotated[int, Field(ge=0, le=rates.MOST_MINOR)]


class RateOut(Out):
    """What an hour of somebody costs from a day on."""

    id: UUID
    person_id: UUID
    valid_from: date
    currency: str
    minor_per_hour: int


class RateMadeOut(Out):
    """The rate that was put down."""

    id: UUID


class RateRemovedOut(Out):
    """`undo` is the token of the way back, for a day."""

    undo: UUID


@api.get("/me/timer", needs=SIGNED_IN, response=ClockOut, summary="Your clock, wherever it runs")
def my_timer() -> object:
    """At most one runs."""
    running = queries.timer()
    if running is None:
        return {"timer": None}
    slug = queries.slugs([running.tenant_id]).get(running.tenant_id)
    names = ("id", "started_at", "subject_type", "subject_key", "note")
    return {"timer": {"client": slug, **{name: getattr(running, name) for name in names}}}


@api.post(
    "/me/timer/stop",
    needs=SIGNED_IN,
    where="several",
    request=StopIn,
    response=StoppedOut,
    summary="Stop your clock, wherever it runs",
)
def stop_my_timer(body: StopIn) -> object:
    """Also in a client that is out of reach by now: it ends there as one entry, marked so."""
    who = Who(inside=several.inside, worklist=several.everywhere(), home=None)
    ended = elsewhere.stop(who, zone=commands.zone_of(body.time_zone))
    return {"stopped": ended != "", "cut": ended == "cut"}


@api.get(
    "/me/time-week",
    needs=SIGNED_IN,
    query=WeekQuery,
    response=WeekOut,
    summary="Your week",
)
def my_week(query: WeekQuery) -> object:
    """The caller's hours in all their clients."""
    person = scope.current().person_id
    if person is None:
        raise NotFound
    return _week(person, queries.monday_of(query.week))


@api.get(
    "/time-weeks",
    needs="time.approve",
    response=WaitingOut,
    paged=True,
    summary="Weeks that wait for approval, the oldest first",
)
def list_weeks(page: PageRequest) -> Page[Any]:
    """Handed in by others and by the caller, whose own somebody else approves."""
    after = paging.keys(page.after, date.fromisoformat, UUID)
    found = queries.handed_in(after=after, limit=page.limit + 1)
    cut = paging.page(found, limit=page.limit, key=lambda one: [one.monday, one.person_id])
    return Page(items=list(cut.rows), next=cut.next)


@api.get(
    "/time-weeks/<uuid:person_id>",
    needs="time.approve",
    query=WeekQuery,
    response=WeekOut,
    summary="Somebody's week",
)
def get_week(person_id: UUID, query: WeekQuery) -> object:
    """Their hours in the clients in which the caller approves."""
    return _week(person_id, queries.monday_of(query.week))


def _week(person_id: UUID, monday: date) -> dict[str, Any]:
    found = queries.entries(person_id=person_id, first=monday, last=weeks.sunday(monday))
    slugs = queries.slugs({one.tenant_id for one in found})
    return {
        "person_id": person_id,
        "monday": monday,
        "seconds": sum(one.seconds for one in found),
        "billable": sum(one.seconds for one in found if one.billable),
        "entries": [
            {**EntryOut.model_validate(one).model_dump(), "client": slugs.get(one.tenant_id, "")}
            for one in found
        ],
    }


@api.post(
    "/clients/<client>/time-weeks/hand-in",
    needs="time.write",
    request=WeekIn,
    response=MovedOut,
    summary="Hand a week in",
)
def hand_in_week(body: WeekIn) -> object:
    """One's own hours of the week in this client."""
    if body.person_id != scope.current().person_id:
        raise NotFound
    return {"count": weeks.hand_in_here(queries.monday_of(body.week), body.person_id)}


@api.post(
    "/clients/<client>/time-weeks/approve",
    needs="time.approve",
    request=WeekIn,
    response=MovedOut,
    summary="Approve a week",
)
def approve_week(body: WeekIn) -> object:
    """What another handed in; 409 for one's own."""
    return {"count": weeks.approve_here(queries.monday_of(body.week), body.person_id)}


@api.post(
    "/clients/<client>/time-weeks/send-back",
    needs="time.approve",
    request=SendBackIn,
    response=MovedOut,
    summary="Send a week back",
)
def send_back_week(body: SendBackIn) -> object:
    """It is its person's to change again."""
    monday = queries.monday_of(body.week)
    return {"count": weeks.send_back_here(monday, body.person_id, reason=body.reason)}


@api.post(
    "/clients/<client>/time-weeks/take-back",
    needs="time.write",
    request=WeekIn,
    response=MovedOut,
    summary="Take a week back",
)
def take_back_week(body: WeekIn) -> object:
    """What the caller handed in in this client and nobody has approved."""
    if body.person_id != scope.current().person_id:
        raise NotFound
    return {"count": weeks.take_back_here(queries.monday_of(body.week), body.person_id)}


@api.get(
    "/cost-rates",
    needs="time.rates",
    where="provider",
    response=RateOut,
    paged=True,
    summary="What hours cost, by person, the newest first",
)
def list_rates(page: PageRequest) -> Page[Any]:
    """Seen by few."""
    after = paging.keys(page.after, UUID, date.fromisoformat)
    found = queries.rates(after=after, limit=page.limit + 1)
    cut = paging.page(found, limit=page.limit, key=lambda one: [one.person_id, one.valid_from])
    return Page(items=list(cut.rows), next=cut.next)


@api.post(
    "/cost-rates",
    needs="time.rates",
    request=RateIn,
    response=RateMadeOut,
    status=201,
    summary="Say what an hour costs from a day on",
)
def put_rate(body: RateIn) -> object:
    """409 `rate-day` where one of that day stands already."""
    made = rates.put(
        person_id=body.person_id,
        valid_from=body.valid_from,
        currency=body.currency,
        minor=body.minor_per_hour,
    )
    return {"id": made}


@api.delete(
    "/cost-rates/<uuid:rate_id>",
    needs="time.rates",
    response=RateRemovedOut,
    summary="Take a rate away",
)
def remove_rate(rate_id: UUID) -> object:
    """What it cost before that day counts again."""
    return {"undo": rates.remove(rate_id)}


@api.post(
    "/cost-rates/undo/<uuid:token>",
    needs="time.rates",
    status=204,
    summary="Bring back a rate that was taken away",
)
def undo_rate(token: UUID) -> None:
    """Once, within a day; 404 `undo-not-possible` afterwards."""
    undo.take(token)
