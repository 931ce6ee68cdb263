"""Usage: what was done for a client and is billed, written in the transaction of the work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from app.kernel import db

_RECORD = sa.text(
    "select app.record_usage(:meter, :quantity, :unit, :key, :type, :evidence, :title, :line, :at)"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The thing that proves the use: a bank line, a report, a ticket."""

    type: str
    id: UUID | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One use with its evidence; `voided_at` is set when it was taken back."""

    id: UUID
    key: str
    meter: str
    quantity: Decimal
    unit: str
    at: datetime
    line: str
    evidence: Evidence
    actor: UUID | None
    voided_at: datetime | None


def record(
    meter: str,
    quantity: Decimal | int,
    *,
    key: str,
    evidence: Evidence,
    line: str,
    unit: str = "",
    at: datetime | None = None,
) -> UUID:
    """Records one use in the caller's transaction; `key` names the thing done, once for ever.

    The same key with the same content again is the same event; with other content it raises
    Conflict `usage-key-reused`. After `void` the key may be used afresh. At most six decimals.
    """
    made: UUID = db.session.execute(
        _RECORD,
        {
            "meter": meter,
            "quantity": Decimal(quantity),
            "unit": unit,
            "key": key,
            "type": evidence.type,
            "evidence": evidence.id,
            "title": evidence.title,
            "line": line,
            "at": at,
        },
    ).scalar_one()
    return made


def void(key: str, *, reason: str = "undone") -> bool:
    """Takes the living use of a key back; False when there is none."""
    statement = sa.text("select app.void_usage(array[:key], :reason)")
    return bool(db.session.execute(statement, {"key": key, "reason": reason}).scalar_one())


def events(
    *,
    meter: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    living: bool = True,
    before: UUID | None = None,
    limit: int = 100,
) -> list[UsageEvent]:
    """The newest uses first, `before` an id for the next page; `living` leaves voided ones out."""
    rows = db.session.execute(
        sa.text(
            "select id, key, meter, quantity, unit, at, line, evidence_type, evidence_id,"
            " evidence_title, actor, voided_at from app.usage_event"
            " where (cast(:meter as text) is null or meter = :meter)"
            " and (cast(:since as timestamptz) is null or at >= :since)"
            " and (cast(:until as timestamptz) is null or at < :until)"
            " and (not :living or voided_at is null)"
            " and (cast(:before as uuid) is null or id < :before)"
            " order by id desc limit :limit"
        ),
        {
            "meter": meter,
            "since": since,
            "until": until,
            "living": living,
            "before": before,
            "limit": limit,
        },
    ).mappings()
    return [
        UsageEvent(
            id=row["id"],
            key=row["key"],
            meter=row["meter"],
            quantity=row["quantity"],
            unit=row["unit"],
            at=row["at"],
            line=row["line"],
            evidence=Evidence(row["evidence_type"], row["evidence_id"], row["evidence_title"]),
            actor=row["actor"],
            voided_at=row["voided_at"],
        )
        for row in rows
    ]
