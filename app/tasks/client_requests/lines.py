"""The service line that a list is written in: one that its writer may write in at the client."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from app.identity import roles
from app.kernel import scope
from app.kernel.db import session
from app.kernel.errors import Invalid


def choices() -> list[tuple[str, Any]]:
    """The client's service lines that the acting person may write in, with their titles."""
    reached = scope.current().rights.lines
    known = [(name, title) for name, title in roles.line_choices(side="client") if name in reached]
    written = set(session.execute(_WRITTEN, {"lines": [name for name, _title in known]}).scalars())
    return [(name, title) for name, title in known if name in written]


def chosen(line: str | None) -> str:
    """The line that is wanted, the first one where none is; raises Invalid for one out of reach."""
    names = [name for name, _title in choices()]
    if not names or (line and line not in names):
        raise Invalid.of("line", "not-a-choice")
    return line or names[0]


_WRITTEN = sa.text(
    "select l from unnest(cast(:lines as text[])) l where guard.writable(l) is not null"
)
