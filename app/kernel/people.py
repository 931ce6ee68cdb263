"""The names of people, for screens that show who did something."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from app.kernel.db import session

_NAMES = sa.text("select id, name from guard.person_name(cast(:ids as uuid[]))")


def names(ids: Collection[UUID]) -> dict[UUID, str]:
    """Names by id, of people who ever had a membership in a client that is reached here."""
    wanted = sorted({str(one) for one in ids})
    if not wanted:
        return {}
    return {row.id: row.name for row in session.execute(_NAMES, {"ids": wanted})}


def name(person_id: UUID | None) -> str:
    """One name, a dash for nobody."""
    return names([person_id]).get(person_id, "–") if person_id else "–"
