"""Keeps what was read: the text of the pages, one reading, its fields; the one before stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.documents.readings import acceptance
from app.documents.readings.run import Answer, FoundField
from app.kernel import ids, usage
from app.kernel.db import session
from app.kernel.errors import NotFound

METER = "document.read"
_NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper's newest content, as reading needs it."""

    id: UUID
    version_id: UUID
    line: str
    name: str
    document_class: str
    media_type: str


def paper(document_id: UUID) -> Paper:
    """Raises NotFound for what is removed, unknown or out of reach."""
    row = session.execute(_PAPER, {"id": document_id}).mappings().first()
    if row is None:
        raise NotFound
    return Paper(**row)


def hold(document_id: UUID) -> Paper:
    """As `paper`, and nobody else decides about it until this transaction ends.

    Raises NotFound also for whoever may not change papers.
    """
    row = session.execute(_HOLD, {"id": document_id}).mappings().first()
    if row is None:
        raise NotFound
    return Paper(**row)


def keep(found: Paper, answer: Answer, *, over: Mapping[str, int] = _NOTHING) -> UUID | None:
    """Makes an answer the current reading of a paper, one for each invoice; returns the first's id.

    None, and nothing is kept, where the paper has another content by now, which is read on its own,
    or where a person worked on its reading meanwhile. `over` names readings with the version in
    which somebody saw them and had them read again nevertheless.
    """
    if not _is_newest(found) or not _may_replace(found, over):
        return None
    invoices = _invoices(answer)
    made = sorted(ids.uuid7() for _one in invoices)  # in the order of the file
    place = {"id": found.id, "version": found.version_id, "line": found.line}
    session.execute(_FORGET_TEXT, place)
    if any(answer.texts):
        session.execute(_TEXT, {**place, "texts": answer.texts})
    session.execute(_REPLACE, place)
    pairs = list(zip(made, invoices, strict=True))
    heads = [
        {**place, **_about(one), "reading": id_, "no": no}
        for no, (id_, one) in enumerate(pairs, start=1)
    ]
    session.execute(_READING, heads)
    rows = [{**_row(field, one), "reading": str(id_)} for id_, one in pairs for field in one.fields]
    if rows:
        session.execute(_FIELDS, {**place, "rows": rows})
    if answer.state == "read":
        _count(found)
    return made[0]


def _invoices(answer: Answer) -> list[Answer]:
    """The answer once for each invoice that the file holds; what is wrong stands at all of them."""
    lots = [{"fields": one.fields, "lines": one.lines} for one in answer.others]
    return [answer, *(answer.model_copy(update=one) for one in lots)]


def _is_newest(found: Paper) -> bool:
    row = session.execute(_PAPER, {"id": found.id}).mappings().first()
    return row is not None and row["version_id"] == found.version_id


def _may_replace(found: Paper, over: Mapping[str, int]) -> bool:
    """Whether nobody worked on what is read of this content, or knew of it; locks these rows."""
    place = {"id": found.id, "version": found.version_id}
    worked_on = session.execute(_WORKED_ON, place).all()
    return all(over.get(str(one.id)) == one.version for one in worked_on if one.version > 1)


def _about(answer: Answer) -> dict[str, Any]:
    return {
        "state": acceptance.state(answer),
        "code": answer.code,
        "kind": answer.kind,
        "method": answer.method,
        "pages": answer.pages,
        "pages_read": min(answer.pages_read, answer.pages),
        "further": answer.further,
        "lines": [one.model_dump() for one in answer.lines],
        "faults": [one.model_dump() for one in answer.faults],
    }


def _row(one: FoundField, answer: Answer) -> dict[str, Any]:
    method = one.method or answer.method
    return {**one.model_dump(mode="json"), "method": method}


def _count(found: Paper) -> None:
    """Metered once for each content, however often it is read."""
    title = found.name if found.document_class == "normal" else ""
    usage.record(
        METER,
        1,
        key=f"reading:{found.version_id}",
        evidence=usage.Evidence("document", found.id, title),
        line=found.line,
        unit="document",
    )


_TENANT = "tenant_id = (select guard.tenant_id())"
_THE_PAPER = (
    "select d.id, v.id as version_id, d.line, d.name, d.class as document_class, v.media_type"
    " from app.document d join app.document_version v on v.tenant_id = d.tenant_id"
    " and v.document_id = d.id and v.no = d.version"
    " where d.tenant_id = (select guard.tenant_id()) and d.id = :id and d.removed_at is null"
)
_PAPER = sa.text(_THE_PAPER)
_HOLD = sa.text(f"{_THE_PAPER} for update of d")
_FORGET_TEXT = sa.text(f"delete from app.document_text where {_TENANT} and version_id = :version")
_TEXT = sa.text(
    "insert into app.document_text (tenant_id, version_id, page_no, document_id, line, text)"
    " select (select guard.tenant_id()), :version, t.page_no, :id, :line, t.text"
    " from unnest(cast(:texts as text[])) with ordinality t(text, page_no) where t.text <> ''"
)
_WORKED_ON = sa.text(
    f"select id, version from app.document_reading where {_TENANT} and document_id = :id"
    " and version_id = :version and is_current for update"
)
_REPLACE = sa.text(
    f"update app.document_reading set is_current = false where {_TENANT}"
    " and document_id = :id and is_current"
)
_READING = sa.text(
    "insert into app.document_reading (tenant_id, id, document_id, version_id, line, state, code,"
    " kind, method, pages, pages_read, no, further, lines, faults)"
    " values ((select guard.tenant_id()), :reading, :id, :version, :line, :state, :code, :kind,"
    " :method, :pages, :pages_read, :no, :further, :lines, :faults)"
).bindparams(sa.bindparam("lines", type_=JSONB), sa.bindparam("faults", type_=JSONB))
_FIELDS = sa.text(
    "insert into app.document_field (tenant_id, reading_id, document_id, line, field, no, value,"
    " minor, on_day, confidence, method, template_id, page, place)"
    " select (select guard.tenant_id()), r.reading, :id, :line, r.field, 1, r.value, r.minor,"
    " r.on_day, r.confidence, r.method, r.template_id, r.page, r.place"
    " from jsonb_to_recordset(:rows) r(reading uuid, field text, value text, minor bigint,"
    " on_day date, confidence numeric, method text, template_id uuid, page integer, place real[])"
).bindparams(sa.bindparam("rows", type_=JSONB))
