"""What an hour of a person costs, by date; in the provider's own firm, for few."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import ids, money, undo, words
from app.kernel.db import session
from app.kernel.errors import Conflict, DomainError, Invalid, NotFound
from app.tasks.time import queries

MOST_MINOR = 100_000_000
UNDO_REMOVE = "rate.remove"


def put(*, person_id: UUID, valid_from: date, currency: str, minor: int) -> UUID:
    """Says what an hour costs from a day on, in minor units.

    Raises Invalid for somebody who does not work here, no currency or an amount out of bounds,
    Conflict `rate-day` where a rate of that day stands already.
    """
    if person_id not in queries.staff():
        raise Invalid.of("person_id", "task-person")
    if currency not in money.CURRENCIES:
        raise Invalid.of("currency", "currency-unknown")
    if not 0 <= minor <= MOST_MINOR:
        raise Invalid.of("per_hour", "rate-amount")
    if not 1900 <= valid_from.year <= 2199:
        raise Invalid.of("valid_from", "task-due-range")
    made = ids.uuid7()
    values = {"id": made, "person": person_id, "from": valid_from, "currency": currency}
    if session.execute(_ADD, values | {"minor": minor}).scalar() is None:
        raise Conflict("rate-day")
    return made


def minor(amount: str, currency: str) -> int:
    """An amount as the reader writes it, in minor units; raises Invalid for none."""
    if currency not in money.CURRENCIES:
        raise Invalid.of("currency", "currency-unknown")
    try:
        return money.parse_amount(amount, currency, decimal_comma=words.decimal_comma())
    except (DomainError, ValueError):
        raise Invalid.of("per_hour", "not-an-amount") from None


def remove(rate_id: UUID) -> UUID:
    """Takes a rate away; returns the token of the way back. Raises NotFound."""
    row = session.execute(_REMOVE, {"id": rate_id}).first()
    if row is None:
        raise NotFound
    kept = {"id": str(rate_id), "person": str(row.person_id), "from": row.valid_from.isoformat()}
    kept |= {"currency": row.currency}
    return undo.offer(UNDO_REMOVE, kept | {"minor": row.minor_per_hour})


@undo.handler(UNDO_REMOVE)
def _restore(args: dict[str, Any]) -> None:
    values: dict[str, Any] = {"id": UUID(args["id"]), "person": UUID(args["person"])}
    values |= {"from": date.fromisoformat(args["from"])}
    values |= {name: args[name] for name in ("currency", "minor")}
    if session.execute(_ADD, values).scalar() is None:
        raise Conflict("rate-day")


_ADD = sa.text(
    "insert into app.cost_rate (tenant_id, id, person_id, valid_from, currency, minor_per_hour)"
    " values ((select guard.tenant_id()), :id, :person, :from, :currency, :minor)"
    " on conflict (tenant_id, person_id, valid_from) do nothing returning id"
)
_REMOVE = sa.text(
    "delete from app.cost_rate where tenant_id = (select guard.tenant_id()) and id = :id"
    " returning person_id, valid_from, currency, minor_per_hour"
)
