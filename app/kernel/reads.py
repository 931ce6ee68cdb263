"""What a reading request leaves behind: who looked at what, written before the answer leaves."""

from __future__ import annotations

from collections import OrderedDict
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import SQLAlchemyError

from app.kernel import clock, db
from app.kernel.errors import DomainError, Unavailable
from app.kernel.scope import Scope

_WRITE = sa.text("select app.leave_reads(:looks)").bindparams(sa.bindparam("looks", type_=JSONB))
NO_OBJECT = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Look:
    """One look: at an object of a kind, or at the screen itself; an export says its rows.

    `tenant_id` is named in a worklist only; elsewhere it is the client of the request.
    """

    kind: str
    line: str
    object_id: UUID | None = None
    exported: bool = False
    rows: int | None = None
    tenant_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Viewed:
    """One line of "who looked at what": a person, a day and a kind."""

    person_id: UUID
    day: date
    kind: str
    line: str
    views: int
    exports: int
    exported_rows: int
    objects: int
    first_visit: bool
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Viewer:
    """One line of "who looked at this": a person, a day, and how often."""

    person_id: UUID
    day: date
    views: int
    exports: int
    first_at: datetime
    last_at: datetime


class _Visits:
    """Looks that this process has recorded within the last ten minutes.

    Looking at the same thing again in that time is the same visit (the database counts so too);
    asking it each time would cost every page a durable write.
    """

    SECONDS = 600.0
    MOST = 50_000

    def __init__(self) -> None:
        self._began: OrderedDict[tuple[object, ...], float] = OrderedDict()
        self._lock = Lock()

    def goes_on(self, scope: Scope, look: Look) -> bool:
        """Whether this look belongs to a recorded visit; an export never does."""
        if look.exported:
            return False
        began = self._began.get(self._key(scope, look))
        return began is not None and monotonic() - began < self.SECONDS

    def began(self, scope: Scope, look: Look) -> None:
        """Remembers a recorded look, forgetting the oldest beyond a bound."""
        with self._lock:
            self._began[self._key(scope, look)] = monotonic()
            while len(self._began) > self.MOST:
                self._began.popitem(last=False)

    @staticmethod
    def _key(scope: Scope, look: Look) -> tuple[object, ...]:
        # The day is part of it: the log is kept by day.
        return (
            scope.principal_id,
            scope.tenant_id,
            look.tenant_id,
            look.kind,
            look.line,
            look.object_id,
            clock.today(),
        )


_visits = _Visits()


_left: ContextVar[tuple[Look, ...]] = ContextVar("looks", default=())


def leave(look: Look) -> None:
    """Remembers a look until the reading transaction has ended."""
    _left.set((*_left.get(), look))


def pending() -> tuple[Look, ...]:
    """What this request has to leave behind so far."""
    return _left.get()


def clear() -> None:
    """Forgets what was remembered, when no answer will show it."""
    _left.set(())


def write(scope: Scope) -> int:
    """Writes what was remembered, in a short transaction of its own, and returns how many rows.

    Called after the reading transaction, before the first byte leaves. Raises Unavailable when
    it fails: without its trace nothing is shown.
    """
    looks = [look for look in pending() if not _visits.goes_on(scope, look)]
    clear()
    if not looks:
        return 0
    try:
        with db.transaction(scope, read_only=False):
            found = db.session.execute(_WRITE, {"looks": [_as_row(look) for look in looks]})
            written = int(found.scalar_one())
    except DomainError as error:
        raise Unavailable("read-not-recorded") from error
    except (SQLAlchemyError, psycopg.Error) as error:
        raise Unavailable("read-not-recorded") from error
    for look in looks:
        _visits.began(scope, look)
    return written


def _as_row(look: Look) -> dict[str, Any]:
    return {
        "kind": look.kind,
        "line": look.line,
        "object": str(look.object_id) if look.object_id else None,
        "exported": look.exported,
        "rows": look.rows,
        "tenant": str(look.tenant_id) if look.tenant_id else None,
    }


def viewed(
    *, since: date | None = None, person: UUID | None = None, limit: int = 200
) -> list[Viewed]:
    """Who looked at what in this client, by person, day and kind, the newest day first."""
    statement = sa.text(
        "select person_id, day, kind, line, sum(views)::int views, sum(exports)::int exports,"
        " sum(exported_rows)::bigint exported_rows,"
        " count(*) filter (where object_id <> :nothing)::int objects,"
        " bool_or(first_visit) first_visit, max(last_at) last_at from app.view_log"
        " where (cast(:since as date) is null or day >= :since)"
        " and (cast(:person as uuid) is null or person_id = :person)"
        " group by person_id, day, kind, line order by day desc, max(last_at) desc limit :limit"
    )
    values = {"since": since, "person": person, "limit": limit, "nothing": NO_OBJECT}
    return [Viewed(**row) for row in db.session.execute(statement, values).mappings()]


def viewers(
    kind: str, object_id: UUID, *, after: tuple[date, UUID] | None = None, limit: int = 50
) -> list[Viewer]:
    """Who looked at one object of this client, the newest day first; `after` a day and a person.

    A line for each person and day.
    """
    day, person = after or (None, None)
    values = {"kind": kind, "object": object_id, "day": day, "person": person, "limit": limit}
    rows = db.session.execute(_VIEWERS, values).mappings()
    return [Viewer(**row) for row in rows]


_VIEWERS = sa.text(
    "select person_id, day, views, exports, first_at, last_at from app.view_log"
    " where tenant_id = (select guard.tenant_id()) and kind = :kind and object_id = :object"
    " and (cast(:day as date) is null or day < :day or (day = :day and person_id > :person))"
    " order by day desc, person_id limit :limit"
)
