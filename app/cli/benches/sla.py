"""Deadlines a second in opening hours, against a walk minute by minute; whole histories beside."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from app.cli import bench
from app.cli.bench import Case
from app.tickets.clock import business_time, deadlines, schedule
from app.tickets.clock.deadlines import Event, Happened, Policy
from app.tickets.clock.schedule import Schedule

SIZE = 100_000  # deadlines; the walk takes a hundredth of them
WEEK = schedule.read(
    {
        "tz": "Europe/Berlin",
        "hours": {
            **{d: {"08:00": "12:00", "13:00": "18:00"} for d in ("mon", "tue", "wed", "thu")},
            "fri": {"08:00": "14:30"},
        },
        "holidays": ["2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-25"],
    }
)
HOURS = business_time.compiled(WEEK)
POLICY = Policy(first_response=3600, update=4 * 3600, solution=24 * 3600)
FIRST = business_time.instant(datetime(2026, 1, 5, tzinfo=ZoneInfo("UTC")))
YEAR = 350 * 86_400


def cases(size: int) -> Iterator[Case]:
    """Deadlines, and histories of tickets with pauses counted anew."""
    rng = random.Random(1)  # noqa: S311  # the same questions every run
    asked = [(FIRST + rng.randrange(YEAR), 60 * rng.randint(1, 1440)) for _n in range(size)]
    walked = asked[: max(size // 100, 1)]
    yield bench.compare(
        "sla",
        "due dates, a walk minute by minute",
        ours=lambda: size / bench.timed(lambda: [HOURS.due(at, n) for at, n in asked]),
        reference=lambda: len(walked) / bench.timed(lambda: [_walk(WEEK, *one) for one in walked]),
        unit="dates/s",
        better="more",
        runs=3,
    )
    histories = [_history(rng) for _n in range(size)]
    now = FIRST + YEAR
    yield bench.figure(
        "sla",
        "whole histories counted anew",
        size
        / bench.timed(
            lambda: [
                deadlines.deadlines(one, policy=POLICY, hours=HOURS, now=now) for one in histories
            ]
        ),
        unit="tickets/s",
        better="more",
    )


def _walk(asked: Schedule, start: int, seconds: int) -> int:
    """The deadline as peers find it: minute by minute along the clock on the wall."""
    zone = ZoneInfo(asked.zone)
    at, left = start, seconds
    while left > 0:
        local = business_time.moment(at).astimezone(zone)
        second = local.hour * 3600 + local.minute * 60
        open_ = local.date() not in asked.holidays and any(
            begin <= second < end for begin, end in asked.week[local.weekday()]
        )
        left -= 60 if open_ else 0
        at += 60
    return at


def _history(rng: random.Random) -> list[Happened]:
    """A ticket with an answer, a pause, and a message of the client after it."""
    at = FIRST + rng.randrange(YEAR - 20 * 86_400)
    told = [Happened(at, Event.OPENED)]
    for what in (Event.ANSWERED, Event.PAUSED, Event.RESUMED, Event.WROTE):
        at += rng.randrange(4 * 86_400)
        told.append(Happened(at, what))
    return told
