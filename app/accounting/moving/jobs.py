"""Large files of another package: read, imported and undone as jobs, each all or nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.accounting.moving import commands as moving_commands
from app.accounting.moving import queries as moving_queries
from app.kernel.errors import Conflict
from app.kernel.jobs import Progress, job


@job(moving_commands.READ_JOB, queue="bulk", line="accounting")
def read(args: dict[str, Any], progress: Progress) -> None:
    """Reads a file and keeps what is found for its page."""
    progress.at(0, 1, "Reading")
    moving_commands.analyse(UUID(args["file_id"]))
    progress.at(1, 1, "Done")


@job(moving_commands.IMPORT_JOB, queue="bulk", line="accounting", lease=60)
def import_file(args: dict[str, Any], progress: Progress) -> None:
    """Imports a file in one transaction; a refusal leaves it waiting, with the reason."""
    found = moving_queries.file(UUID(args["file_id"]))
    if found.state != "importing":
        return
    progress.at(0, 3, "Reading")
    plan, _table = moving_commands.worked_out(found)
    if plan.blocked:
        moving_commands.analyse(found.id)
        moving_commands.give_back(found.id)
        return
    progress.at(1, 3, "Posting")
    moving_commands.import_now(found, plan)
    progress.at(3, 3, "Done")


@job(moving_commands.UNDO_JOB, queue="bulk", line="accounting", lease=60)
def undo(args: dict[str, Any], progress: Progress) -> None:
    """Takes an import back in one transaction."""
    found = moving_queries.file(UUID(args["file_id"]))
    if found.state != "importing":
        raise Conflict("moving-not-imported")
    progress.at(0, 1, "Reversing")
    moving_commands.undo_now(found)
    progress.at(1, 1, "Done")
