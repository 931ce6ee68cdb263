"""Events: what happened, told to other packages as one job for each handler."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel import db, jobs, jobs_catalog
from app.kernel.jobs_catalog import JobKind, Queue
from app.kernel.jobs_progress import Progress

E = TypeVar("E", bound=type[Any])
_names: dict[type[Any], tuple[str, str]] = {}
_handlers: dict[type[Any], list[str]] = {}
_listeners: dict[type[Any], list[Callable[[Sequence[Any]], None]]] = {}
MOST_IN_A_JOB = 100
_MANY = "*"  # no field of a dataclass has this name
_HAND_OVER = sa.text("select app.hand_over(:event, :tenant, :args, :key)").bindparams(
    sa.bindparam("args", type_=JSONB)
)


def event(name: str, *, line: str = "member") -> Callable[[E], E]:
    """Declares a frozen dataclass as an event; its content is seen on this line only."""

    def declare(cls: E) -> E:
        _names[cls] = (name, line)
        return cls

    return declare


def on(
    cls: type[Any], *, queue: Queue = "default", retries: int = 5
) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Declares a handler of an event; it runs as a short job, as the person who caused it.

    Of events that were told together it hears one after the other in one job: all or none of what
    it writes of them stays.
    """

    def declare(handler: Callable[[Any], None]) -> Callable[[Any], None]:
        name, line = _names[cls]
        adapter = TypeAdapter(cls)

        def run(args: dict[str, Any], _progress: Progress) -> None:
            for one in args.get(_MANY, (args,)):
                handler(adapter.validate_python(one))

        run.__module__ = handler.__module__
        kind = f"{name}>{handler.__module__}.{handler.__name__}"
        jobs_catalog.add(JobKind(kind, run, queue, retries, line=line))
        known = _handlers.setdefault(cls, [])
        if kind not in known:
            known.append(kind)
        return handler

    return declare


def together(
    cls: type[Any],
) -> Callable[[Callable[[Sequence[Any]], None]], Callable[[Sequence[Any]], None]]:
    """Declares a listener that hears of an event in the transaction of whoever tells it.

    It gets all that were told at once and must write them in a few statements, whatever their
    number; what it raises undoes the act itself.
    """

    def declare(listener: Callable[[Sequence[Any]], None]) -> Callable[[Sequence[Any]], None]:
        known = _listeners.setdefault(cls, [])
        if listener not in known:
            known.append(listener)
        return listener

    return declare


def emit(happened: Any) -> None:
    """Tells of one event in the caller's transaction: as `emit_many`."""
    emit_many([happened])


def emit_many(happened: Iterable[Any]) -> None:
    """Tells of events in the caller's transaction; without anybody who hears nothing happens.

    Listeners hear all of a kind at once; a handler gets one job for each hundred of a kind.
    """
    by_kind: dict[type[Any], list[Any]] = {}
    for one in happened:
        by_kind.setdefault(type(one), []).append(one)
    for cls, many in by_kind.items():
        for listener in _listeners.get(cls, []):
            listener(many)
        for start in range(0, len(many), MOST_IN_A_JOB):
            _tell(cls, many[start : start + MOST_IN_A_JOB])


def _tell(cls: type[Any], many: list[Any]) -> None:
    name, line = _names[cls]
    kinds = _handlers.get(cls, [])
    if not kinds:
        return
    adapter = TypeAdapter(cls)
    told = [adapter.dump_python(one, mode="json") for one in many]
    args = told[0] if len(told) == 1 else {_MANY: told}
    for kind in kinds:
        jobs.enqueue(kind, args, line=line, title=name)


def hand_over(name: str, tenant_id: UUID, args: dict[str, Any], *, key: str) -> UUID | None:
    """Gives work to another tenant, for a pair registered in app.hand_over_route.

    The job of the kind `name` runs there as a system job, named after whoever handed it over.
    None when this key was handed over already; Forbidden for a pair that is not registered. Rows
    never change their tenant.
    """
    made: UUID | None = db.session.execute(
        _HAND_OVER, {"event": name, "tenant": tenant_id, "args": args, "key": key}
    ).scalar()
    jobs.notify_after_commit("")
    return made
