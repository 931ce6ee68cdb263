"""What people do with a reading: correct and confirm it, set it aside, have it read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.documents.readings import learning_order, order, queries, said
from app.documents.readings.models import ReadingView
from app.documents.readings.said import Value
from app.kernel import undo
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid

UNDO = "document.reading"


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


def read_again(document_id: UUID, *, line: str) -> UUID:
    """Asks for one more reading; what was corrected stays with the one before. Returns the job."""
    return order.again(document_id, line=line)


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
    changed = {name: one for name, one in typed.items() if values.get(name) != one}
    if changed:
        rows = [
            {"field": name, **(one.as_row() if one else {"value": None})}
            for name, one in changed.items()
        ]
        about = {"reading": found.id, "document": found.document_id, "line": found.line}
        session.execute(_SAY, {**about, "rows": rows})
    return tuple(changed)


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
_SAY = sa.text(
    "insert into app.document_field (tenant_id, reading_id, document_id, line, field, no, value,"
    " minor, on_day, confidence, method) select (select guard.tenant_id()), :reading, :document,"
    " :line, r.field, coalesce((select max(f.no) from app.document_field f"
    f" where f.{_TENANT} and f.reading_id = :reading and f.field = r.field), 0) + 1,"
    " r.value, r.minor, r.on_day, 1, 'person'"
    " from jsonb_to_recordset(:rows) r(field text, value text, minor bigint, on_day date)"
).bindparams(sa.bindparam("rows", type_=JSONB))
