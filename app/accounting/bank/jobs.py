"""The import of a large statement file as a job of many small steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.accounting.bank import intake as bank_import
from app.kernel.jobs import Progress, job


@job(bank_import.JOB, queue="bulk", steps=True)
def import_statement(args: dict[str, Any], progress: Progress) -> None:
    """Store a kept file's lines in chunks; every line is stored once, however often it runs."""
    file_id = UUID(args["file_id"])
    chosen = {(number, currency): UUID(id_) for number, currency, id_ in args["chosen"]}
    with progress.step(stage="Reading"):
        found, places = bank_import.begin(file_id, chosen)
    total = len(found)
    for start in range(progress.done, total, bank_import.CHUNK):
        end = min(start + bank_import.CHUNK, total)
        with progress.step(done=end, total=total, stage="Storing lines"):
            bank_import.store(found[start:end], places)
    with progress.step(done=total, total=total, stage="Done"):
        bank_import.finish(file_id, total)
