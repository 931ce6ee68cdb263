"""The deadlines of a ticket, from its history: what stops the clock and what cannot move it."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.tickets.clock import business_time, deadlines, schedule
from app.tickets.clock.deadlines import Aim, Deadline, Event, Happened, Policy
from app.tickets.clock.schedule import ClockRefused

WEEK = schedule.read(
    {
        "tz": "Europe/Berlin",
        "hours": {day: {"09:00": "17:00"} for day in ("mon", "tue", "wed", "thu", "fri")},
    }
)
HOURS = business_time.compiled(WEEK)
HOUR = 3600
POLICY = Policy(first_response=HOUR, update=2 * HOUR, solution=16 * HOUR)


def _at(text: str) -> int:
    """A moment of the week of Monday, 2 November 2026, Berlin time: `fri 16:00`."""
    day, clock = text.split()
    number = 2 + ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].index(day[:3])
    number += 7 * day.count("+")
    return business_time.instant(datetime.fromisoformat(f"2026-11-{number:02}T{clock}:00+01:00"))


def _history(*told: str) -> list[Happened]:
    """Events as `mon 10:00 opened`."""
    return [
        Happened(_at(f"{day} {clock}"), Event(what)) for day, clock, what in map(str.split, told)
    ]


def _standing(*told: str, now: str, policy: Policy = POLICY) -> dict[Aim, Deadline]:
    found = deadlines.deadlines(_history(*told), policy=policy, hours=HOURS, now=_at(now))
    return {one.aim: one for one in found}


def test_the_first_answer_is_due_in_opening_hours_and_the_update_waits_for_it() -> None:
    found = _standing("fri 16:30 opened", "fri 16:40 wrote", now="fri 16:45")
    assert found[Aim.FIRST_RESPONSE].due == _at("mon+ 09:30")
    assert Aim.UPDATE not in found
    assert not found[Aim.FIRST_RESPONSE].breached(_at("mon+ 09:30"))
    assert found[Aim.FIRST_RESPONSE].breached(_at("mon+ 09:31"))


def test_an_answer_meets_the_response_and_the_clients_next_message_starts_the_update() -> None:
    told = ("mon 10:00 opened", "mon 10:20 answered", "mon 12:00 wrote", "mon 13:00 wrote")
    found = _standing(*told, now="mon 13:30")
    assert found[Aim.FIRST_RESPONSE].met == _at("mon 10:20")
    assert found[Aim.FIRST_RESPONSE].due == _at("mon 11:00")
    assert found[Aim.UPDATE].due == _at("mon 14:00")  # from the first message without an answer
    answered = _standing(*told, "mon 13:40 answered", now="mon 15:00")
    assert answered[Aim.UPDATE].met == _at("mon 13:40")
    assert not answered[Aim.UPDATE].breached(_at("fri 12:00"))


def test_a_pause_over_the_weekend_gives_no_free_hours() -> None:
    paused = ("thu 09:00 opened", "fri 17:00 paused", "mon+ 09:00 resumed")
    found = _standing(*paused, now="mon+ 10:00")[Aim.SOLUTION]
    assert found.used == 17 * HOUR
    assert found.due == _at("fri 17:00")


def test_a_pause_in_business_hours_moves_the_deadline_by_just_these() -> None:
    found = _standing("mon 09:00 opened", "mon 16:00 paused", "tue 10:00 resumed", now="tue 11:00")
    assert found[Aim.SOLUTION].used == 8 * HOUR
    assert found[Aim.SOLUTION].due == _at("wed 11:00")
    spans = deadlines.counted(found[Aim.SOLUTION], HOURS)
    assert [(one.start, one.end) for one in spans] == [
        (_at("mon 09:00"), _at("mon 16:00")),
        (_at("tue 10:00"), _at("tue 11:00")),
    ]


def test_while_it_rests_it_has_no_deadline_but_keeps_what_it_used() -> None:
    found = _standing("mon 09:00 opened", "mon 11:00 paused", now="tue 12:00")[Aim.SOLUTION]
    assert (found.due, found.used, found.resting) == (None, 2 * HOUR, True)
    assert not found.breached(_at("fri 12:00"))


def test_pauses_within_one_second_and_within_each_other_are_one() -> None:
    told = ("mon 09:00 opened", "mon 10:00 paused", "mon 10:00 resumed", "mon 10:00 paused")
    found = _standing(*told, "mon 10:30 paused", "mon 11:00 resumed", now="mon 12:00")
    assert found[Aim.SOLUTION].used == 2 * HOUR


def test_solved_and_reopened_it_goes_on_with_what_it_had_used() -> None:
    told = ("mon 09:00 opened", "mon 17:00 solved", "wed 09:00 reopened")
    solved = _standing(*told[:2], now="mon 17:00")[Aim.SOLUTION]
    assert solved.met == _at("mon 17:00")
    found = _standing(*told, now="wed 10:00")[Aim.SOLUTION]
    assert (found.met, found.used, found.due) == (None, 9 * HOUR, _at("wed 17:00"))


def test_a_changed_policy_keeps_the_pause_that_was() -> None:
    told = ("mon 09:00 opened", "mon 10:00 paused", "mon 12:00 resumed")
    assert _standing(*told, now="mon 13:00")[Aim.SOLUTION].due == _at("wed 11:00")
    shorter = _standing(*told, now="mon 13:00", policy=Policy(solution=4 * HOUR))
    assert shorter[Aim.SOLUTION].due == _at("mon 15:00")


def test_a_policy_without_targets_promises_nothing() -> None:
    assert _standing("mon 09:00 opened", now="mon 10:00", policy=Policy()) == {}


def test_what_lies_ahead_does_not_count_yet() -> None:
    found = _standing("mon 09:00 opened", "tue 09:00 answered", now="mon 09:30")
    assert found[Aim.FIRST_RESPONSE].met is None


def test_a_history_that_nothing_opens_is_refused() -> None:
    with pytest.raises(ClockRefused):
        _standing("mon 09:00 paused", now="mon 10:00")


_MONDAY = _at("mon 00:00")
_INSTANTS = st.integers(_MONDAY, _MONDAY + 14 * 86_400)
_PAUSES = st.lists(st.tuples(_INSTANTS, _INSTANTS).map(sorted), max_size=5)


def _with_pauses(start: int, pauses: list[list[int]]) -> list[Happened]:
    edges = sorted((at, n % 2) for pair in pauses for n, at in enumerate(pair))
    told, depth = [Happened(start, Event.OPENED)], 0
    for at, is_end in edges:
        depth += -1 if is_end else 1
        if at >= start and depth == (0 if is_end else 1):
            told.append(Happened(at, Event.RESUMED if is_end else Event.PAUSED))
    return told


@settings(max_examples=200, deadline=None)
@given(_INSTANTS, _PAUSES)
def test_used_is_what_the_counted_hours_add_up_to(start: int, pauses: list[list[int]]) -> None:
    now = _MONDAY + 21 * 86_400
    history = _with_pauses(start, pauses)
    found = deadlines.deadlines(history, policy=Policy(solution=40 * HOUR), hours=HOURS, now=now)[0]
    spans = deadlines.counted(found, HOURS)
    assert found.used == sum(one.end - one.start for one in spans)
    if found.due is not None and found.due <= now:
        until = [one for one in spans if one.start < found.due]
        assert sum(min(one.end, found.due) - one.start for one in until) == found.target


@settings(max_examples=200, deadline=None)
@given(_INSTANTS, _PAUSES, st.integers(0, 12), st.integers(1, 15 * HOUR))
def test_a_pause_outside_business_hours_never_moves_a_deadline(
    start: int, pauses: list[list[int]], night: int, length: int
) -> None:
    """At whatever length: from 17:00 of a day on, until before nine the next morning."""
    begin = _MONDAY + night * 86_400 + 17 * HOUR
    assume(begin > start)
    assume(all(not (a <= begin + length and begin <= b) for a, b in pauses))
    now = _MONDAY + 21 * 86_400
    policy = Policy(solution=100 * HOUR)
    without = _with_pauses(start, pauses)
    added = [Happened(begin, Event.PAUSED), Happened(begin + length, Event.RESUMED)]
    before, after = (
        deadlines.deadlines(history, policy=policy, hours=HOURS, now=now)[0]
        for history in (without, [*without, *added])
    )
    assert (before.due, before.used) == (after.due, after.used)


@settings(max_examples=100, deadline=None)
@given(_INSTANTS, _PAUSES, st.integers(1, 60 * HOUR), st.integers(1, 20 * HOUR))
def test_more_time_is_never_due_earlier(
    start: int, pauses: list[list[int]], target: int, more: int
) -> None:
    history = _with_pauses(start, pauses)
    now = _MONDAY + 21 * 86_400
    less, greater = (
        deadlines.deadlines(history, policy=Policy(solution=one), hours=HOURS, now=now)[0].due
        for one in (target, target + more)
    )
    assert less is not None
    assert greater is not None
    assert less < greater


def test_thanks_after_the_solution_wait_for_no_update_until_it_is_reopened() -> None:
    told = ("mon 10:00 opened", "mon 11:00 answered", "mon 12:00 solved", "mon 12:05 wrote")
    found = _standing(*told, now="mon 16:00")
    assert Aim.UPDATE not in found
    again = _standing(*told, "mon 13:00 reopened", now="mon 16:00")
    assert again[Aim.UPDATE].due == _at("mon 15:00")
