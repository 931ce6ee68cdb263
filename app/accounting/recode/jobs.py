"""Re-coding of many lines as a job of small steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.accounting.recode import commands as recode_commands
from app.kernel.jobs import Progress, job


@job(recode_commands.JOB, queue="bulk", steps=True)
def recode_lines(args: dict[str, Any], progress: Progress) -> None:
    """Re-codes waiting entries in chunks; each entry is done once or left alone."""
    batch = UUID(args["id"])
    with progress.step(stage="Reading"):
        change, chosen = recode_commands.waiting(batch)
    entries = sorted(chosen)
    for start in range(progress.done, len(entries), recode_commands.CHUNK):
        end = min(start + recode_commands.CHUNK, len(entries))
        with progress.step(done=end, total=len(entries), stage="Re-coding"):
            part = {entry: chosen[entry] for entry in entries[start:end]}
            recode_commands.chunk(batch, part, change)
    with progress.step(done=len(entries), total=len(entries), stage="Done"):
        recode_commands.finish(batch)
