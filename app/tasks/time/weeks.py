"""Weeks of hours: handed in by their person, approved or sent back by another, locked for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import clock, db
from app.kernel.db import session
from app.kernel.errors import Conflict, DomainError, Invalid
from app.kernel.jobs_progress import Progress
from app.kernel.schedules import schedule
from app.tasks.time import queries
from app.tasks.time.models import LONGEST
from app.tasks.work.bulk import Who

METER = "hour"
REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Done:
    """How many entries were moved, and the codes of what stood against it in some client."""

    count: int
    refused: tuple[str, ...]


def hand_in(monday: date, who: Who, person_id: UUID) -> Done:
    """Hands one's week in, in every client. Raises Conflict `time-runs` while the clock runs in it,
    Conflict `week-empty` where there is nothing to hand in."""
    with db.transaction(who.worklist):
        found = queries.entries(
            person_id=person_id, first=monday, last=sunday(monday), states=("open",)
        )
        if any(one.ended_at is None for one in found):
            raise Conflict("time-runs")
    tenants = dict.fromkeys(one.tenant_id for one in found)
    if not tenants:
        raise Conflict("week-empty")
    return _each(tenants, who, lambda: hand_in_here(monday, person_id))


def take_back(monday: date, who: Who, person_id: UUID) -> Done:
    """Takes back what one handed in and nobody has approved."""
    tenants = _tenants(monday, who, person_id, "submitted")
    return _each(tenants, who, lambda: take_back_here(monday, person_id))


def approve(monday: date, who: Who, person_id: UUID) -> Done:
    """Approves another's week in every client one approves in; billable hours are metered there."""
    tenants = _tenants(monday, who, person_id, "submitted")

    return _each(tenants, who, lambda: approve_here(monday, person_id))


def hand_in_here(monday: date, person_id: UUID) -> int:
    """Hands in what one worked in the open client in a week; returns how many entries."""
    return _moved(_HAND_IN, monday, person_id)


def take_back_here(monday: date, person_id: UUID) -> int:
    """Takes back what one handed in in the open client and nobody has approved."""
    return _moved(_TAKE_BACK, monday, person_id)


def approve_here(monday: date, person_id: UUID) -> int:
    """Approves what another handed in in the open client; meters the billable hours."""
    count = _moved(_APPROVE, monday, person_id)
    session.execute(_METER, _span(monday, person_id) | {"meter": METER})
    return count


def send_back_here(monday: date, person_id: UUID, *, reason: str) -> int:
    """Sends back what another handed in in the open client."""
    plain = reason.strip()
    if not plain or len(plain) > REASON_LENGTH:
        raise Invalid.of("reason", "time-reason", most=REASON_LENGTH)
    session.execute(_VOID, _span(monday, person_id))
    return _moved(_SEND_BACK, monday, person_id, reason=plain)


def send_back(monday: date, who: Who, person_id: UUID, *, reason: str) -> Done:
    """Sends another's week back with a reason: it is theirs to change again."""
    plain = reason.strip()
    if not plain or len(plain) > REASON_LENGTH:
        raise Invalid.of("reason", "time-reason", most=REASON_LENGTH)
    tenants = _tenants(monday, who, person_id, "submitted")
    tenants += [one for one in _tenants(monday, who, person_id, "approved") if one not in tenants]

    return _each(tenants, who, lambda: send_back_here(monday, person_id, reason=plain))


def lock(until: date) -> int:
    """Locks what is approved in the open client up to a day: nothing changes it any more."""
    return len(session.execute(_LOCK, {"until": until}).all())


def _tenants(monday: date, who: Who, person_id: UUID, state: str) -> list[UUID]:
    with db.transaction(who.worklist):
        found = queries.entries(
            person_id=person_id, first=monday, last=sunday(monday), states=(state,)
        )
    return list(dict.fromkeys(one.tenant_id for one in found))


def _each(tenants: Sequence[UUID] | dict[UUID, None], who: Who, act: Callable[[], int]) -> Done:
    """One transaction a client; one client's refusal stops no other."""
    count, refused = 0, []
    for tenant in tenants:
        try:
            with db.transaction(who.inside(tenant)):
                count += act()
        except DomainError as refusal:
            refused.append(refusal.code)
    return Done(count, tuple(refused))


def _span(monday: date, person_id: UUID) -> dict[str, Any]:
    return {"person": person_id, "first": monday, "last": sunday(monday)}


def _moved(statement: sa.TextClause, monday: date, person_id: UUID, **more: Any) -> int:
    return len(session.execute(statement, _span(monday, person_id) | more).all())


def sunday(monday: date) -> date:
    """The last day of a week."""
    return monday + timedelta(days=6)


@schedule("time.cut", every="1 hour", tenants="clients", queue="bulk")
def cut(_args: dict[str, Any], _progress: Progress) -> None:
    """Ends clocks that nobody stopped for a day, and those of people who work here no more."""
    session.execute(_CUT, {"before": clock.now() - LONGEST, "longest": LONGEST})


_MINE = (
    "tenant_id = (select guard.tenant_id()) and person_id = :person"
    " and day between :first and :last and removed_at is null"
)
_HAND_IN = sa.text(
    "update app.time_entry set state = 'submitted', returned_for = '', version = version + 1"
    f" where {_MINE} and state = 'open' and ended_at is not null returning id"
)
_TAKE_BACK = sa.text(
    "update app.time_entry set state = 'open', version = version + 1"
    f" where {_MINE} and state = 'submitted' returning id"
)
_APPROVE = sa.text(
    "update app.time_entry set state = 'approved', version = version + 1"
    f" where {_MINE} and state = 'submitted' returning id"
)
_SEND_BACK = sa.text(
    "update app.time_entry set state = 'open', returned_for = :reason, version = version + 1"
    f" where {_MINE} and state in ('submitted', 'approved') returning id"
)
_METER = sa.text(
    "select app.record_usage(:meter, round(extract(epoch from ended_at - started_at) / 3600, 6),"
    " 'hour', 'time:' || id, 'time_entry', id, '', line, started_at) from app.time_entry"
    f" where {_MINE} and state = 'approved' and billable"
)
_VOID = sa.text(
    "select app.void_usage(array(select 'time:' || id from app.time_entry"
    f" where {_MINE} and state = 'approved'), 'sent back')"
)
_LOCK = sa.text(
    "update app.time_entry set state = 'locked', version = version + 1"
    " where tenant_id = (select guard.tenant_id()) and state = 'approved' and day <= :until"
    " and removed_at is null returning id"
)
_CUT = sa.text(
    "update app.time_entry set ended_at = least(date_trunc('second', now()),"
    " started_at + cast(:longest as interval)),"
    " cut = true, version = version + 1"
    " where tenant_id = (select guard.tenant_id()) and ended_at is null and removed_at is null"
    " and (started_at <= :before or started_at < now() - interval '1 minute'"
    " and person_id not in (select person_id from guard.staff_here('member')))"
)
