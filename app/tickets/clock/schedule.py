"""When a desk is open: weekly hours in a time zone, closed days, breaks and changed days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_SECONDS = 86_400
MOST_SPANS = 48
"""So many spans one day may have."""
MOST_DATES = 5_000
"""So many single dates a list may name."""
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)

Span = tuple[int, int]
"""A span of a day in seconds of its wall clock, the end not included; 86,400 is midnight."""


class ClockRefused(ValueError):
    """Hours, a history or a question that no clock can answer: a code, and the field it is in."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(f"{code}: {where}" if where else code)
        self.code = code
        self.where = where


@dataclass(frozen=True, slots=True)
class Schedule:
    """The opening hours of a desk; a value, so that the same hours are compiled once."""

    zone: str
    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[date] = frozenset()
    breaks: tuple[tuple[date, tuple[Span, ...]], ...] = ()
    shifts: tuple[tuple[date, tuple[Span, ...]], ...] = ()
    """The hours of single dates in place of the week's; none at all closes the date."""


def read(content: Mapping[str, Any]) -> Schedule:
    """A schedule as a file writes it: `hours`, `tz`, `holidays`, `breaks`, `shifts`.

    Raises ClockRefused that names the field: an unknown zone or key, a time that does not exist, a
    span that ends before it begins, spans that overlap.
    """
    if not isinstance(content, Mapping):
        raise ClockRefused("not-a-schedule", "schedule")
    for key in content:
        if key not in ("hours", "tz", "holidays", "breaks", "shifts"):
            raise ClockRefused("unknown-field", str(key)[:40])
    return Schedule(
        _zone(content.get("tz")),
        _week(content.get("hours")),
        frozenset(_dates(content.get("holidays") or [])),
        _changed(content.get("breaks") or {}, "breaks"),
        _changed(content.get("shifts") or {}, "shifts"),
    )


def _zone(name: Any) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, TypeError, ValueError, OSError) as error:
        raise ClockRefused("zone", "tz") from error
    return str(name)


def _week(hours: Any) -> tuple[tuple[Span, ...], ...]:
    if not isinstance(hours, Mapping):
        raise ClockRefused("not-a-schedule", "hours")
    for day in hours:
        if day not in DAYS:
            raise ClockRefused("weekday", f"hours.{day}"[:40])
    return tuple(_spans(hours.get(day) or {}, f"hours.{day}") for day in DAYS)


def _changed(content: Any, field: str) -> tuple[tuple[date, tuple[Span, ...]], ...]:
    if not isinstance(content, Mapping):
        raise ClockRefused("not-a-schedule", field)
    found = dict(zip(_dates(list(content), field), content.values(), strict=True))
    return tuple(
        (day, _spans(spans or {}, f"{field}.{day}")) for day, spans in sorted(found.items())
    )


def _dates(content: Any, field: str = "holidays") -> list[date]:
    if not isinstance(content, list) or len(content) > MOST_DATES:
        raise ClockRefused("dates", field)
    try:
        return [date.fromisoformat(one) for one in content]
    except (TypeError, ValueError) as error:
        raise ClockRefused("date", field) from error


def _spans(content: Any, field: str) -> tuple[Span, ...]:
    if not isinstance(content, Mapping) or len(content) > MOST_SPANS:
        raise ClockRefused("spans", field)
    found = sorted((_seconds(start, field), _seconds(end, field)) for start, end in content.items())
    last = 0
    for start, end in found:
        if end <= start:
            raise ClockRefused("span-order", field)
        if start < last:
            raise ClockRefused("span-overlap", field)
        last = end
    return tuple(found)


def _seconds(text: Any, field: str) -> int:
    if text in ("24:00", "24:00:00"):
        return DAY_SECONDS
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ClockRefused("time", field)
    hours, minutes, seconds = (int(one or 0) for one in found.groups())
    return hours * 3600 + minutes * 60 + seconds
