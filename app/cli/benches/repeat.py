"""Work that comes round: every client rolled forward, each in its own guarded transaction."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator
from typing import Any

from app.cli import bench
from app.cli.bench import Case
from app.cli.benches import _scratch
from app.cli.benches._scratch import Scratch
from app.kernel import db, jobs
from app.kernel.scope import Scope
from app.tasks.repeat import roll

SIZE = 300  # clients; the goal is spoken of 5,000
TEMPLATES = 20
WHOLE = 5_000
MOST_SECONDS = 60.0
GOAL_SECONDS = 30.0
TODAY = dt.date(2026, 11, 23)
_CONTENT = {
    "sections": [
        {
            "title": "Return",
            "items": [
                {
                    "title": "Send the return",
                    "kind": "filing",
                    "due": {"n": 10, "before": 3, "unit": "working_days"},
                    "checklist": ["Agree the ledger", "Have it read", "Send it"],
                }
            ],
        }
    ]
}
_FILL = """
insert into app.client (tenant_id, slug, name, legal_name, country, currency, time_zone, locale,
    fiscal_year_start_month, chart_template, is_provider, state, hue)
select t, g.slug, 'Client', 'Client', 'DE', 'EUR', 'Europe/Berlin', 'de', 1, 'general', false,
  'active', 1 from unnest(%(tenants)s::uuid[]) t join guard.tenant g on g.id = t;
insert into app.repeat (tenant_id, line, name, content, every, next_start, make_on, made_by)
select t, 'accounting', 'Repeat ' || n, %(content)s, 'month', date '2026-11-01', %(today)s, t
  from unnest(%(tenants)s::uuid[]) t, generate_series(1, %(templates)s) n;
insert into app.work_calendar (tenant_id, country, subdivision, changed_by)
select t, 'DE', 'BY', t from unnest(%(tenants)s::uuid[]) t;
"""


def cases(size: int) -> Iterator[Case]:
    """Seconds for all clients; then the same once more, with nothing left to do."""
    from app.factory import create_worker_app

    with _scratch.database("repeat") as scratch:
        tenants = _scratch.make_clients(scratch, size)
        _load(scratch, tenants)
        app = create_worker_app(scratch.settings)
        with app.app_context():
            first, made = _rolled(tenants)
            again, none = _rolled(tenants)
            db.db.engine.dispose()
        if (made, none) != (size * TEMPLATES, 0):
            raise RuntimeError(f"made {made} and {none} tasks of {size * TEMPLATES}")
    share = size / WHOLE
    yield bench.figure(
        "repeat",
        f"{size:,} clients x {TEMPLATES} templates rolled forward",
        first,
        unit="s",
        floor=MOST_SECONDS * share,
        goal=GOAL_SECONDS * share,
    )
    yield bench.figure("repeat", "the same once more: nothing to do", again, unit="s")


def _load(scratch: Scratch, tenants: list[Any]) -> None:
    values = {"tenants": tenants, "templates": TEMPLATES, "today": TODAY}
    with scratch.admin.transaction():
        scratch.admin.execute("set local session_replication_role = replica")
        for statement in _FILL.split(";"):
            if statement.strip():
                scratch.admin.execute(statement, values | {"content": json.dumps(_CONTENT)})
    scratch.admin.execute("vacuum analyze app.repeat")


def _rolled(tenants: list[Any]) -> tuple[float, int]:
    """Seconds and tasks of one round over all clients, as the hourly job of each does it."""
    person = jobs.system_user("platform")
    count = 0
    began = time.perf_counter()
    for tenant in tenants:
        with db.transaction(Scope.system_job(tenant, person_id=person)):
            count += roll.everything(TODAY)
    return time.perf_counter() - began, count
