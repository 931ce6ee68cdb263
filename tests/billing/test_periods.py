"""Billing periods: boundaries, shares and local days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.periods import cycles, instants, lengths
from billing.periods.cycles import Cycle
from billing.rating import shares
from billing.rating.price import PriceRefused
from billing.rating.shares import Proration

ZONES = (
    "Pacific/Apia", "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles",
    "America/Denver", "America/Chicago", "America/New_York", "America/Santiago",
    "America/St_Johns", "America/Sao_Paulo", "America/Nuuk", "Atlantic/Azores", "UTC",
    "Europe/London", "Europe/Berlin", "Europe/Athens", "Africa/Cairo", "Africa/Casablanca",
    "Asia/Beirut", "Asia/Gaza", "Europe/Moscow", "Asia/Tehran", "Asia/Dubai", "Asia/Kolkata",
    "Asia/Kathmandu", "Asia/Manila", "Asia/Tokyo", "Australia/Adelaide", "Australia/Lord_Howe",
    "Pacific/Chatham",
)  # fmt: skip
_DAYS = st.dates(date(2019, 1, 1), date(2031, 12, 31))
_LENGTHS = st.sampled_from(
    [lengths.DAY, lengths.WEEK, lengths.MONTH, lengths.QUARTER, lengths.HALF_YEAR, lengths.YEAR]
)


@pytest.mark.parametrize("name", ZONES)
def test_every_instant_lies_in_exactly_one_local_day(name: str) -> None:
    """Thirty zones over 36 months: days meet, and each holds the instants that are its own."""
    zone, day = ZoneInfo(name), date(2025, 1, 1)
    begin = instants.begins(day, zone)
    while day < date(2028, 1, 1):
        end = instants.begins(day + timedelta(days=1), zone)
        assert timedelta(hours=22) < end - begin < timedelta(hours=26)
        for at in (begin, begin + (end - begin) / 2, end - timedelta(seconds=1)):
            assert instants.local_day(at, zone) == day
        day, begin = day + timedelta(days=1), end


def test_a_day_whose_midnight_the_clock_jumps_over_begins_at_the_jump() -> None:
    zone = ZoneInfo("America/Santiago")  # on 7 September 2025 the clock goes from 24:00 to 01:00
    assert instants.begins(date(2025, 9, 7), zone) == datetime(2025, 9, 7, 4, tzinfo=UTC)


@settings(max_examples=200, deadline=None)
@given(_DAYS, _LENGTHS, st.integers(1, 31), st.integers(0, 1500))
def test_the_periods_of_a_cycle_meet_and_hold_every_day_once(
    start: date, length: lengths.Length, billing_day: int, later: int
) -> None:
    cycle = Cycle(start, length, billing_day)
    day = start + timedelta(days=later)
    begin, end = cycle.containing(day)
    assert start <= begin <= day < end
    assert cycle.containing(end)[0] == end
    if begin > start:
        assert cycle.containing(begin - timedelta(days=1))[1] == begin


@settings(max_examples=200, deadline=None)
@given(_DAYS, _LENGTHS, st.integers(0, 40))
def test_whole_periods_are_counted_as_they_are_moved(
    day: date, length: lengths.Length, n: int
) -> None:
    later = lengths.moved(day, length, n)
    assert lengths.whole_between(day, later, length) == n
    if n:
        assert lengths.whole_between(day, later - timedelta(days=1), length) == n - 1


@settings(max_examples=200, deadline=None)
@given(_DAYS, st.integers(1, 400), st.integers(0, 400), st.sampled_from(["actual", "30/360"]))
def test_the_shares_of_two_parts_are_the_whole(
    start: date, length: int, cut: int, basis: str
) -> None:
    end = start + timedelta(days=length)
    middle = min(start + timedelta(days=cut), end)
    proration = Proration(basis)  # type: ignore[arg-type]  # one of both
    if shares.days(start, end, proration) <= 0:
        return
    both = [
        shares.share(part, (start, end), proration) for part in ((start, middle), (middle, end))
    ]
    assert abs(sum(both, Decimal(0)) - 1) < Decimal("1e-20")
    assert all(Decimal(0) <= one <= Decimal(1) for one in both)


def test_the_conventions_of_a_share_differ_as_contracts_do() -> None:
    march, rest = (date(2024, 3, 1), date(2024, 3, 31)), (date(2024, 3, 15), date(2024, 3, 31))
    assert shares.share(rest, march, Proration(inclusive=True)) == Decimal(17) / 31
    assert shares.share(rest, march, Proration()) == Decimal(16) / 30
    assert shares.share(rest, march, Proration("none")) == 0
    assert shares.share(rest, march, Proration("full")) == 1
    february = (date(2025, 2, 1), date(2025, 3, 1))
    assert shares.days(*february, Proration("30/360")) == 30
    with pytest.raises(PriceRefused):
        shares.share(march, rest, Proration())


def test_a_first_part_can_be_measured_by_the_billing_day() -> None:
    cycle = Cycle(date(2011, 2, 14), lengths.MONTH, 31)
    target = date(2011, 2, 20)
    back, aligned = (
        cycles.cycles_in_advance(cycle, end=None, target=target, aligned=one)
        for one in (False, True)
    )
    assert (back, aligned) == ([Decimal(14) / 31], [Decimal(14) / 28])


def test_daily_cycles_of_thirty_years_are_counted_to_the_day() -> None:
    cycle = Cycle(date(1995, 3, 1), lengths.DAY, 1)
    day = date(2026, 11, 23)
    assert cycle.upto(day) == day
    assert cycle.after(day) == date(2026, 11, 24)
    assert cycle.elapsed(day) == (day - cycle.start).days


@settings(max_examples=200, deadline=None)
@given(_DAYS, _LENGTHS, st.integers(1, 31), st.integers(-40, 900))
def test_a_boundary_is_found_wherever_a_date_lies(
    start: date, length: lengths.Length, billing_day: int, ahead: int
) -> None:
    cycle = Cycle(start, length, billing_day)
    day = start + timedelta(days=ahead)
    bounds = [cycle.boundary(n) for n in range(950)]
    before = [one for one in bounds if one <= day]
    assert cycle.upto(day) == (before[-1] if before else None)
    assert cycle.after(day) == next(one for one in bounds if one > day)
    assert cycle.from_(day) == next(one for one in bounds if one >= day)
    assert cycle.elapsed(day) == len([one for one in before if one > start])
