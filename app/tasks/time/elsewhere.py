"""The clock stopped wherever it runs, also in a client that is out of reach by now."""

from __future__ import annotations

from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from app.kernel import db
from app.kernel.errors import Conflict, NotFound
from app.tasks.time import commands, queries
from app.tasks.work.bulk import Who

Ended = Literal["", "stopped", "cut"]


def stop(who: Who, *, zone: ZoneInfo, but: UUID | None = None) -> Ended:
    """Stops what runs in another client than `but`, in a transaction of its own.

    `cut` where one writes nothing any more, empty where nothing runs.
    """
    with db.transaction(who.worklist):
        running = queries.timer()
    if running is None or running.tenant_id == but:
        return ""
    try:
        with db.transaction(who.inside(running.tenant_id)):
            commands.stop(running, zone=zone)
    except (Conflict, NotFound):
        with db.transaction(who.worklist, read_only=False):
            return "cut" if commands.end_out_of_reach(running) else "stopped"
    return "stopped"
