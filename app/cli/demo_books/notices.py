"""Notices of the demo: the history that it makes was read when it happened, but for the newest."""

from __future__ import annotations

from app.kernel import db
from app.kernel.scope import Scope
from app.tasks.notices import commands, queries
from app.tasks.notices.queries import Wanted

UNREAD = 6


def catch_up(person: Scope, home: Scope) -> None:
    """Leaves a person the newest notices of all their clients and marks the others read."""
    with db.transaction(person):
        newest = queries.page(Wanted(unread=True), after=None, limit=UNREAD)
    with db.transaction(home):
        commands.read_all(Wanted())
        commands.unread([one.id for one in newest.rows])
