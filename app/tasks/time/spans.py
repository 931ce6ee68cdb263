"""Spans of time: cut at midnight of a zone, laid into gaps, read as a person writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
FIRST_HOUR = 8
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)")
_HOURS = re.compile(r"(\d{1,2})(?:[.,](\d{1,2}))?\s*h?")


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day begins in a zone, also where its clocks jump at midnight."""
    return datetime.combine(day, time(0), zone).astimezone(ZoneInfo("UTC"))


def by_day(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[date, Span]]:
    """A span cut at each midnight of a zone; the pieces are as long together as the whole."""
    begins = start
    while begins < end:
        day = begins.astimezone(zone).date()
        piece = min(end, midnight(day + timedelta(days=1), zone))
        if piece <= begins:  # a day that the zone left out
            piece = end
        yield day, (begins, piece)
        begins = piece


def gap(day: date, length: timedelta, taken: Sequence[Span], zone: ZoneInfo) -> Span | None:
    """The first free span of a length on a day from 8 o'clock on, else from midnight on."""
    ends = midnight(day + timedelta(days=1), zone)
    for hour in (FIRST_HOUR, 0):
        start = datetime.combine(day, time(hour), zone).astimezone(ZoneInfo("UTC"))
        for begun, ended in sorted(taken):
            if begun - start >= length:
                break
            start = max(start, ended)
        if start + length <= ends:
            return start, start + length
    return None


def length(text: str) -> timedelta | None:
    """`1:30`, `1.5`, `1,5 h` as a length of at most a day; None for anything else."""
    plain = text.strip().lower()
    if found := _CLOCK.fullmatch(plain):
        read = timedelta(hours=int(found[1]), minutes=int(found[2]))
    elif found := _HOURS.fullmatch(plain):
        part = (found[2] or "0").ljust(2, "0")
        read = timedelta(hours=int(found[1]), seconds=int(part) * 36)
    else:
        return None
    return read if timedelta(0) < read <= timedelta(hours=24) else None


def clock(seconds: int) -> str:
    """Seconds as hours and minutes: `1:30`; a part of a minute counts from half on."""
    minutes = (seconds + 30) // 60
    return f"{minutes // 60}:{minutes % 60:02d}"
