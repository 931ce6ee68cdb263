"""Spans of time: cut at midnight without loss, laid into gaps, lengths as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tasks.time import spans
from tests.tasks.time_stage import BERLIN

ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia"]
)
MOMENTS = st.integers(0, 25 * 365 * 86_400).map(
    lambda seconds: datetime(2005, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@given(MOMENTS, st.integers(1, 90_000), ZONES)
def test_a_span_cut_at_midnight_loses_and_doubles_no_second(
    start: datetime, seconds: int, zone: str
) -> None:
    end = start + timedelta(seconds=seconds)
    pieces = list(spans.by_day(start, end, ZoneInfo(zone)))
    assert pieces[0][1][0] == start
    assert pieces[-1][1][1] == end
    assert all(one[1][1] == two[1][0] for one, two in pairwise(pieces))
    assert all(begun < ended for _day, (begun, ended) in pieces)
    assert len(pieces) <= 4


@given(
    st.lists(st.tuples(st.integers(0, 1400), st.integers(1, 200)), max_size=8),
    st.integers(1, 600),
)
def test_a_gap_is_free_and_on_its_day(taken: list[tuple[int, int]], minutes: int) -> None:
    day = date(2026, 3, 29)  # its clocks go forward in Berlin
    first = spans.midnight(day, BERLIN)
    busy = [
        (first + timedelta(minutes=at), first + timedelta(minutes=at + long)) for at, long in taken
    ]
    found = spans.gap(day, timedelta(minutes=minutes), busy, BERLIN)
    if found is not None:
        assert found[1] - found[0] == timedelta(minutes=minutes)
        assert all(ended <= found[0] or begun >= found[1] for begun, ended in busy)
        assert {at.astimezone(BERLIN).date() for at in found} <= {day, day + timedelta(days=1)}


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("1:30", 90), ("0:05", 5), ("1.5", 90), ("1,25 h", 75), ("8", 480), ("24:00", 1440)],
)
def test_lengths_are_read_as_people_write_them(text: str, minutes: int) -> None:
    assert spans.length(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "0", "25", "1:60", "-1", "24:01", "x", "1:5"])
def test_what_is_no_length_is_none(text: str) -> None:
    assert spans.length(text) is None
