"""The week's sheet: a line a client, a column a day, and what may be done with the week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.documents import subjects
from app.kernel import words
from app.kernel.words import _
from app.tasks.time import spans
from app.tasks.time.models import Entry
from app.web.lists import Tag

STATES = {
    "open": Tag(_("Open"), "info"),
    "submitted": Tag(_("Handed in"), "acc"),
    "approved": Tag(_("Approved"), "good"),
    "locked": Tag(_("Locked"), ""),
    "running": Tag(_("Runs"), "warn"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A client's hours in a week: seconds by day."""

    client: str
    slug: str
    seconds: tuple[int, ...]

    @property
    def total(self) -> str:
        """The week's hours."""
        return spans.clock(sum(self.seconds))

    @property
    def cells(self) -> tuple[str, ...]:
        """Each day's hours, blank for none."""
        return tuple(spans.clock(one) if one else "" for one in self.seconds)


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry with its client and record in words."""

    entry: Entry
    client: str
    slug: str
    about: str
    from_to: str

    @property
    def id(self) -> UUID:
        """The entry's id."""
        return self.entry.id

    @property
    def hours(self) -> str:
        """How long it was."""
        return spans.clock(self.entry.seconds) if self.entry.ended_at else ""

    @property
    def state(self) -> Tag:
        """The state in a word."""
        return STATES[self.entry.state if self.entry.ended_at else "running"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A person's week."""

    monday: date
    days: tuple[date, ...]
    lines: tuple[Line, ...]
    sums: tuple[str, ...]
    total: str
    billable: str
    rows: tuple[EntryRow, ...]
    states: frozenset[str]

    @property
    def before(self) -> date:
        """The Monday before."""
        return self.monday - timedelta(days=7)

    @property
    def after(self) -> date:
        """The Monday after."""
        return self.monday + timedelta(days=7)


def build(
    monday: date,
    entries: Sequence[Entry],
    clients: Mapping[UUID, tuple[str, str]],
    zone: ZoneInfo,
) -> Sheet:
    """The sheet of a week; `clients` are slug and name by tenant."""
    days = tuple(monday + timedelta(days=count) for count in range(7))
    by_client: dict[UUID, list[int]] = {}
    for one in entries:
        cells = by_client.setdefault(one.tenant_id, [0] * 7)
        cells[(one.day - monday).days] += one.seconds
    lines = []
    for tenant, cells in by_client.items():
        slug, name = clients.get(tenant, ("", "–"))
        lines.append(Line(name, slug, tuple(cells)))
    sums = [sum(line.seconds[at] for line in lines) for at in range(7)]
    return Sheet(
        monday,
        days,
        tuple(sorted(lines, key=lambda line: line.client.lower())),
        tuple(spans.clock(one) if one else "" for one in sums),
        spans.clock(sum(sums)),
        spans.clock(sum(one.seconds for one in entries if one.billable)),
        tuple(entry_rows(entries, clients, zone)),
        frozenset(one.state for one in entries if one.ended_at),
    )


def entry_rows(
    entries: Sequence[Entry], clients: Mapping[UUID, tuple[str, str]], zone: ZoneInfo
) -> list[EntryRow]:
    """Entries with client and record in words, in a constant number of statements."""
    told = subjects.describe(
        (one.subject_type, one.subject_key)
        for one in entries
        if one.subject_type and one.subject_key
    )
    made = []
    for one in entries:
        slug, name = clients.get(one.tenant_id, ("", "–"))
        subject = told.get((one.subject_type or "", one.subject_key or ""))
        text = str(subject.title) if subject else ""
        made.append(EntryRow(one, name, slug, text, _from_to(one, zone)))
    return made


def _from_to(one: Entry, zone: ZoneInfo) -> str:
    return f"{_clock(one.started_at, zone)}–{_clock(one.ended_at, zone)}"


def _clock(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%H:%M") if at else ""


def weekday(day: date) -> Markup:
    """A day of the sheet: `Mon`, and below it `23 Nov`."""
    return Markup("{}<br>{}").format(words.format_weekday(day), words.format_day_month(day))
