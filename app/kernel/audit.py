"""The audit trail: notes of acts that change no row, and the query of its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel import db
from app.kernel import scope as scopes

_NOTE = sa.text(
    "select app.audit_note(:act, :type, :subject, :line, :detail, :request)"
).bindparams(sa.bindparam("detail", type_=JSONB(none_as_null=True)))


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One act: who did what to which subject, on which line."""

    tenant_id: UUID
    id: UUID
    at: datetime
    actor: UUID | None
    principal: UUID | None
    act: str
    subject_type: str
    subject_id: UUID | None
    line: str
    request_id: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def note(
    act: str,
    *,
    subject_type: str,
    subject_id: UUID | None = None,
    line: str = "member",
    detail: dict[str, Any] | None = None,
) -> UUID:
    """Writes down an act such as `report.exported`, in the caller's (writing) transaction.

    Who acts comes from the signed context. Raises Forbidden on a line out of reach.
    """
    made: UUID = db.session.execute(
        _NOTE,
        {
            "act": act,
            "type": subject_type,
            "subject": subject_id,
            "line": line,
            "detail": detail,
            "request": scopes.current().request_id or None,
        },
    ).scalar_one()
    return made


def events(
    *,
    person: UUID | None = None,
    subject_type: str | None = None,
    subject_id: UUID | None = None,
    line: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[AuditEvent]:
    """The newest acts first, `before` an id for the next page.

    What changed comes along where the reader has the row's line, and stays empty elsewhere.
    """
    wanted: dict[str, Any] = {
        "e.actor = :person": person,
        "e.subject_type = :type": subject_type,
        "e.subject_id = :subject": subject_id,
        "e.line = :line": line,
        "e.at >= :since": since,
        "e.at < :until": until,
        "e.id < :before": before,
    }
    parts = [part for part, value in wanted.items() if value is not None]
    values = {part.rsplit(":", 1)[1]: value for part, value in wanted.items()}
    statement = sa.text(
        "select e.tenant_id, e.id, e.at, e.actor, e.principal, e.act, e.subject_type,"
        " e.subject_id, e.line, e.request_id, c.before, c.after from app.audit_event e"
        " left join app.audit_change c on c.tenant_id = e.tenant_id and c.event_id = e.id"
        f" where {' and '.join(parts) or 'true'} order by e.id desc limit :limit"
    )
    rows = db.session.execute(statement, {**values, "limit": limit}).mappings()
    return [AuditEvent(**row) for row in rows]
