"""The doctor's look at backups: is there one, how old is it, how far does the log reach."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from app.cli.backup.folder import Folder
from app.cli.doctor.finding import Finding, fail, ok, warn
from app.kernel.settings import Settings

WHOLE = timedelta(hours=26)  # daily, and two hours for a late start
TOO_OLD = timedelta(days=8)
LOG = timedelta(minutes=30)
REMEDY = "Run it by a timer: backoffice backup each day, backoffice backup --log each few minutes."


def check(settings: Settings) -> Iterator[Finding]:
    """Check that the last backup is young; docs/operating.md says how it is taken."""
    if settings.backup_dir is None:
        state = fail if settings.environment == "production" else ok
        text = "BACKOFFICE_BACKUP_DIR is not set"
        yield state("backup", text if state is fail else f"none, as a demo may do ({text})")
        return
    folder = Folder(settings.backup_dir)
    backups = folder.backups() if settings.backup_dir.exists() else []
    if not backups:
        yield fail("backup", f"there is none in {settings.backup_dir}", remedy=REMEDY)
        return
    yield _last(backups[-1].finished_at)
    until = folder.covered_until()
    if until is not None and datetime.now(UTC) - until > LOG:
        yield warn(
            "backup",
            f"the database's log was fetched last at {until:%Y-%m-%d %H:%M} UTC",
            means="What was done since then would be lost with the server.",
            remedy=REMEDY,
        )


def _last(finished: datetime) -> Finding:
    age = datetime.now(UTC) - finished
    text = f"the last whole one is of {finished:%Y-%m-%d %H:%M} UTC"
    if age > TOO_OLD:
        return fail("backup", text, means="A lost server costs days of work.", remedy=REMEDY)
    if age > WHOLE:
        return warn("backup", text, means="The daily one did not run.", remedy=REMEDY)
    return ok("backup", text)
