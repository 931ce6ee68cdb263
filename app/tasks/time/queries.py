"""What is known of hours: what runs, a week by client and day, what waits for approval, cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel.db import session
from app.kernel.errors import NotFound
from app.tasks.time.models import Entry, Rate, Timer

_COLUMNS = (
    "e.tenant_id, e.id, e.line, e.person_id, e.started_at, e.ended_at, e.day, e.note, e.billable,"
    " e.subject_type, e.subject_key, e.state, e.returned_for, e.cut, e.approved_by, e.approved_at,"
    " e.version"
)
_HERE = "e.tenant_id = (select guard.tenant_id())"


@dataclass(frozen=True, slots=True)
class Week:
    """A person's week that was handed in, in all clients together."""

    person_id: UUID
    monday: date
    seconds: int
    billable: int


@dataclass(frozen=True, slots=True)
class Cost:
    """Hours of a client in a span of days and what they cost, by currency."""

    tenant_id: UUID
    seconds: int
    billable: int
    currency: str | None
    cost_minor: int | None


def timer() -> Timer | None:
    """What runs for the acting person now, in whatever client."""
    row = session.execute(_TIMER).mappings().first()
    return Timer(**row) if row is not None else None


def busy(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Where the acting person's time is taken, in whatever client; what runs ends with the span."""
    rows = session.execute(_BUSY, {"start": start, "end": end})
    return [(row.started_at, row.ended_at or end) for row in rows]


def one(entry_id: UUID) -> Entry:
    """One entry of the client that the reader sees; raises NotFound."""
    row = session.execute(_ONE, {"id": entry_id}).mappings().first()
    if row is None:
        raise NotFound
    return Entry(**row)


def entries(
    *,
    person_id: UUID,
    first: date,
    last: date,
    states: Sequence[str] = ("open", "submitted", "approved", "locked"),
) -> list[Entry]:
    """The entries of a person in a span of days, in the open scope, as they followed."""
    values = {"person": person_id, "first": first, "last": last, "states": list(states)}
    return [Entry(**row) for row in session.execute(_SPAN, values).mappings()]


def of_record(subject_type: str, key: str) -> list[Entry]:
    """The entries at one record of the client, the newest first."""
    values = {"type": subject_type, "key": key}
    return [Entry(**row) for row in session.execute(_OF, values).mappings()]


def here(*, before: tuple[datetime, UUID] | None = None, limit: int = 100) -> list[Entry]:
    """The client's entries that the reader sees, the last begun first; `before` is the place of the
    last one of the page before."""
    at, entry = before or (None, None)
    values = {"before_at": at, "before_id": entry, "limit": limit}
    return [Entry(**row) for row in session.execute(_NEWEST, values).mappings()]


def place_of(entry: Entry) -> list[Any]:
    """Where an entry stands in that list, as a cursor holds it."""
    return [entry.started_at.isoformat(), entry.id]


def handed_in(*, after: tuple[date, UUID] | None = None, limit: int = 500) -> list[Week]:
    """The weeks that wait for approval, over all clients of the worklist, the oldest first; `after`
    is the place of the last one of the page before."""
    monday, person = after or (None, None)
    values = {"monday": monday, "person": person, "limit": limit}
    return [Week(**row) for row in session.execute(_HANDED_IN, values).mappings()]


def costs(first: date, last: date) -> list[Cost]:
    """Hours and cost by client in a span of days; an hour without a rate has no cost."""
    rows = session.execute(_COSTS, {"first": first, "last": last}).mappings()
    return [Cost(**row) for row in rows]


def rates(*, after: tuple[UUID, date] | None = None, limit: int = 1000) -> list[Rate]:
    """What hours cost, by person and day, the newest first; `after` is the place of the last one of
    the page before."""
    person, day = after or (None, None)
    values = {"person": person, "day": day, "limit": limit}
    return [Rate(**row) for row in session.execute(_RATES, values).mappings()]


def slugs(tenants: Iterable[UUID]) -> dict[UUID, str]:
    """The names in addresses of the clients that the reader reaches among these."""
    rows = session.execute(_SLUGS, {"tenants": list(tenants)})
    return {row.tenant_id: row.slug for row in rows}


def staff() -> dict[UUID, str]:
    """The provider's people of the open scope, by name."""
    return {row.person_id: row.name for row in session.execute(_STAFF)}


def monday_of(day: date) -> date:
    """The first day of a day's week."""
    return day - timedelta(days=day.weekday())


def parse_week(text: str | None, today: date) -> date:
    """The Monday that an address names; this week's for anything else."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        found = today
    if not 2000 <= found.year <= 2199:
        found = today
    return monday_of(found)


_TIMER: Any = sa.text(
    "select tenant_id, id, started_at, subject_type, subject_key, note from app.my_timer()"
)
_BUSY = sa.text("select started_at, ended_at from app.my_busy(:start, :end)")
_ONE = sa.text(
    f"select {_COLUMNS} from app.time_entry e where {_HERE} and e.id = :id and e.removed_at is null"
)
_SPAN = sa.text(
    f"select {_COLUMNS} from app.time_entry e where e.person_id = :person"
    " and e.day between :first and :last and e.state = any(:states) and e.removed_at is null"
    " order by e.started_at, e.id limit 2000"
)
_OF = sa.text(
    f"select {_COLUMNS} from app.time_entry e where {_HERE} and e.subject_type = :type"
    " and e.subject_key = :key and e.removed_at is null order by e.started_at desc limit 200"
)
_NEWEST = sa.text(
    f"select {_COLUMNS} from app.time_entry e where {_HERE} and e.removed_at is null"
    " and (e.started_at, e.id) < (coalesce(cast(:before_at as timestamptz), 'infinity'),"
    " coalesce(cast(:before_id as uuid), cast('ffffffff-ffff-ffff-ffff-ffffffffffff' as uuid)))"
    " order by e.started_at desc, e.id desc limit :limit"
)
_HANDED_IN = sa.text(
    "select * from (select person_id, date_trunc('week', day)::date as monday,"
    " sum(extract(epoch from ended_at - started_at))::bigint as seconds,"
    " coalesce(sum(extract(epoch from ended_at - started_at)) filter (where billable), 0)::bigint"
    " as billable from app.time_entry where state = 'submitted' and removed_at is null"
    " group by 1, 2) w where cast(:monday as date) is null"
    " or (w.monday, w.person_id) > (cast(:monday as date), cast(:person as uuid))"
    " order by w.monday, w.person_id limit :limit"
)
_COSTS = sa.text(
    "select e.tenant_id, sum(x.seconds)::bigint as seconds,"
    " coalesce(sum(x.seconds) filter (where e.billable), 0)::bigint as billable, r.currency,"
    " round(sum(x.seconds * r.minor_per_hour / 3600.0))::bigint as cost_minor"
    " from app.time_entry e"
    " cross join lateral (select extract(epoch from e.ended_at - e.started_at) as seconds) x"
    " left join lateral (select currency, minor_per_hour from app.cost_rate c"
    " where c.person_id = e.person_id and c.valid_from <= e.day"
    " order by c.valid_from desc limit 1) r on true"
    " where e.day between :first and :last and e.ended_at is not null and e.removed_at is null"
    " group by e.tenant_id, r.currency order by 2 desc"
)
_STAFF = sa.text("select person_id, name from guard.staff_here('member')")
_RATES = sa.text(
    "select id, person_id, valid_from, currency, minor_per_hour from app.cost_rate"
    " where cast(:person as uuid) is null or person_id > cast(:person as uuid)"
    " or person_id = cast(:person as uuid) and valid_from < cast(:day as date)"
    " order by person_id, valid_from desc limit :limit"
)
_SLUGS = sa.text("select tenant_id, slug from app.client where tenant_id = any(:tenants)")
