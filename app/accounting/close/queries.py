"""What is asked of the close: months, steps, unusual changes, explanations, history."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.accounting import figures
from app.accounting.close.changes import BACK, Change, Moved, unusual
from app.accounting.close.values import Explanation, Happened, Month, Plan, Step, Unusual
from app.kernel.db import session
from app.kernel.errors import NotFound

_MONTH = """
select p.id as period_id, p.starts, p.ends, p.state, m.due_on, m.owner_id, m.handed_in_by,
  m.handed_in_at, m.closed_by, m.closed_at, m.reopened_at, m.counted_at,
  coalesce(m.version, 0) as version
from ledger.period p
left join app.close_month m on m.tenant_id = p.tenant_id and m.period_id = p.id
"""
_MOVED = sa.text(
    "select a.id as account_id, a.code, a.name, a.type, t.month,"
    " t.base_credit - t.base_debit as earned"
    " from ledger.turnover_by_month(:first, :last) t join ledger.account a on a.id = t.account_id"
    " order by a.code, t.month"
).bindparams(sa.bindparam("first", type_=sa.Date()), sa.bindparam("last", type_=sa.Date()))
_STEPS = sa.text("""
select s.id, s.title, s.only_once, coalesce(d.done, false) as done, d.note,
  case when d.done then d.done_by end as done_by, case when d.done then d.done_at end as done_at
from app.close_step s
left join app.close_step_done d
  on d.tenant_id = s.tenant_id and d.step_id = s.id and d.period_id = :period
where case when s.only_once then s.first_starts = :starts else s.first_starts <= :starts end
  and (s.ends_before is null or s.ends_before > :starts)
order by s.made_at, s.id
""")
_HISTORY = sa.text("""
select c.from_state, c.to_state, c.reason, c.made_by, c.made_at, o.checks as over,
  o.reason as over_reason
from ledger.period_change c
left join app.close_override o on o.tenant_id = c.tenant_id and o.period_id = c.period_id
  and c.to_state = 'closed' and o.made_at = c.made_at
where c.period_id = :period order by c.id desc limit 50
""")


def month(period_id: int) -> Month:
    """One month; raises NotFound (period-unknown)."""
    row = session.execute(sa.text(f"{_MONTH} where p.id = :id"), {"id": period_id}).mappings()
    found = row.one_or_none()
    if found is None:
        raise NotFound("period-unknown")
    return Month(**found)


def months(*, today: date, limit: int = 36) -> list[Month]:
    """The months that have begun, the newest first."""
    rows = session.execute(
        sa.text(f"{_MONTH} where p.starts <= :today order by p.starts desc limit :limit"),
        {"today": today, "limit": limit},
    ).mappings()
    return [Month(**row) for row in rows]


def oldest_open(*, today: date) -> int | None:
    """The month to close next: the oldest that is over and not closed, else the present one."""
    row = session.execute(
        sa.text(
            "select id from ledger.period where starts <= :today"
            " order by case when state <> 'closed' and ends < :today then starts end, starts desc"
            " limit 1"
        ),
        {"today": today},
    ).one_or_none()
    return None if row is None else int(row.id)


def month_of(day: date) -> int | None:
    """The period id of the month a day falls in, where the books have it."""
    found = session.execute(
        sa.text("select id from ledger.period where :day between starts and ends"), {"day": day}
    ).scalar_one_or_none()
    return None if found is None else int(found)


def plan() -> Plan:
    """How this client's months are closed; the defaults where nobody has said."""
    row = session.execute(
        sa.text(
            "select due_days, owner_id, change_percent, change_minor, version from app.close_plan"
        )
    ).mappings()
    found = row.one_or_none()
    return Plan(**found) if found else Plan()


def changes(of: Month, *, bounds: Plan | None = None) -> list[Change]:
    """The accounts of income and expense that moved unusually in a month, by the client's bounds
    where they were not read already."""
    bounds = bounds or plan()
    back = of.starts.year * 12 + of.starts.month - 1 - BACK
    first = date(back // 12, back % 12 + 1, 1)
    accounts: dict[UUID, tuple[str, str, str]] = {}
    moved: dict[UUID, dict[date, int]] = {}
    for row in session.execute(_MOVED, {"first": first, "last": of.ends}):
        accounts[row.account_id] = (row.code, row.name, row.type)
        moved.setdefault(row.account_id, {})[row.month] = row.earned
    begun = min((day for months_ in moved.values() for day in months_), default=of.starts)
    before = [day for day in figures.months_of(first, of.starts)[:-1] if day >= begun]
    return unusual(
        [Moved(key, *accounts[key], by_month) for key, by_month in moved.items()],
        month=of.starts,
        before=before,
        percent=bounds.change_percent,
        minor=bounds.change_minor,
    )


def explanations(period_id: int, *, in_pack: bool | None = None) -> dict[UUID, Explanation]:
    """What was said of a month's changes, by account; `in_pack` keeps those the client reads."""
    rows = session.execute(
        sa.text(
            "select account_id, month_minor, usual_minor, text, in_pack, made_by, made_at"
            " from app.close_explanation where period_id = :period"
            " and (cast(:in_pack as boolean) is null or in_pack = :in_pack)"
        ),
        {"period": period_id, "in_pack": in_pack},
    ).mappings()
    return {row["account_id"]: Explanation(**row) for row in rows}


_FOR_PACK = sa.text("""
select a.code, a.name, e.text from app.close_explanation e
join ledger.period p on p.tenant_id = e.tenant_id and p.id = e.period_id
join ledger.account a on a.tenant_id = e.tenant_id and a.id = e.account_id
where e.in_pack and p.starts >= :first and p.ends <= :last
order by p.starts, a.code
""")


def words_for_pack(first: date, last: date) -> list[str]:
    """What explains changes of the whole months between two days, for the client to read."""
    rows = session.execute(_FOR_PACK, {"first": first, "last": last})
    return [f"{row.code} {row.name}: {' '.join(row.text.split())}" for row in rows]


def unusual_changes(of: Month, *, bounds: Plan | None = None) -> list[Unusual]:
    """The unusual changes of a month, each with its explanation; open ones first."""
    said = explanations(of.period_id)
    found = [Unusual(one, said.get(one.account_id)) for one in changes(of, bounds=bounds)]
    return sorted(found, key=lambda one: one.explained)


def steps(of: Month) -> list[Step]:
    """The client's own steps as they stand in a month."""
    rows = session.execute(_STEPS, {"period": of.period_id, "starts": of.starts}).mappings()
    return [Step(**row) for row in rows]


def history(period_id: int) -> list[Happened]:
    """What became of a month, the newest first; a reason over red checks stands with its close."""
    return [_happened(row) for row in session.execute(_HISTORY, {"period": period_id})]


def _happened(row: Any) -> Happened:
    return Happened(
        row.from_state,
        row.to_state,
        row.over_reason or row.reason,
        row.made_by,
        row.made_at,
        row.over,
    )


def entry_count(period_id: int) -> int:
    """How many entries a month holds."""
    found: int = session.execute(
        sa.text("select count(*) from ledger.entry where period_id = :period"),
        {"period": period_id},
    ).scalar_one()
    return found


def posted_in_review(period_id: int) -> int:
    """How many entries were made while the month was in review."""
    found = session.execute(
        sa.text("select count(*) from ledger.entry where period_id = :period and in_review"),
        {"period": period_id},
    ).scalar_one()
    return int(found)
