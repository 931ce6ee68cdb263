"""Days on which work is due: months of any length, working days, periods that always end."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tasks.repeat import rules
from app.tasks.repeat.calendar import Calendar, Closed
from app.tasks.repeat.rules import Due, Period

DAYS = st.dates(date(1990, 1, 1), date(2120, 12, 31))
EVERY = st.sampled_from(["month", "quarter", "year"])
BAVARIA = Calendar("DE", "BY")
LONDON = Calendar("GB", "ENG")
PLAIN = Calendar()


def month(year: int, no: int) -> Period:
    return rules.period_from("month", date(year, no, 1))


@pytest.mark.parametrize(
    ("rule", "period", "calendar", "due"),
    [
        (Due(n=31, months_after=0, shift="none"), month(2026, 2), PLAIN, date(2026, 2, 28)),
        (Due(n=31, months_after=0, shift="none"), month(2028, 2), PLAIN, date(2028, 2, 29)),
        (Due(n=10), month(2026, 9), PLAIN, date(2026, 10, 12)),
        (Due(n=10, shift="previous"), month(2026, 9), PLAIN, date(2026, 10, 9)),
        (Due(n=10), month(2026, 12), BAVARIA, date(2027, 1, 11)),
        (Due(n=6), month(2026, 12), BAVARIA, date(2027, 1, 7)),
        (Due(n=6), month(2026, 12), LONDON, date(2027, 1, 6)),
        (Due(n=31, months_after=0, shift="same_month"), month(2026, 1), PLAIN, date(2026, 1, 30)),
        (Due(kind="working_day", n=1), month(2026, 4), BAVARIA, date(2026, 5, 4)),
        (Due(kind="working_day", n=-1, months_after=0), month(2026, 5), LONDON, date(2026, 5, 29)),
        # February 2026 has twenty working days: no 23rd from either end
        (Due(0, "working_day", 23), month(2026, 2), PLAIN, date(2026, 2, 27)),
        (Due(0, "working_day", -23), month(2026, 2), PLAIN, date(2026, 2, 2)),
        (Due(n=10, before=3, unit="working_days"), month(2026, 9), PLAIN, date(2026, 10, 7)),
        (Due(n=25, before=14, shift="none"), month(2026, 11), PLAIN, date(2026, 12, 11)),
    ],
)
def test_a_rule_gives_the_day_that_the_wall_calendar_gives(
    rule: Due, period: Period, calendar: Calendar, due: date
) -> None:
    assert rules.due_on(rule, period, calendar) == due


def test_own_closed_days_count_and_a_calendar_without_a_working_day_still_answers() -> None:
    closed = Calendar("GB", "ENG", (Closed(date(2026, 12, 24), date(2027, 1, 4)),))
    assert closed.following(date(2026, 12, 24)) == date(2027, 1, 5)
    for_ever = Calendar("", "", (Closed(date(2020, 1, 1), date(2040, 1, 1)),))
    assert for_ever.following(date(2026, 1, 5)) == date(2026, 1, 5)
    assert for_ever.nth(date(2026, 1, 1), date(2026, 1, 31), 3) == date(2026, 1, 1)


@given(EVERY, DAYS, st.integers(1, 12))
def test_periods_follow_without_gap_and_each_day_lies_in_one(
    every: rules.Every, day: date, first_month: int
) -> None:
    period = rules.period_at(every, day, first_month=first_month)
    assert period.starts <= day <= period.ends
    following = rules.following(every, period)
    assert following.starts == period.ends + timedelta(days=1)
    assert rules.period_at(every, following.starts, first_month=first_month) == following
    assert (period.starts.month - first_month) % rules.MONTHS[every] == 0


@given(
    st.builds(
        Due,
        months_after=st.integers(0, 24),
        kind=st.just("day"),
        n=st.integers(1, 31),
        shift=st.sampled_from(["none", "next", "previous", "same_month"]),
        before=st.integers(0, 40),
        unit=st.sampled_from(["days", "working_days"]),
    ),
    DAYS,
    st.sampled_from([PLAIN, BAVARIA, LONDON, Calendar("AE"), Calendar("XX")]),
)
def test_a_moved_day_is_a_working_day_and_counting_back_never_goes_forward(
    rule: Due, day: date, calendar: Calendar
) -> None:
    period = rules.period_at("month", day)
    found = rules.due_on(rule, period, calendar)
    without = rules.due_on(Due(rule.months_after, rule.kind, rule.n, rule.shift), period, calendar)
    assert found <= without
    if rule.shift != "none":
        assert calendar.works(found)
    if rule.shift == "none" and rule.unit == "days":
        assert (without - found).days == rule.before


@given(st.integers(-23, 23).filter(bool), DAYS)
def test_the_nth_working_day_is_one_of_its_month(n: int, day: date) -> None:
    first = day.replace(day=1)
    found = BAVARIA.nth(first, rules.month_end(first), n)
    assert (found.year, found.month) == (first.year, first.month)
    assert BAVARIA.works(found)


def test_a_repeat_without_an_end_ends_with_the_calendar() -> None:
    every = list(rules.periods("month", date(2190, 1, 1)))
    assert every[-1].starts == date(2198, 12, 1)
    bounded = list(islice(rules.periods("year", date(2026, 1, 1), ends_on=date(2028, 6, 1)), 9))
    assert [one.starts.year for one in bounded] == [2026, 2027, 2028]
