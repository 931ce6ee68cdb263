"""Which kinds of jobs there are: the handlers, how they run, and the named system users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

if TYPE_CHECKING:
    from app.kernel.jobs_progress import Progress

Queue = Literal["urgent", "default", "bulk"]
QUEUES: tuple[Queue, ...] = ("urgent", "default", "bulk")
Handler = Callable[[dict[str, Any], "Progress"], None]

# people of the guard who never log in
SYSTEM_USERS = {
    "operator": UUID("00000000-0000-7000-8000-000000000001"),
    "platform": UUID("00000000-0000-7000-8000-000000000002"),
}


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of job. `lease` is in seconds: how long a silent worker is believed alive.

    A `clocked` kind is the platform's own: what it does is right only for who sees everything.
    """

    name: str
    handler: Handler
    queue: Queue = "default"
    retries: int = 5
    lease: int = 10
    line: str = "member"
    steps: bool = False
    wakeable: bool = False
    clocked: bool = False


_kinds: dict[str, JobKind] = {}


def system_user(name: str) -> UUID:
    """The id under which a system user acts: `operator` (command line) or `platform` (jobs)."""
    return SYSTEM_USERS[name]


def system_user_name(person_id: UUID | None) -> str | None:
    """The name behind a system user's id; None for everybody else."""
    return next((name for name, known in SYSTEM_USERS.items() if known == person_id), None)


def job(
    name: str,
    *,
    queue: Queue = "default",
    retries: int = 5,
    lease: int = 10,
    line: str = "member",
    steps: bool = False,
    wakeable: bool = False,
) -> Callable[[Handler], Handler]:
    """Declares a handler. A short one runs inside one transaction together with its done-mark;
    one with `steps=True` opens a transaction for each piece through `Progress.step`.

    Handlers must be idempotent: after a crash they run again.
    """

    def declare(handler: Handler) -> Handler:
        add(JobKind(name, handler, queue, retries, lease, line, steps, wakeable))
        return handler

    return declare


def add(kind: JobKind) -> None:
    """Takes a kind into the catalogue; the same name from another module is a mistake of ours."""
    known = _kinds.get(kind.name)
    if known is not None and known.handler.__module__ != kind.handler.__module__:
        raise ValueError(f"two handlers for the job kind {kind.name}")
    _kinds[kind.name] = kind


def find(name: str) -> JobKind | None:
    """The kind of this name, None when no package of this installation knows it."""
    return _kinds.get(name)


def names() -> list[str]:
    """Every known kind, in order."""
    return sorted(_kinds)
