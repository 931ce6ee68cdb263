"""What was learnt of suppliers: kept, used for the next paper, replaced, dropped, brought back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.documents.readings import learning
from app.documents.readings.learning import Lesson, Supplier, Template
from app.kernel import undo
from app.kernel.db import session
from app.kernel.errors import NotFound

UNDO = "document.learnt"


@dataclass(frozen=True, slots=True)
class Learnt:
    """One lesson as the screen lists it."""

    id: UUID
    field: str
    label: str | None
    constant: str | None
    learnt_by: UUID
    learnt_at: datetime


def living(line: str, document_class: str) -> list[Template]:
    """Every lesson that papers of one class of a line taught this client."""
    values = {"line": line, "class": document_class, "most": learning.MOST_TEMPLATES}
    return learning.templates_of(session.execute(_LIVING, values).mappings().all())


def of(supplier: Supplier) -> list[Learnt]:
    """What was learnt of one supplier."""
    values = {"kind": supplier.kind, "key": supplier.key}
    return [Learnt(**row) for row in session.execute(_OF, values).mappings()]


def keep(
    supplier: Supplier, lessons: Sequence[Lesson], *, reading_id: UUID, document_id: UUID, line: str
) -> None:
    """Keeps lessons in place of earlier ones about the same fields."""
    about: dict[str, Any] = {"kind": supplier.kind, "key": supplier.key, "line": line}
    fields = [one.field for one in lessons]
    session.execute(_DROP_FIELDS, {**about, "fields": fields})
    origin = {**about, "reading": reading_id, "document": document_id}
    rows = [{**origin, **asdict(one)} for one in lessons]
    session.execute(_KEEP, [{**row, "place": _array(row["place"])} for row in rows])


def forget(supplier: Supplier) -> UUID:
    """Drops all that was learnt of a supplier; returns the token of the way back.

    Raises NotFound where nothing was learnt.
    """
    values = {"kind": supplier.kind, "key": supplier.key}
    dropped = [str(one) for one in session.execute(_FORGET, values).scalars()]
    if not dropped:
        raise NotFound
    return undo.offer(UNDO, {"templates": dropped})


def _array(place: Sequence[float] | None) -> list[float] | None:
    return None if place is None else list(place)


@undo.handler(UNDO)
def _remember(args: dict[str, Any]) -> None:
    session.execute(_REMEMBER, {"ids": [UUID(one) for one in args["templates"]]})


_TENANT = "t.tenant_id = (select guard.tenant_id())"
_LIVING = sa.text(
    "select t.id, t.supplier_kind, t.supplier, t.field, t.constant, t.label, t.beside, t.page,"
    " t.place, t.month_first from app.reading_template t join app.document d"
    " on d.tenant_id = t.tenant_id and d.id = t.document_id"
    f" where {_TENANT} and t.dropped_at is null and t.line = :line and d.class = :class"
    " order by t.id desc limit :most"
)
_OF = sa.text(
    "select t.id, t.field, t.label, t.constant, t.learnt_by, t.learnt_at"
    " from app.reading_template t"
    f" where {_TENANT} and t.dropped_at is null and t.supplier_kind = :kind and t.supplier = :key"
    " order by t.field"
)
_DROP = (
    "update app.reading_template t set dropped_at = now(), dropped_by = (select guard.user_id())"
    f" where {_TENANT} and t.dropped_at is null and t.supplier_kind = :kind and t.supplier = :key"
)
_DROP_FIELDS = sa.text(f"{_DROP} and t.line = :line and t.field = any(:fields)").bindparams(
    sa.bindparam("fields", type_=ARRAY(sa.Text()))
)
_FORGET = sa.text(f"{_DROP} returning t.id")
_REMEMBER = sa.text(
    "update app.reading_template t set dropped_at = null, dropped_by = null"
    f" where {_TENANT} and t.id = any(:ids)"
).bindparams(sa.bindparam("ids", type_=ARRAY(sa.Uuid())))
_KEEP = sa.text(
    "insert into app.reading_template (tenant_id, document_id, reading_id, line, supplier_kind,"
    " supplier, field, constant, label, beside, page, place, month_first)"
    " values ((select guard.tenant_id()), :document, :reading, :line, :kind, :key, :field,"
    " :constant, :label, :beside, :page, cast(:place as real[]), :month_first)"
)
