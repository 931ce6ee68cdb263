"""The deadlines of a ticket: a pure function of its policy, its hours and what happened to it.

Nothing is counted up or down: whatever changes (the policy, the calendar, an event that comes
late), the whole history is counted anew, and the same history has the same deadlines for ever.
Instants are whole seconds since 1970 (UTC), targets and amounts seconds of opening hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from app.tickets.clock.business_time import BusinessTime, Counted
from app.tickets.clock.schedule import DAY_SECONDS, DAYS, ClockRefused, Schedule

ALWAYS = Schedule("UTC", (((0, DAY_SECONDS),),) * len(DAYS))
"""The hours of who never closes."""


class Event(StrEnum):
    """What moves a clock."""

    OPENED = "opened"
    WROTE = "wrote"
    """The client wrote; the first message opens the ticket."""
    ANSWERED = "answered"
    """A person of the provider answered so that the client sees it."""
    PAUSED = "paused"
    RESUMED = "resumed"
    SOLVED = "solved"
    REOPENED = "reopened"


class Aim(StrEnum):
    """What a policy promises."""

    FIRST_RESPONSE = "first_response"
    UPDATE = "update"
    SOLUTION = "solution"


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a ticket's history."""

    at: int
    what: Event


@dataclass(frozen=True, slots=True)
class Policy:
    """Business seconds within which each aim is promised; None promises nothing."""

    first_response: int | None = None
    update: int | None = None
    solution: int | None = None

    def target(self, aim: Aim) -> int | None:
        """The seconds promised for an aim."""
        found: int | None = getattr(self, aim.value)
        return found


@dataclass(frozen=True, slots=True)
class Deadline:
    """How one aim stands: met, running, at rest or missed."""

    aim: Aim
    target: int
    due: int | None
    """When it is or was due; None while a pause holds it before its time is used up."""
    met: int | None
    """When it was met; None while it is open."""
    used: int
    """Business seconds used until it was met, or until now."""
    resting: bool
    runs: tuple[Counted, ...]
    """The stretches of the clock in which it ran; `counted` says which hours of them count."""

    def breached(self, now: int) -> bool:
        """Whether the promise is broken: met too late, or open after its time."""
        return self.due is not None and (self.met if self.met is not None else now) > self.due


def deadlines(
    history: Iterable[Happened], *, policy: Policy, hours: BusinessTime, now: int
) -> tuple[Deadline, ...]:
    """The deadlines of a ticket as they stand, in the order of `Aim`; only what is promised.

    First response runs from the opening to the first answer. Update runs from the client's first
    unanswered message after that to the next answer. Solution runs from the opening until solved
    and goes on, with what it had used, when reopened. A pause stops all three. Events after `now`
    do not count. Raises ClockRefused("history") where nothing opened the ticket.
    """
    events = sorted((one for one in history if one.at <= now), key=lambda one: one.at)
    if not events or events[0].what not in (Event.OPENED, Event.WROTE):
        raise ClockRefused("history")
    paused = _paused(events, now)
    found = (
        _standing(Aim.FIRST_RESPONSE, _first_response(events), paused, policy, hours, now),
        _standing(Aim.UPDATE, _update(events), paused, policy, hours, now),
        _standing(Aim.SOLUTION, _solution(events), paused, policy, hours, now),
    )
    return tuple(one for one in found if one is not None)


def counted(deadline: Deadline, hours: BusinessTime) -> tuple[Counted, ...]:
    """Why a deadline stands where it does: the opening hours that were counted for it."""
    return tuple(span for run in deadline.runs for span in hours.spans(run.start, run.end))


@dataclass(frozen=True, slots=True)
class _Course:
    """When an aim ran, pauses aside; an open one has no end."""

    runs: tuple[tuple[int, int | None], ...]
    met: int | None


def _first_response(events: Sequence[Happened]) -> _Course:
    begin = events[0].at
    met = next((one.at for one in events if one.what in (Event.ANSWERED, Event.SOLVED)), None)
    return _Course(((begin, met),), met)


def _update(events: Sequence[Happened]) -> _Course | None:
    """The newest wait of the client for an answer; None before the first response.

    Thanks for what is solved wait for nothing until it is reopened.
    """
    begin: int | None = None
    course: _Course | None = None
    responded = solved = False
    for one in events:
        if one.what in (Event.ANSWERED, Event.SOLVED):
            if begin is not None:
                course = _Course(((begin, one.at),), one.at)
            begin, responded = None, True
            solved = solved or one.what is Event.SOLVED
        elif one.what is Event.REOPENED or (one.what is Event.WROTE and not solved):
            solved = False
            if responded and begin is None:
                begin = one.at
    return course if begin is None else _Course(((begin, None),), None)


def _solution(events: Sequence[Happened]) -> _Course:
    runs: list[tuple[int, int | None]] = []
    begin: int | None = events[0].at
    met: int | None = None
    for one in events:
        if one.what is Event.SOLVED and begin is not None:
            runs.append((begin, one.at))
            begin, met = None, one.at
        elif one.what is Event.REOPENED and begin is None:
            begin, met = one.at, None
    if begin is not None:
        runs.append((begin, None))
    return _Course(tuple(runs), met)


def _paused(events: Sequence[Happened], now: int) -> tuple[Counted, ...]:
    """The pauses; one that still lasts ends after now. A second pause within one adds nothing."""
    found: list[Counted] = []
    begin: int | None = None
    for one in events:
        if one.what is Event.PAUSED and begin is None:
            begin = one.at
        elif one.what in (Event.RESUMED, Event.SOLVED) and begin is not None:
            found.append(Counted(begin, one.at))
            begin = None
    if begin is not None:
        found.append(Counted(begin, now + 1))
    return tuple(found)


def _standing(
    aim: Aim,
    course: _Course | None,
    paused: tuple[Counted, ...],
    policy: Policy,
    hours: BusinessTime,
    now: int,
) -> Deadline | None:
    target = policy.target(aim)
    if target is None or course is None:
        return None
    resting = course.met is None and bool(paused) and paused[-1].end > now
    standing = Deadline(aim, target, None, course.met, 0, resting, ())
    for begin, end in course.runs:
        for run in _between(begin, now if end is None else end, paused):
            standing = _run(standing, run, hours)
    if standing.due is None and not resting and course.met is None:
        left = target - standing.used
        standing = replace(standing, due=hours.due(now, left))
    if standing.due is None and course.met is not None:
        # met in time: the due time it had when it was met
        standing = replace(standing, due=hours.due(course.met, target - standing.used))
    return standing


def _run(standing: Deadline, run: Counted, hours: BusinessTime) -> Deadline:
    """The standing after one more stretch in which the clock ran."""
    passed = hours.elapsed(run.start, run.end)
    due = standing.due
    if due is None and standing.used + passed >= standing.target:
        due = hours.due(run.start, standing.target - standing.used)
    return replace(standing, used=standing.used + passed, due=due, runs=(*standing.runs, run))


def _between(start: int, end: int, paused: tuple[Counted, ...]) -> Iterable[Counted]:
    """A stretch less the pauses in it; one of no length stays where nothing is taken out."""
    at = start
    for pause in paused:
        if pause.end <= at:
            continue
        if pause.start >= end:
            break
        if pause.start > at:
            yield Counted(at, pause.start)
        at = max(at, pause.end)
    if at < end:
        yield Counted(at, end)
