"""Accepting all certain lines of a bank account: few at once, many by a job, one way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounting.matching.values import Suggestion
from app.accounting.reconcile import accept, lines
from app.accounting.reconcile import commands as acts
from app.kernel import jobs, jobs_queries, undo, words
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound

JOB = "accounting.certain"
UNDO_JOB = "accounting.certain-undo"
UNDO = "certain-lines"
CHUNK = 50
"""Lines booked, or taken back, in one transaction of a job."""

Seen = Sequence[tuple[UUID, int, str]]
"""Lines as they were shown: id, version and the mark of the guess."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came of it; with a `job_id` the lines are booked after the answer."""

    count: int
    line_ids: tuple[UUID, ...]
    undo: UUID
    job_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far a job of certain lines is. `left_out` is known once it has ended."""

    job: jobs.JobView
    booked: int
    left_out: int
    undo: UUID | None


def accept_certain(*, bank_account_id: UUID, count: int, digest: str) -> Accepted:
    """Books all certain lines of an account, exactly those the person has seen the count of.

    More than `accept.AT_ONCE` go to a job, which leaves out what changes until it comes to it. The
    same count and digest once more start nothing anew. Raises Conflict `certain-changed` (nothing
    is booked) when they are not the same any more, Invalid `nothing-certain` when there are none.
    """
    shown = accept.certain(bank_account_id)
    if not shown.chosen:
        raise Invalid("nothing-certain")
    if shown.count != count or shown.digest != digest:
        raise Conflict("certain-changed", count=shown.count)
    if shown.count > accept.AT_ONCE:
        return _enqueued(bank_account_id, shown)
    held = lines.hold([line_id for line_id, _version, _guess in shown.chosen])
    for line_id, version, _guess in shown.chosen:
        if line_id not in held:
            raise NotFound
        lines.demand_to_do(held[line_id], version)
    booked = accept.apply_all([(held[one], guess) for one, _version, guess in shown.chosen])
    now = lines.hold(list(booked))
    token = acts.offer([(line.id, line.version) for line in now.values()])
    return Accepted(len(booked), tuple(booked), token)


def _enqueued(bank_account_id: UUID, shown: accept.Certain) -> Accepted:
    job_id = jobs.enqueue(
        JOB,
        {
            "bank": str(bank_account_id),
            "batch": shown.digest,
            "lines": [
                [str(one), version, accept.mark(guess)] for one, version, guess in shown.chosen
            ],
        },
        key=f"certain:{bank_account_id}:{shown.digest}",
        line="accounting",
        title=words.gettext("Accept %(n)s certain lines", n=words.format_number(shown.count)),
    )
    way_back = {"batch": shown.digest, "job": str(job_id)}
    token = undo.offered(UNDO, way_back) or undo.offer(UNDO, way_back)
    return Accepted(shown.count, (), token, job_id)


def guesses(bank_account_id: UUID, wanted: Seen) -> dict[UUID, Suggestion]:
    """For the job: what of the lines as shown is still so, by line."""
    seen = {(line_id, version): mark for line_id, version, mark in wanted}
    return {
        line_id: guess
        for line_id, version, guess in accept.certain(bank_account_id).chosen
        if seen.get((line_id, version)) == accept.mark(guess)
    }


def book_some(some: Seen, found: Mapping[UUID, Suggestion], batch: str) -> None:
    """For the job: books these lines; what was changed meanwhile is left out.

    Raises what the books refuse; then none of them is booked.
    """
    held = lines.hold([line_id for line_id, _version, _mark in some if line_id in found])
    chosen = [
        (held[line_id], found[line_id])
        for line_id, version, _mark in some
        if line_id in held
        and (held[line_id].state, held[line_id].status) == ("to_do", "booked")
        and held[line_id].version == version
    ]
    accept.apply_all(chosen, batch=batch)


def outcome(job_id: UUID) -> Outcome:
    """How far a job of certain lines is, or what came of it; raises NotFound for another job."""
    job = jobs.one(job_id)
    if job.kind != JOB:
        raise NotFound
    batch = session.execute(_BATCH_OF, {"job": job_id}).scalar_one_or_none()
    booked = len(standing(batch)) if batch else 0
    token = undo.offered(UNDO, {"job": str(job_id)}) if job.ended else None
    return Outcome(job, booked, max((job.total or 0) - booked, 0), token)


def standing(batch: str) -> list[UUID]:
    """The lines that stand as a batch has booked them, in the order of their ids."""
    return list(session.execute(_STANDING, {"batch": batch}).scalars())


def take_back(line_ids: Sequence[UUID], batch: str) -> None:
    """Takes back what a batch booked of these lines and still stands; all of them or none."""
    still = set(session.execute(_STILL, {"batch": batch, "ids": list(line_ids)}).scalars())
    held = lines.hold(list(still))
    acts.take_back_all(list(held.values()))


@undo.handler(UNDO)
def _undo(args: dict[str, Any]) -> None:
    """All that stands as the batch booked it; many by a job. Raises Conflict while it runs."""
    if not jobs_queries.one(UUID(args["job"])).ended:
        raise Conflict("certain-running")
    found = standing(args["batch"])
    if len(found) <= CHUNK:
        take_back(found, args["batch"])
        return
    jobs.enqueue(
        UNDO_JOB,
        {"batch": args["batch"], "lines": [str(one) for one in found]},
        key=f"certain-undo:{args['job']}",
        line="accounting",
        title=words.gettext("Take back %(n)s lines", n=words.format_number(len(found))),
    )


_OF_BATCH = (
    "select id from app.bank_transaction where tenant_id = (select guard.tenant_id())"
    " and state = 'booked' and decided_by = 'certain_batch' and reason ->> 'batch' = :batch"
)
_STANDING = sa.text(f"{_OF_BATCH} order by id")
_STILL = sa.text(f"{_OF_BATCH} and id = any(:ids)").bindparams(
    sa.bindparam("ids", type_=ARRAY(sa.Uuid()))
)
_BATCH_OF = sa.text(
    "select args ->> 'batch' from app.job_args where tenant_id = (select guard.tenant_id())"
    " and job_id = :job"
)
