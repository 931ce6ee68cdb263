"""The list of tasks over 100,000 items: every view and filter, under the guard, page and counts."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from app.cli import bench
from app.cli.bench import Case
from app.cli.benches import _scratch
from app.cli.benches._scratch import Scratch
from app.kernel import clock, db
from app.kernel.scope import Scope
from app.tasks.work import queries
from app.tasks.work.queries import Wanted

SIZE = 100_000
CLIENTS = 200
PEOPLE = 40
RUNS = 20
LIMIT = 101
MOST_MS = 50.0
GOAL_MS = 25.0
_FILL = """
insert into app.task (tenant_id, line, kind, title, state, due_on, due_at, assignee_id, reviewer_id,
    done_at, made_by)
select t.id, 'accounting', case when x.state = 'done' then 'task'
    else (array['task', 'filing', 'review', 'payment', 'call'])[1 + n / 2 %% 5] end,
  'Return ' || n || ' of the month', x.state, x.day, (x.day + 1)::timestamp at time zone 'UTC',
  (%(people)s::uuid[])[1 + n * 7 %% %(count)s],
  case when n * 7 %% %(count)s <> n * 11 %% %(count)s
    then (%(people)s::uuid[])[1 + n * 11 %% %(count)s] end,
  case when x.state = 'done' then now() end, (%(people)s::uuid[])[1]
from generate_series(1, %(n)s) n
join unnest(%(tenants)s::uuid[]) with ordinality t(id, place) on t.place = 1 + n %% %(clients)s
cross join lateral (select
  case when n %% 2 = 0 then 'done' when n %% 20 = 1 then 'waiting' when n %% 20 = 3 then 'review'
    else 'todo' end as state,
  current_date + (case when n %% 2 = 0 then -(n %% 400) when n %% 50 = 5 then -(n %% 30)
    else n * 13 %% 200 end)::int as day) x
"""


def cases(size: int) -> Iterator[Case]:
    """Milliseconds at the 95th percentile, with the transaction that each page opens."""
    from app.factory import create_app

    with _scratch.database("work_list") as scratch:
        tenants = _scratch.make_clients(scratch, CLIENTS)
        people = _load(scratch, tenants, size)
        app = create_app(scratch.settings)
        with app.app_context():
            for name, work in _views(scratch, tenants, people):
                yield bench.figure(
                    "work-list",
                    name,
                    _p95(work),
                    unit="ms p95",
                    floor=MOST_MS,
                    goal=GOAL_MS,
                    runs=RUNS,
                )
            db.db.engine.dispose()


def _load(scratch: Scratch, tenants: list[UUID], size: int) -> list[UUID]:
    rows = scratch.admin.execute(
        "insert into guard.person (side, email, name) select 'provider', 'p' || n ||"
        " '@example.com', 'Person ' || n from generate_series(2, %s) n returning id",
        (PEOPLE,),
    ).fetchall()
    people = [scratch.person_id, *(row[0] for row in rows)]
    values: dict[str, Any] = {"tenants": tenants, "people": people, "count": PEOPLE}
    with scratch.admin.transaction():
        scratch.admin.execute("set local session_replication_role = replica")
        scratch.admin.execute(_FILL, values | {"clients": CLIENTS, "n": size})
    scratch.admin.execute("vacuum analyze app.task")
    return people


def _views(
    scratch: Scratch, tenants: list[UUID], people: list[UUID]
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Each view and filter of the screen, over all clients and in one."""
    now = clock.now()
    everywhere = Scope.worklist(person_id=scratch.person_id, principal_id=scratch.principal_id)
    base = Wanted(
        me=scratch.person_id,
        tenants=tuple(tenants),
        at=now,
        day_end=now + dt.timedelta(hours=12),
    )
    for view in ("day", "mine", "review", "late", "waiting", "open"):
        yield f"{view}, all clients", _page(everywhere, replace(base, view=view))
    with db.transaction(everywhere):
        far = queries.tasks(replace(base, view="open"), limit=LIMIT)[-1]
    yield "open, second page", _page(everywhere, base, after=(far.due_at, far.id))
    filters: dict[str, dict[str, Any]] = {
        "filings": {"kind": "filing"},
        "in review": {"state": "review"},
        "somebody's": {"assignee": people[7]},
        "nobody's": {"nobody": True},
        "a common word": {"search": "return"},
        "a rare word": {"search": f"return {len(tenants) * 3 + 1} of"},
        "due within a week": {"due_to": now.date() + dt.timedelta(days=7)},
    }
    for name, said in filters.items():
        yield f"open, {name}", _page(everywhere, replace(base, view="open", **said))
    yield "counts of the views", _counts(everywhere, base)
    inside = scratch.scope(tenants[0])
    yield "open, one client", _page(inside, replace(base, view="open", tenants=()))
    yield "all, one client", _page(inside, replace(base, view="all", tenants=()))


def _page(
    scope: Scope, wanted: Wanted, *, after: tuple[dt.datetime, UUID] | None = None
) -> Callable[[], object]:
    def run() -> object:
        with db.transaction(scope):
            return queries.tasks(wanted, after=after, limit=LIMIT)

    return run


def _counts(scope: Scope, wanted: Wanted) -> Callable[[], object]:
    def run() -> object:
        assert wanted.day_end is not None
        with db.transaction(scope):
            return queries.mine(wanted.tenants, wanted.me, day_end=wanted.day_end)

    return run


def _p95(work: Callable[[], object]) -> float:
    work()
    times = []
    for _run in range(RUNS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[int(RUNS * 0.95) - 1]
