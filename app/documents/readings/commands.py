"""What people do with a reading: correct and confirm it, set it aside, have it read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.documents.readings import learning_order, order, queries, said
from app.documents.readings.models import ReadingView
from app.documents.readings.said import Value
from app.kernel import money, undo
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid

UNDO = "document.reading"
UNDO_AGAIN = "document.read-again"


def correct(
    reading_id: UUID, *, version: int, typed: Mapping[str, Value | None]
) -> tuple[str, ...]:
    """Writes what a person says where it differs; returns the fields that changed.

    `typed` holds only the fields that were asked; None says that the paper does not name it.
    Raises NotFound, Conflict (`reading-changed`) for another version, Invalid for an unknown field.
    """
    found = _held(reading_id, version)
    return _write(found, typed)


def confirm(
    reading_id: UUID, *, version: int, typed: Mapping[str, Value | None]
) -> tuple[tuple[str, ...], UUID]:
    """Corrects, and says that the paper is right as it stands; returns what changed and the token
    of the way back. What was corrected is learnt for the supplier's next paper. Raises as
    `correct` does."""
    found = _held(reading_id, version)
    changed = _write(found, typed)
    _decide(found.id, "confirmed")
    if changed:
        learning_order.ask(found.id, line=found.line, fields=changed)
    return changed, undo.offer(UNDO, {"reading": str(found.id), "state": found.state})


def set_aside(reading_id: UUID, *, version: int) -> UUID:
    """Says that the paper is no invoice; returns the token of the way back."""
    found = _held(reading_id, version)
    _decide(found.id, "nothing")
    return undo.offer(UNDO, {"reading": str(found.id), "state": found.state})


def open_again(reading_id: UUID, *, version: int) -> None:
    """Puts a decided reading among those to look at once more."""
    found = _held(reading_id, version)
    _decide(found.id, "to_check")


def read_again(
    document_id: UUID, *, line: str, version: int | None = None, no: int = 1
) -> tuple[UUID, UUID | None]:
    """Asks for one more reading; returns the job and the token of the way back to the one before,
    if there is one.

    Where a person worked on it already, only whoever names the `version` that they saw (of the
    invoice `no`) has it read again: raises Conflict `reading-worked-on` without one,
    `reading-changed` for another.
    """
    found = queries.current(document_id, no)
    over = queries.standing(document_id)
    if found is not None and version not in {None, found.version}:
        raise Conflict("reading-changed")
    if version is None and any(one > 1 for one in over.values()):
        raise Conflict("reading-worked-on")
    job = order.again(document_id, line=line, over=over)
    if not over:
        return job, None
    before = [str(one) for one in over]
    return job, undo.offer(UNDO_AGAIN, {"document": str(document_id), "readings": before})


@undo.handler(UNDO_AGAIN)
def _as_before(args: dict[str, Any]) -> None:
    """The readings before count again; a job that is still to read finds them worked on."""
    place = {"id": UUID(args["document"]), "before": [UUID(one) for one in args["readings"]]}
    now = session.execute(_STAND_BACK, place).all()
    if any(one.version > 1 for one in now):
        raise Conflict("reading-changed")
    if len(session.execute(_STAND_AGAIN, place).all()) != len(args["readings"]):
        raise Conflict("reading-changed")


@undo.handler(UNDO)
def _back(args: dict[str, Any]) -> None:
    found = queries.one(UUID(args["reading"]))
    _decide(found.id, str(args["state"]))


def _held(reading_id: UUID, version: int) -> ReadingView:
    """The reading as this person saw it; the row is locked by counting its version on."""
    found = queries.one(reading_id)
    if session.execute(_COUNT_ON, {"id": reading_id, "version": version}).scalar() is None:
        raise Conflict("reading-changed")
    return found


def _write(found: ReadingView, typed: Mapping[str, Value | None]) -> tuple[str, ...]:
    unknown = next((name for name in typed if name not in said.FIELDS), None)
    if unknown:
        raise Invalid.of(unknown, "not-a-choice")
    values = found.values
    typed = {**_in_currency(found, typed), **typed}
    changed = {name: one for name, one in typed.items() if values.get(name) != one}
    if changed:
        rows = [
            {"field": name, **(one.as_row() if one else {"value": None})}
            for name, one in changed.items()
        ]
        about = {"reading": found.id, "document": found.document_id, "line": found.line}
        session.execute(_SAY, {**about, "rows": rows})
    return tuple(changed)


def _in_currency(found: ReadingView, typed: Mapping[str, Value | None]) -> dict[str, Value]:
    """The amounts that nobody typed, in the currency that was typed: 1,000 stays 1,000.

    Raises Invalid for one with more decimals than that currency has.
    """
    told = typed.get("currency")
    if told is None or told.text == found.currency or told.text not in money.CURRENCIES:
        return {}
    answer = {}
    for name, value in found.values.items():
        if value.minor is None or name in typed:
            continue
        try:
            answer[name] = said.in_currency(value, before=found.currency, now=told.text)
        except money.NotAnAmount as fault:
            raise Invalid.of(name, fault.code, currency=told.text) from fault
    return answer


def _decide(reading_id: UUID, state: str) -> None:
    session.execute(_DECIDE, {"id": reading_id, "state": state})


_TENANT = "tenant_id = (select guard.tenant_id())"
_COUNT_ON = sa.text(
    f"update app.document_reading set version = version + 1 where {_TENANT} and id = :id"
    " and version = :version and is_current returning id"
)
_DECIDE = sa.text(
    "update app.document_reading set state = cast(:state as text),"
    " decided_by = case when :state in ('confirmed', 'nothing') then (select guard.user_id()) end,"
    " decided_at = case when :state in ('confirmed', 'nothing') then now() end"
    f" where {_TENANT} and id = :id"
)
_STAND_BACK = sa.text(
    f"update app.document_reading set is_current = false where {_TENANT} and document_id = :id"
    " and is_current and id <> all(:before) returning version"
).bindparams(sa.bindparam("before", type_=ARRAY(sa.Uuid())))
_STAND_AGAIN = sa.text(
    "update app.document_reading r set is_current = true, version = version + 1"
    " where r.tenant_id = (select guard.tenant_id()) and document_id = :id and id = any(:before)"
    " and exists (select from app.document d join app.document_version v"
    "  on v.tenant_id = d.tenant_id and v.document_id = d.id and v.no = d.version"
    "  where d.tenant_id = r.tenant_id and d.id = r.document_id and v.id = r.version_id)"
    " returning id"
).bindparams(sa.bindparam("before", type_=ARRAY(sa.Uuid())))
_SAY = sa.text(
    "insert into app.document_field (tenant_id, reading_id, document_id, line, field, no, value,"
    " minor, on_day, confidence, method) select (select guard.tenant_id()), :reading, :document,"
    " :line, r.field, coalesce((select max(f.no) from app.document_field f"
    f" where f.{_TENANT} and f.reading_id = :reading and f.field = r.field), 0) + 1,"
    " r.value, r.minor, r.on_day, 1, 'person'"
    " from jsonb_to_recordset(:rows) r(field text, value text, minor bigint, on_day date)"
).bindparams(sa.bindparam("rows", type_=JSONB))
