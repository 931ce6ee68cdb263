"""Time over the API, in one client: the clock, entries by hand, changed, cut in two, locked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.api import Api, Page, PageRequest
from app.api.schema import In, Out
from app.kernel import paging, scope, undo
from app.kernel.errors import Conflict, NotFound
from app.tasks.request_schemas import SubjectKey, SubjectType
from app.tasks.time import commands, queries, weeks
from app.tasks.time.commands import About
from app.tasks.time.models import NOTE_LENGTH, Entry

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


class ChangeIn(In):
    """An entry as it should be, as it was at `version`."""

    version: Annotated[int, Field(ge=1)]
    started_at: AwareDatetime
    ended_at: AwareDatetime
    note: Note = ""
    billable: bool = True
    time_zone: Zone = "UTC"


class SplitIn(In):
    """Where it is cut in two."""

    at: AwareDatetime


class RemovedOut(EntryOut):
    """What was taken away; `undo` is the token of the way back, for a day."""

    undo: UUID


class LockIn(In):
    """Up to which day approved hours are locked."""

    until: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]


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


@api.get(
    "/clients/<client>/time-entries/<uuid:time_id>",
    needs="time.write",
    response=EntryOut,
    summary="An entry",
)
def get_entry(time_id: UUID) -> object:
    """One's own; anybody's for whoever approves."""
    return queries.one(time_id)


@api.put(
    "/clients/<client>/time-entries/<uuid:time_id>",
    needs="time.write",
    request=ChangeIn,
    response=EntryOut,
    summary="Change an entry",
)
def change_entry(time_id: UUID, body: ChangeIn) -> object:
    """An open one of the caller's own; 409 `time-changed` where it is not at `version` any more."""
    _own(time_id)
    commands.change(
        time_id,
        version=body.version,
        started_at=body.started_at,
        ended_at=body.ended_at,
        note=body.note,
        billable=body.billable,
        zone=commands.zone_of(body.time_zone),
    )
    return queries.one(time_id)


@api.post(
    "/clients/<client>/time-entries/<uuid:time_id>/split",
    needs="time.write",
    request=SplitIn,
    response=EntryOut,
    status=201,
    summary="Cut an entry in two",
)
def split_entry(time_id: UUID, body: SplitIn) -> object:
    """An open one of the caller's own; answers the later part."""
    _own(time_id)
    return queries.one(commands.split(time_id, body.at))


@api.delete(
    "/clients/<client>/time-entries/<uuid:time_id>",
    needs="time.write",
    response=RemovedOut,
    summary="Take an entry away",
)
def remove_entry(time_id: UUID) -> object:
    """An open one of the caller's own."""
    found = EntryOut.model_validate(_own(time_id))
    return {**found.model_dump(), "undo": commands.remove(time_id)}


@api.post(
    "/clients/<client>/time-entries/undo/<uuid:token>",
    needs="time.write",
    status=204,
    summary="Bring back an entry that was taken away",
)
def undo_removal(token: UUID) -> None:
    """Once, within a day, by whoever took it away; 404 `undo-not-possible` afterwards."""
    undo.take(token)


@api.post(
    "/clients/<client>/time-entries/lock",
    needs="time.approve",
    request=LockIn,
    response=MovedOut,
    summary="Lock approved hours for good",
)
def lock_entries(body: LockIn) -> object:
    """All that is approved in this client up to a day; nothing changes it any more."""
    return {"count": weeks.lock(body.until)}


def _own(time_id: UUID) -> Entry:
    found = queries.one(time_id)
    if found.person_id != scope.current().person_id:
        raise NotFound
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
