"""The things that a list asks for: looked through, and written in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from app.kernel import ids
from app.kernel.db import session
from app.kernel.errors import Invalid
from app.tasks.client_requests.models import (
    HINT_LENGTH,
    KINDS,
    MOST_ITEMS,
    TITLE_LENGTH,
    Wanted,
)

_ADD_ITEMS = sa.text(
    "insert into app.request_item (tenant_id, id, list_id, line, position, kind, title, hint)"
    " select (select guard.tenant_id()), w.id, :list, :line, :first + w.place - 1, w.kind, w.title,"
    " w.hint from unnest(cast(:ids as uuid[]), cast(:kinds as text[]), cast(:titles as text[]),"
    " cast(:hints as text[])) with ordinality w(id, kind, title, hint, place)"
)


def checked(wanted: Sequence[Wanted]) -> list[Wanted]:
    """What is asked for, looked through; raises Invalid for nothing, too much or odd words."""
    if not wanted or len(wanted) > MOST_ITEMS:
        raise Invalid.of("items", "request-items", most=MOST_ITEMS)
    for one in wanted:
        if one.kind not in KINDS:
            raise Invalid.of("items", "not-a-choice")
        plain(one.title, "items", TITLE_LENGTH)
        plain(one.hint, "items", HINT_LENGTH, needed=False)
    return list(wanted)


def plain(text: str, name: str, most: int, *, needed: bool = True) -> str:
    found = text.strip()
    if needed and not found:
        raise Invalid.of(name, "required")
    if len(found) > most:
        raise Invalid.of(name, "text-too-long", most=most)
    return found


def add(list_id: UUID, line: str, wanted: Sequence[Wanted], *, first: int = 0) -> list[UUID]:
    made = [ids.uuid7() for _one in wanted]
    values = {
        "ids": made,
        "kinds": [one.kind for one in wanted],
        "titles": [one.title.strip() for one in wanted],
        "hints": [one.hint.strip() for one in wanted],
    }
    session.execute(_ADD_ITEMS, {**values, "list": list_id, "line": line, "first": first})
    return made
