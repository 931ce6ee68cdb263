"""What pages show of jobs: heads only, as the reader's rights allow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.kernel import db
from app.kernel.errors import NotFound

_COLUMNS = (
    "tenant_id, id, kind, title, line, queue, state, attempt, retries, actor, done, total, stage,"
    " result_link, error_code, cancel_requested, run_after, made_at, started_at, finished_at"
)


@dataclass(frozen=True, slots=True)
class JobView:
    """One job as the jobs page and a progress bar show it."""

    tenant_id: UUID
    id: UUID
    kind: str
    title: str | None
    line: str
    queue: str
    state: str
    attempt: int
    retries: int
    actor: UUID | None
    done: int
    total: int | None
    stage: str | None
    result_link: str | None
    error_code: str | None
    cancel_requested: bool
    run_after: datetime
    made_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in ("done", "dead", "cancelled")

    @property
    def percent(self) -> int | None:
        """How far it is, 0 to 100; None while that is not known."""
        if self.state == "done":
            return 100
        return min(100, self.done * 100 // self.total) if self.total else None


def one(job_id: UUID) -> JobView:
    """One job of the client; raises NotFound."""
    found = _find("id = :job", {"job": job_id}, 1)
    if not found:
        raise NotFound
    return found[0]


def recent(
    *,
    line: str | None = None,
    state: str | None = None,
    kind: str | None = None,
    mine: bool = False,
    before: UUID | None = None,
    limit: int = 50,
) -> list[JobView]:
    """The newest jobs first, `before` an id for the next page."""
    wanted = {"line": line, "state": state, "kind": kind}
    parts = [f"{name} = :{name}" for name, value in wanted.items() if value is not None]
    if mine:
        parts.append("actor = (select guard.user_id())")
    if before is not None:
        parts.append("id < :before")
    return _find(" and ".join(parts) or "true", {**wanted, "before": before}, limit)


def of_mine(*, limit: int = 5) -> list[JobView]:
    """What the acting person started: all that runs, what ended ten minutes ago, what failed
    within a day; newest first. Jobs without a title do their work unseen."""
    return _find(_MINE, {}, limit)


_MINE = (
    "title is not null and id > uuidv7(interval '-1 day') and actor = (select guard.user_id())"
    " and (state in ('due', 'claimed', 'dead') or finished_at > now() - interval '10 minutes')"
)
ANY_OF_MINE = f"exists (select from app.job where {_MINE})"
"""SQL: whether `of_mine` has anything to say, for a statement that is made anyway."""


def dead_letters(*, limit: int = 50) -> list[JobView]:
    """Jobs that were given up and wait for somebody."""
    return recent(state="dead", limit=limit)


def _find(condition: str, values: dict[str, object], limit: int) -> list[JobView]:
    statement = sa.text(
        f"select {_COLUMNS} from app.job where {condition} order by id desc limit :limit"
    )
    rows = db.session.execute(statement, {**values, "limit": limit}).mappings()
    return [JobView(**row) for row in rows]
