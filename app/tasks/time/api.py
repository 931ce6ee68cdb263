"""Time over the API: the clock, entries by hand, a week handed in and decided, in one client."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.api import Api, Page, PageRequest
from app.api.schema import In, Out
from app.kernel import paging, scope
from app.kernel.errors import Conflict, NotFound
from app.tasks.request_schemas import SubjectKey, SubjectType
from app.tasks.time import commands, queries, weeks
from app.tasks.time.commands import About
from app.tasks.time.models import NOTE_LENGTH

api = Api("tasks-time")
Note = Annotated[str, Field(max_length=NOTE_LENGTH)]
Zone = Annotated[str, Field(max_length=60)]


class EntryOut(Out):
    """Time of one person; without `ended_at` it still runs."""

    id: UUID
    line: str
    person_id: UUID
    started_at: datetime
    ended_at: datetime | None
    day: date
    note: str
    billable: bool
    subject_type: str | None
    subject_key: str | None
    state: str
    returned_for: str
    cut: bool
    approved_by: UUID | None
    approved_at: datetime | None
    version: int


class AboutIn(In):
    """What time is written on; `time_zone` says where a day ends for the person."""

    line: Annotated[str, Field(min_length=1, max_length=40)] = "accounting"
    subject_type: SubjectType | None = None
    subject_key: SubjectKey | None = None
    note: Note = ""
    billable: bool = True
    time_zone: Zone = "UTC"

    def about(self) -> About:
        """As the commands take it."""
        return About(
            self.line, self.subject_type, self.subject_key, self.note, billable=self.billable
        )


class SpanIn(AboutIn):
    """Time by hand, at most a day."""

    started_at: AwareDatetime
    ended_at: AwareDatetime


class StopIn(In):
    """Where a day ends for the person."""

    time_zone: Zone = "UTC"


class EntriesOut(Out):
    """The entries made, one a day."""

    ids: list[UUID]


class WeekIn(In):
    """A week, by any of its days, of a person."""

    week: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
    person_id: UUID


class SendBackIn(WeekIn):
    """Why it is sent back."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class MovedOut(Out):
    """How many entries were moved."""

    count: int


@api.get(
    "/clients/<client>/time-entries",
    needs="time.write",
    response=EntryOut,
    paged=True,
    summary="Hours, the newest first",
)
def list_entries(page: PageRequest) -> Page[Any]:
    """One's own; everybody's for whoever approves."""
    before = paging.keys(page.after, paging.moment, UUID)
    found = queries.here(before=before, limit=page.limit + 1)
    cut = paging.page(found, limit=page.limit, key=queries.place_of)
    return Page(items=list(cut.rows), next=cut.next)


@api.post(
    "/clients/<client>/time-entries",
    needs="time.write",
    request=SpanIn,
    response=EntriesOut,
    status=201,
    summary="Write time by hand",
)
def write_entry(body: SpanIn) -> object:
    """409 where a second of it is in another entry of the caller, in whatever client."""
    zone = commands.zone_of(body.time_zone)
    return {"ids": commands.write(body.about(), body.started_at, body.ended_at, zone=zone)}


@api.delete(
    "/clients/<client>/time-entries/<uuid:time_id>",
    needs="time.write",
    response=EntryOut,
    summary="Take an entry away",
)
def remove_entry(time_id: UUID) -> object:
    """An open one of the caller's own."""
    found = queries.one(time_id)
    if found.person_id != scope.current().person_id:
        raise NotFound
    commands.remove(time_id)
    return found


@api.post(
    "/clients/<client>/timer",
    needs="time.write",
    request=AboutIn,
    response=EntryOut,
    status=201,
    summary="Start the clock",
)
def start_timer(body: AboutIn) -> object:
    """What runs here is stopped first; 409 while it runs in another client."""
    return queries.one(commands.start(body.about(), zone=commands.zone_of(body.time_zone)))


@api.post(
    "/clients/<client>/timer/stop",
    needs="time.write",
    request=StopIn,
    response=EntriesOut,
    summary="Stop the clock",
)
def stop_timer(body: StopIn) -> object:
    """409 where none runs in this client."""
    running = queries.timer()
    if running is None:
        raise Conflict("timer-none")
    try:
        return {"ids": commands.stop(running, zone=commands.zone_of(body.time_zone))}
    except NotFound:
        raise Conflict("timer-elsewhere") from None


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
