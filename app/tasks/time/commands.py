"""Time: a timer started and stopped, entries by hand, changed, split, taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from psycopg import errors as pg
from sqlalchemy.exc import IntegrityError

from app.documents import subjects
from app.kernel import clock, ids, undo
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound
from app.tasks.time import queries, spans
from app.tasks.time.models import LONGEST, NOTE_LENGTH, Entry, Timer

UNDO_REMOVE = "time.remove"
OLDEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class About:
    """What time is written on: a record of the client (on its own line) or the client itself."""

    line: str = "accounting"
    subject_type: str | None = None
    subject_key: str | None = None
    note: str = ""
    billable: bool = True


def zone_of(name: str) -> ZoneInfo:
    """A person's time zone; UTC for one that nobody knows."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def start(about: About, *, zone: ZoneInfo) -> UUID:
    """Starts the clock in the open client; returns the entry. Whatever runs here is stopped first.

    Raises Conflict `timer-elsewhere` while one runs in another client, Invalid, NotFound for a
    record the actor does not see.
    """
    about = _checked(about)
    running = queries.timer()
    if running is not None:
        if running.tenant_id != _here():
            raise Conflict("timer-elsewhere")
        stop(running, zone=zone)
    now = _second(clock.now())
    made = ids.uuid7()
    _insert([(made, now, None, now.astimezone(zone).date())], about)
    return made


def stop(running: Timer, *, zone: ZoneInfo) -> list[UUID]:
    """Stops the clock; what ran over midnight becomes an entry a day. Returns the entries.

    What ran longer than a day ends a day after it began. A clock stopped within its first second
    leaves nothing, nor does one that was stopped meanwhile, as by the first of two clicks. Raises
    NotFound, Conflict `time-not-stopped` where nothing may be written now.
    """
    found = queries.one(running.id)
    if found.ended_at is not None:
        return []
    now = _second(clock.now())
    end = min(now, found.started_at + LONGEST)
    if end <= found.started_at:
        _changed(_REMOVE, {"id": found.id}, "time-not-stopped")
        return []
    pieces = list(spans.by_day(found.started_at, end, zone))
    _first_day, (_begun, first_end) = pieces[0]
    if not _ended(found, first_end, cut=end < now):
        if queries.one(found.id).ended_at is not None:
            return []
        raise Conflict("time-not-stopped")
    rest = [(ids.uuid7(), begun, ended, day) for day, (begun, ended) in pieces[1:]]
    if rest:
        _insert(rest, _about(found))
    return [found.id, *(one[0] for one in rest)]


def end_out_of_reach(running: Timer) -> bool:
    """Ends one's clock in a client that one writes nothing in by now, or does not reach at all. It
    stays one entry, marked as ended by the platform. Answers whether it still ran.
    """
    return session.execute(_END_MINE, {"id": running.id}).scalar() is not None


def write(about: About, started_at: datetime, ended_at: datetime, *, zone: ZoneInfo) -> list[UUID]:
    """Writes time by hand; over midnight it becomes an entry a day. Returns the entries.

    Raises Invalid for a span that is none, longer than a day, in the future or over a year old,
    Conflict `time-overlaps` where a second of it is in another entry of the person.
    """
    about = _checked(about)
    started_at, ended_at = _second(started_at), _second(ended_at)
    _check_span(started_at, ended_at)
    rows = [
        (ids.uuid7(), begun, ended, day)
        for day, (begun, ended) in spans.by_day(started_at, ended_at, zone)
    ]
    _insert(rows, about)
    return [one[0] for one in rows]


def write_length(about: About, day: date, length: timedelta, *, zone: ZoneInfo) -> list[UUID]:
    """Writes so much time on a day, into the first gap that holds it; what lies ahead of today is
    no gap. Raises Conflict `time-full` where the day has no such gap, and what `write` raises."""
    begins = spans.midnight(day, zone)
    ends = spans.midnight(day + timedelta(days=1), zone)
    now = _second(clock.now())
    if begins >= now:
        raise Invalid.of("day", "time-future")
    taken = [*queries.busy(begins, ends), (now, max(now, ends))]
    found = spans.gap(day, length, taken, zone)
    if found is None:
        raise Conflict("time-full")
    return write(about, *found, zone=zone)


def change(
    entry_id: UUID,
    *,
    version: int,
    started_at: datetime,
    ended_at: datetime,
    note: str,
    billable: bool,
    zone: ZoneInfo,
) -> None:
    """Changes an open entry of one's own as it was at `version`; raises as `write` does, and
    Conflict `time-changed`. A changed entry stays within one day."""
    found = queries.one(entry_id)
    _check_note(note)
    started_at, ended_at = _second(started_at), _second(ended_at)
    _check_span(started_at, ended_at)
    pieces = list(spans.by_day(started_at, ended_at, zone))
    if len(pieces) > 1:
        raise Invalid.of("ended_at", "time-over-midnight")
    values: dict[str, Any] = {"id": found.id, "version": version}
    values |= {"start": started_at, "end": ended_at}
    values |= {"day": pieces[0][0], "note": note.strip(), "billable": billable}
    if _guarded(_CHANGE, values) is None:
        raise Conflict("time-changed")


def split(entry_id: UUID, at: datetime) -> UUID:
    """Cuts an open entry in two at an instant inside it; returns the later part."""
    found, at = queries.one(entry_id), _second(at)
    if found.ended_at is None or not found.started_at < at < found.ended_at:
        raise Invalid.of("at", "time-split")
    if not _ended(found, at, cut=found.cut):
        raise Conflict("time-not-changed")
    made = ids.uuid7()
    _insert([(made, at, found.ended_at, found.day)], _about(found))
    return made


def remove(entry_id: UUID) -> UUID:
    """Takes an open entry of one's own away; returns the token of the way back.

    Raises NotFound, Conflict `time-not-changed` where nothing may be written now.
    """
    found = queries.one(entry_id)
    _changed(_REMOVE, {"id": found.id}, "time-not-changed")
    return undo.offer(UNDO_REMOVE, {"entry": str(entry_id)})


@undo.handler(UNDO_REMOVE)
def _restore(args: dict[str, Any]) -> None:
    _changed(_RESTORE, {"id": UUID(args["entry"])}, "time-not-changed")


def _about(entry: Entry) -> About:
    return About(
        entry.line, entry.subject_type, entry.subject_key, entry.note, billable=entry.billable
    )


def _checked(about: About) -> About:
    _check_note(about.note)
    if about.subject_type is None or about.subject_key is None:
        return About(about.line, None, None, about.note.strip(), billable=about.billable)
    line = subjects.line_of(about.subject_type, about.subject_key)
    note = about.note.strip()
    return About(line, about.subject_type, about.subject_key, note, billable=about.billable)


def _check_note(note: str) -> None:
    if len(note) > NOTE_LENGTH:
        raise Invalid.of("note", "text-too-long", most=NOTE_LENGTH)


def _check_span(started_at: datetime, ended_at: datetime) -> None:
    now = clock.now()
    if ended_at <= started_at:
        raise Invalid.of("ended_at", "time-backwards")
    if ended_at - started_at > LONGEST:
        raise Invalid.of("ended_at", "time-too-long")
    if ended_at > now + timedelta(minutes=1):
        raise Invalid.of("ended_at", "time-future")
    if started_at < now - OLDEST:
        raise Invalid.of("started_at", "time-old")


def _insert(rows: Sequence[tuple[UUID, datetime, datetime | None, date]], about: About) -> None:
    made, starts, ends, days = (list(column) for column in zip(*rows, strict=True))
    values: dict[str, Any] = {"ids": made, "starts": starts, "ends": ends, "days": days}
    values |= {"line": about.line, "note": about.note, "billable": about.billable}
    _guarded(_ADD, values | {"type": about.subject_type, "key": about.subject_key})


def _ended(found: Entry, end: datetime, *, cut: bool) -> bool:
    """Gives an entry its end; not one that has another end by now than it was read with."""
    values = {"id": found.id, "was": found.ended_at, "end": end, "cut": cut}
    return _guarded(_END, values) is not None


def _second(at: datetime) -> datetime:
    """The whole second an instant lies in: entries follow each other without gap or overlap."""
    return at.replace(microsecond=0)


def _changed(statement: sa.TextClause, values: dict[str, Any], code: str) -> None:
    """Runs a statement that must find its entry; one that may not be written is said."""
    if _guarded(statement, values) is None:
        raise Conflict(code)


def _guarded(statement: sa.TextClause, values: dict[str, Any]) -> Any:
    """Runs a statement; a second that is in another entry of the person is said as such."""
    try:
        with session.begin_nested():
            return session.execute(statement, values).scalar()
    except IntegrityError as fault:
        if isinstance(fault.orig, pg.ExclusionViolation):
            raise Conflict("time-overlaps") from None
        raise


def _here() -> UUID:
    found: UUID | None = session.execute(sa.text("select guard.tenant_id()")).scalar()
    if found is None:
        raise NotFound
    return found


_HERE = "tenant_id = (select guard.tenant_id())"
_ADD = sa.text(
    "insert into app.time_entry (tenant_id, id, line, started_at, ended_at, day, note, billable,"
    " subject_type, subject_key) select (select guard.tenant_id()), n.id, :line, n.start, n.stop,"
    " n.day, :note, :billable, :type, :key from unnest(cast(:ids as uuid[]),"
    " cast(:starts as timestamptz[]), cast(:ends as timestamptz[]), cast(:days as date[]))"
    " n(id, start, stop, day) returning id"
)
_END = sa.text(
    "update app.time_entry set ended_at = :end, cut = :cut, version = version + 1"
    f" where {_HERE} and id = :id and removed_at is null"
    " and ended_at is not distinct from cast(:was as timestamptz) returning id"
)
_CHANGE = sa.text(
    "update app.time_entry set started_at = :start, ended_at = :end, day = :day, note = :note,"
    " billable = :billable, version = version + 1"
    f" where {_HERE} and id = :id and version = :version returning id"
)
_REMOVE = sa.text(
    "update app.time_entry set removed_at = now(), ended_at = coalesce(ended_at,"
    " greatest(date_trunc('second', now()), started_at + interval '1 second')),"
    " version = version + 1"
    f" where {_HERE} and id = :id and removed_at is null returning id"
)
_END_MINE = sa.text("select app.end_my_clock(:id)")
_RESTORE = sa.text(
    "update app.time_entry set removed_at = null, version = version + 1"
    f" where {_HERE} and id = :id returning id"
)
