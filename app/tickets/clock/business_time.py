"""Opening hours as spans of UTC, counted through: how much passed, and when so much has passed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.tickets.clock.schedule import ClockRefused, Schedule, Span

FIRST_YEAR, LAST_YEAR = 1980, 2200
MOST_YEARS = 30
"""So far ahead a deadline is looked for; later than that, there are no hours to speak of."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """A span of opening hours, in seconds since 1970 (UTC), the end not included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Table:
    """The spans of some years, with the seconds open before each of them."""

    first: int
    last: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]
    total: int

    def passed(self, instant: int) -> int:
        """Seconds open in these years until an instant."""
        at = bisect_right(self.starts, instant) - 1
        if at < 0:
            return 0
        return self.before[at] + min(instant, self.ends[at]) - self.starts[at]

    def when(self, seconds: int) -> int:
        """The first instant at which so many seconds (1 to `total`) have passed."""
        at = bisect_left(self.before, seconds) - 1
        return self.starts[at] + seconds - self.before[at]


@dataclass(slots=True)
class BusinessTime:
    """The hours of one schedule, compiled by years as they are asked for.

    All instants are whole seconds since 1970 (UTC), all amounts are seconds of opening hours.
    """

    schedule: Schedule
    _years: dict[int, list[Counted]] = field(default_factory=dict)
    _table: _Table = _Table(LAST_YEAR, FIRST_YEAR, (), (), (), 0)

    def elapsed(self, start: int, end: int) -> int:
        """Business seconds between two instants; 0 where the second is not later."""
        if end <= start:
            return 0
        table = self._covering(start, end)
        return table.passed(end) - table.passed(start)

    def due(self, start: int, seconds: int) -> int:
        """The earliest instant at which so many business seconds have passed since the start.

        The end of Monday rather than the begin of Tuesday: at both as much has passed. Raises
        ClockRefused("never") where the hours of the next MOST_YEARS years do not suffice.
        """
        if seconds <= 0:
            return start
        table = self._covering(start, start)
        wanted, last = table.passed(start) + seconds, moment(start).year + MOST_YEARS
        while wanted > table.total:
            if table.last >= min(last, LAST_YEAR):
                raise ClockRefused("never")
            table = self._spanning(table.first, table.last + 1)
        found = table.when(wanted)
        if moment(found).year > last:  # known from another question only
            raise ClockRefused("never")
        return found

    def spans(self, start: int, end: int) -> Iterator[Counted]:
        """The spans of opening hours between two instants, in order."""
        if end <= start:
            return
        table = self._covering(start, end)
        at = max(bisect_right(table.starts, start) - 1, 0)
        while at < len(table.starts) and table.starts[at] < end:
            found = Counted(max(table.starts[at], start), min(table.ends[at], end))
            if found.end > found.start:
                yield found
            at += 1

    def _covering(self, start: int, end: int) -> _Table:
        """A table of the local years in which two instants lie."""
        table = self._table
        first, last = moment(start).year - 1, moment(end).year + 1
        if table.first <= first and last <= table.last:
            return table
        if first < FIRST_YEAR or last > LAST_YEAR:
            raise ClockRefused("instant")
        return self._spanning(min(first, table.first), max(last, table.last))

    def _spanning(self, first: int, last: int) -> _Table:
        for year in range(first, last + 1):
            if year not in self._years:
                self._years[year] = list(_open_spans(self.schedule, year))
        spans = _joined(one for year in range(first, last + 1) for one in self._years[year])
        before, total = [], 0
        for one in spans:
            before.append(total)
            total += one.end - one.start
        starts = tuple(one.start for one in spans)
        ends = tuple(one.end for one in spans)
        self._table = _Table(first, last, starts, ends, tuple(before), total)
        return self._table


@lru_cache(maxsize=1024)
def compiled(schedule: Schedule) -> BusinessTime:
    """The hours of a schedule, counted once for all who ask."""
    return BusinessTime(schedule)


def instant(moment_: datetime) -> int:
    """A moment as whole seconds since 1970; a fraction of a second is dropped."""
    return (moment_ - _EPOCH) // _SECOND


def moment(instant_: int) -> datetime:
    """Seconds since 1970 as a moment in UTC."""
    return _EPOCH + timedelta(seconds=instant_)


def _open_spans(schedule: Schedule, number: int) -> Iterator[Counted]:
    breaks, shifts = dict(schedule.breaks), dict(schedule.shifts)
    zone = ZoneInfo(schedule.zone)
    day, last = date(number, 1, 1), date(number, 12, 31)
    while day <= last:
        if day not in schedule.holidays:
            # taken out as instants: in the hour that comes twice a break begins and ends once
            off = tuple(_counted(day, one, zone) for one in breaks.get(day, ()))
            for one in shifts.get(day, schedule.week[day.weekday()]):
                yield from _without(_counted(day, one, zone), off)
        day += timedelta(days=1)


def _counted(day: date, span: Span, zone: ZoneInfo) -> Counted:
    return Counted(_begin(day, span[0], zone), _end(day, span[1], zone))


def _without(hours: Counted, breaks: tuple[Counted, ...]) -> Iterator[Counted]:
    """Opening hours less breaks; nothing where the clocks leave nothing of them."""
    at = hours.start
    for off in sorted(breaks, key=lambda one: one.start):
        if off.start >= hours.end:
            break
        if off.start > at:
            yield Counted(at, off.start)
        at = max(at, off.end)
    if at < hours.end:
        yield Counted(at, hours.end)


def _joined(found: Iterator[Counted]) -> list[Counted]:
    """Spans in order without overlap: in the hour that comes twice, neighbours meet twice."""
    joined: list[Counted] = []
    for one in sorted(found, key=lambda span: span.start):
        if joined and one.start <= joined[-1].end:
            joined[-1] = Counted(joined[-1].start, max(joined[-1].end, one.end))
        else:
            joined.append(one)
    return joined


def _begin(day: date, seconds: int, zone: ZoneInfo) -> int:
    """When a span begins: the first time the clock shows it, or jumps over it."""
    return _instant(day, seconds, zone, fold=0)


def _end(day: date, seconds: int, zone: ZoneInfo) -> int:
    """When a span ends: the last time the clock shows it, or jumps over it."""
    return _instant(day, seconds, zone, fold=1)


def _instant(day: date, seconds: int, zone: ZoneInfo, *, fold: int) -> int:
    local = datetime.combine(day, time.min) + timedelta(seconds=seconds)
    found = instant(local.replace(tzinfo=zone, fold=fold).astimezone(UTC))
    if moment(found).astimezone(zone).replace(tzinfo=None) == local:
        return found
    # The clock jumps over this time. Read with the offset before the jump it lies after it, by
    # as much as the time lies behind the jump's begin; read with the other one, before it.
    after = instant(local.replace(tzinfo=zone, fold=0).astimezone(UTC))
    before = instant(local.replace(tzinfo=zone, fold=1).astimezone(UTC))
    return _jump(zone, before, after)


def _jump(zone: ZoneInfo, before: int, after: int) -> int:
    """The instant between two at which a zone's offset changes."""
    old = moment(before).astimezone(zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if moment(middle).astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
