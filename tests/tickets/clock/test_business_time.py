"""Business time: agreed vectors, a minute-by-minute walk beside it, and what must always hold."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.tickets.clock import business_time, schedule
from app.tickets.clock.business_time import BusinessTime
from app.tickets.clock.schedule import ClockRefused, Schedule

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "data" / "mail" / "biz_sla"
NINE_TO_FIVE = {day: {"09:00": "17:00"} for day in ("mon", "tue", "wed", "thu", "fri")}
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Apia",
    "Africa/Casablanca",
)


def _at(text: str) -> int:
    return business_time.instant(datetime.fromisoformat(text))


def _hours(**content: object) -> BusinessTime:
    return business_time.compiled(schedule.read({"tz": "Europe/Berlin", **content}))


@pytest.mark.skipif(not VECTORS.exists(), reason="the agreed vectors are not on this machine")
def test_every_agreed_vector_is_met() -> None:
    named = json.loads((VECTORS / "schedules.json").read_text())
    hours = {name: business_time.compiled(schedule.read(one)) for name, one in named.items()}
    vectors = json.loads((VECTORS / "vectors.json").read_text())
    for one in vectors:
        found = hours[one["schedule"]]
        start = _at(one["start"])
        assert found.due(start, one["business_seconds"]) == _at(one["due_earliest"]), one
        if one["agree"]:
            assert found.elapsed(start, _at(one["end"])) == one["elapsed_business_seconds"], one
    assert len(vectors) > 700


_TIMES = st.integers(0, 96).map(lambda quarter: quarter * 900)


@st.composite
def _days(draw: st.DrawFn) -> tuple[schedule.Span, ...]:
    edges = sorted(draw(st.sets(_TIMES, max_size=6)))
    return tuple(zip(edges[::2], edges[1::2], strict=False))


@st.composite
def _schedules(draw: st.DrawFn) -> Schedule:
    first = date(2026, 1, 1)
    days = st.integers(0, 364).map(lambda n: first + timedelta(days=n))
    return Schedule(
        draw(st.sampled_from(ZONES)),
        tuple(draw(_days()) for _day in range(7)),
        frozenset(draw(st.sets(days, max_size=4))),
        tuple(sorted(draw(st.dictionaries(days, _days(), max_size=3)).items())),
        tuple(sorted(draw(st.dictionaries(days, _days(), max_size=3)).items())),
    )


_MOMENTS = st.integers(_at("2026-01-02T00:00:00Z"), _at("2026-12-20T00:00:00Z"))


def _open_by_wall_clock(asked: Schedule, at: int) -> bool:
    """Whether the desk is open, read from the clock on its wall; true outside of odd nights."""
    local = business_time.moment(at).astimezone(ZoneInfo(asked.zone))
    day, second = local.date(), local.hour * 3600 + local.minute * 60 + local.second
    if day in asked.holidays:
        return False
    hours = dict(asked.shifts).get(day, asked.week[day.weekday()])
    off = dict(asked.breaks).get(day, ())
    return any(a <= second < b for a, b in hours) and not any(a <= second < b for a, b in off)


@settings(max_examples=60, deadline=None)
@given(_schedules(), _MOMENTS, st.integers(60, 3 * 86_400))
def test_it_counts_what_a_walk_by_the_clock_on_the_wall_counts(
    asked: Schedule, start: int, length: int
) -> None:
    start -= start % 900
    end = start + length - length % 900
    zone = ZoneInfo(asked.zone)
    offsets = {
        business_time.moment(at).astimezone(zone).utcoffset() for at in range(start, end + 1, 900)
    }
    if len(offsets) == 1:  # a night whose clock jumps has times that come twice or not at all
        walked = sum(900 for at in range(start, end, 900) if _open_by_wall_clock(asked, at))
        assert business_time.compiled(asked).elapsed(start, end) == walked


@settings(max_examples=200, deadline=None)
@given(_schedules(), _MOMENTS, st.integers(1, 400_000), st.integers(1, 400_000))
def test_deadlines_are_earliest_monotone_and_additive(
    asked: Schedule, start: int, first: int, second: int
) -> None:
    hours = business_time.compiled(asked)
    assume(hours.elapsed(start, start + 700 * 86_400) >= first + second)
    due, last = hours.due(start, first), hours.due(start, first + second)
    assert hours.elapsed(start, due) == first
    assert hours.elapsed(start, due - 1) == first - 1
    assert hours.due(due, second) == last > due
    assert hours.due(start + 1, first) >= due
    assert hours.elapsed(start, due) + hours.elapsed(due, last) == hours.elapsed(start, last)
    assert sum(one.end - one.start for one in hours.spans(start, last)) == first + second


@settings(max_examples=100, deadline=None)
@given(_schedules(), _MOMENTS, st.integers(0, 30 * 86_400))
def test_the_counted_spans_lie_in_order_and_apart(asked: Schedule, start: int, length: int) -> None:
    found = list(business_time.compiled(asked).spans(start, start + length))
    assert all(one.start < one.end for one in found)
    assert all(a.end < b.start for a, b in itertools.pairwise(found))


def test_a_night_that_loses_an_hour_is_an_hour_shorter_and_one_that_gains_it_longer() -> None:
    hours = _hours(hours={"sun": {"00:00": "06:00"}})
    assert hours.elapsed(_at("2026-03-28T12:00:00Z"), _at("2026-03-29T12:00:00Z")) == 5 * 3600
    assert hours.elapsed(_at("2026-10-24T12:00:00Z"), _at("2026-10-25T12:00:00Z")) == 7 * 3600


def test_hours_that_meet_at_a_time_the_clock_jumps_over_neither_overlap_nor_leave_a_hole() -> None:
    two = _hours(hours={"sun": {"00:00": "02:30", "02:30": "06:00"}})
    late = _hours(hours={"sun": {"02:30": "06:00"}})
    night = _at("2026-03-29T00:00:00+01:00"), _at("2026-03-29T12:00:00+02:00")
    assert two.elapsed(*night) == 5 * 3600
    assert late.elapsed(*night) == 3 * 3600  # from the jump, at 03:00 by the new time


def test_hours_that_meet_in_the_hour_that_comes_twice_count_it_twice() -> None:
    hours = _hours(hours={"sun": {"00:00": "02:30", "02:30": "06:00"}})
    night = _at("2026-10-25T00:00:00+02:00"), _at("2026-10-25T12:00:00+01:00")
    assert hours.elapsed(*night) == 7 * 3600
    assert len(list(hours.spans(*night))) == 1


def test_a_changed_day_without_hours_is_closed() -> None:
    hours = _hours(hours=NINE_TO_FIVE, shifts={"2026-11-23": {}})
    due = hours.due(_at("2026-11-23T08:00:00Z"), 60)
    assert business_time.moment(due) == datetime(2026, 11, 24, 8, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "code", "where"),
    [
        ({"tz": "Mars/Olympus"}, "zone", "tz"),
        ({"tz": "../etc/passwd"}, "zone", "tz"),
        ({"hours": {"someday": {}}}, "weekday", "hours.someday"),
        ({"hours": {"mon": {"09:00": "08:00"}}}, "span-order", "hours.mon"),
        ({"hours": {"mon": {"09:00": "12:00", "11:00": "13:00"}}}, "span-overlap", "hours.mon"),
        ({"hours": {"mon": {"9": "12:00"}}}, "time", "hours.mon"),
        ({"hours": {"mon": ["09:00"]}}, "spans", "hours.mon"),
        ({"hours": []}, "not-a-schedule", "hours"),
        ({"holidays": ["31.12.2026"]}, "date", "holidays"),
        ({"holidays": "2026-12-31"}, "dates", "holidays"),
        ({"breaks": {"2026-02-30": {}}}, "date", "breaks"),
        ({"lunch": {}}, "unknown-field", "lunch"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused_by_its_field(
    content: dict[str, object], code: str, where: str
) -> None:
    with pytest.raises(ClockRefused) as refused:
        schedule.read({"tz": "Europe/Berlin", "hours": NINE_TO_FIVE, **content})
    assert (refused.value.code, refused.value.where) == (code, where)


def test_a_desk_that_never_opens_has_no_deadline_and_says_so() -> None:
    with pytest.raises(ClockRefused) as refused:
        _hours(hours={}).due(_at("2026-11-23T08:00:00Z"), 1)
    assert refused.value.code == "never"


def test_a_break_in_the_hour_that_comes_twice_is_taken_out_once() -> None:
    """Berlin, 25 October 2026: from a quarter past two until a quarter to three."""
    night = {"sun": {"00:00": "06:00"}}
    whole, less = (
        _hours(hours=night),
        _hours(hours=night, breaks={"2026-10-25": {"02:15": "02:45"}}),
    )
    begin, end = _at("2026-10-25T00:00:00+02:00"), _at("2026-10-25T06:00:00+01:00")
    assert whole.elapsed(begin, end) == 7 * 3600
    assert 0 < whole.elapsed(begin, end) - less.elapsed(begin, end) <= 5400


def test_what_is_due_does_not_depend_on_what_was_asked_before() -> None:
    hours = _hours(hours={}, shifts={"2062-05-02": {"09:00": "17:00"}})
    start = _at("2026-01-02T00:00:00+01:00")
    for _once in range(2):
        with pytest.raises(ClockRefused):
            hours.due(start, 60)
        assert hours.elapsed(_at("2062-05-01T00:00:00+02:00"), _at("2062-05-03T00:00:00+02:00"))
