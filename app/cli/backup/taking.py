"""One backup: keys, database with its log, bucket; verified, counted only when it is whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.cli.backup import bucket as objects
from app.cli.backup import database, keys
from app.cli.backup.folder import Backup, Folder, sha_of, stamp_of
from app.cli.servers.processes import ServerFault
from app.kernel.settings import Settings
from app.kernel.storage_bucket import Bucket

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run did: the backup (None where only the log was fetched) and what aged out."""

    backup: Backup | None
    segments: int
    until: datetime | None
    expired: list[str]


def _admin(settings: Settings) -> str:
    if not settings.database_admin_url:
        raise ServerFault(
            "DATABASE_ADMIN_URL is not set.", remedy="It names a role that may replicate."
        )
    return settings.database_admin_url


def take(
    settings: Settings,
    folder: Folder,
    *,
    recovery: Path | None = None,
    told: Told = lambda _text: None,
) -> Taken:
    """Takes a whole backup and removes what has aged out.

    The database comes before the bucket, so that whatever a row of the backup names lies in it.
    """
    url, began = _admin(settings), datetime.now(UTC)
    folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys.seal(folder, keys.held(settings), recovery)
    key, stamp = keys.backup_key(settings.kek), stamp_of(began)
    database.prepare(url)
    told("Database")
    base_sha, first = database.base(folder, url, stamp=stamp, key=key)
    segments = database.log(folder, url, key=key)
    finished = folder.covered_until()
    assert finished is not None
    told("Documents")
    list_sha, count = objects.copy(folder, Bucket(settings), stamp=stamp, key=key)
    files = {f"database/{stamp}.sealed": base_sha, f"bucket/{stamp}.sealed": list_sha}
    objects.forget_newest(folder)
    made = Backup(stamp, began, finished, first, files, count)
    folder.add(made)
    expired = folder.expire(days=settings.backup_days, now=datetime.now(UTC))
    if expired:
        objects.expire(folder, key)
    return Taken(made, segments, finished, expired)


def take_log(settings: Settings, folder: Folder) -> Taken:
    """Fetches the database's log and new objects: each instant up to now can then be restored.

    Raises ServerFault when the server no longer has all of it since the last time.
    """
    url = _admin(settings)
    if not folder.backups() or not database.prepare(url):
        raise ServerFault(
            "The log does not follow on what is here.",
            remedy="Take a whole backup:  backoffice backup",
        )
    key = keys.backup_key(settings.kek)
    segments = database.log(folder, url, key=key)
    objects.copy(folder, Bucket(settings), stamp=objects.NEWEST, key=key)
    return Taken(None, segments, folder.covered_until(), [])


def verify(settings: Settings, folder: Folder) -> list[str]:
    """Reads every kept file and object again; the names of those missing or damaged."""
    key, backups = keys.backup_key(settings.kek), folder.backups()
    wrong = [
        name
        for one in backups
        for name, sha in one.files.items()
        if not (folder.root / name).exists() or sha_of(folder.root / name) != sha
    ]
    lists = [one.stamp for one in backups if f"bucket/{one.stamp}.sealed" not in wrong]
    return wrong + objects.faults(folder, lists, key)
