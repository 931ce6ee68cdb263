"""One backup: keys, database with its log, bucket; verified, counted only when it is whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from app.cli import keys as rewrap
from app.cli.backup import bucket as objects
from app.cli.backup import database, keys
from app.cli.backup.folder import Backup, Folder, open_file, sha_of, stamp_of
from app.cli.servers.processes import ServerFault
from app.kernel.errors import DomainError
from app.kernel.settings import Settings
from app.kernel.storage_bucket import Bucket

SEGMENT_NAME = 24  # hexadecimal digits: timeline, then the place in the log
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
    Raises ServerFault for another KEK than the folder's, and while its change is not through.
    """
    url = _admin(settings)
    keys.demand_same(folder, settings.kek)
    _demand_rewrapped(settings)
    folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys.seal(folder, keys.held(settings), recovery)
    database.prepare(folder, url)
    began = datetime.now(UTC)  # after a break that was noticed just now: this backup mends it
    key, stamp = keys.backup_key(settings.kek), stamp_of(began)
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


def _demand_rewrapped(settings: Settings) -> None:
    """While the KEK is being changed: only today's lies in the folder, and opens nothing before."""
    if settings.kek_before and rewrap.left():
        raise ServerFault(
            "The KEK is being changed: something is still sealed under the one before, which would"
            " not be in this backup.",
            remedy="Finish  backoffice keys rewrap  and remove BACKOFFICE_KEK_BEFORE.",
        )


def take_log(settings: Settings, folder: Folder) -> Taken:
    """Fetches the database's log and new objects: each instant up to now can then be restored.

    Raises ServerFault when the server no longer has all of it since the last time, and for another
    KEK than that of the folder.
    """
    url = _admin(settings)
    keys.demand_same(folder, settings.kek)
    if not folder.backups() or not database.prepare(folder, url) or folder.is_broken():
        raise ServerFault(
            "The log does not follow on what is here.",
            remedy="Take a whole backup:  backoffice backup",
        )
    key = keys.backup_key(settings.kek)
    segments = database.log(folder, url, key=key)
    objects.copy(folder, Bucket(settings), stamp=objects.NEWEST, key=key)
    return Taken(None, segments, folder.covered_until(), [])


def verify(settings: Settings, folder: Folder) -> list[str]:
    """Reads every kept file again: databases, lists, log, objects; the names of what is wrong.

    Names what is missing, what is damaged, and parts of the log between two that are there.
    """
    key, backups = keys.backup_key(settings.kek), folder.backups()
    wrong = [
        name
        for one in backups
        for name, sha in one.files.items()
        if not (folder.root / name).exists() or sha_of(folder.root / name) != sha
    ]
    stamps = [*(one.stamp for one in backups), *objects.newest(folder)]
    lists = [f"bucket/{stamp}.sealed" for stamp in stamps]
    wrong += [name for name in lists if name not in wrong and not _opens(folder, name, key)]
    readable = [s for s, name in zip(stamps, lists, strict=True) if name not in wrong]
    return wrong + _log_faults(folder, key) + objects.faults(folder, readable, key)


def _opens(folder: Folder, name: str, key: bytes) -> bool:
    """Whether a sealed file opens to its end: each piece proves itself under the key."""
    try:
        for _piece in open_file(folder.root / name, key=key):
            pass
    except (DomainError, OSError):
        return False
    return True


def _log_faults(folder: Folder, key: bytes) -> list[str]:
    found = folder.segments()
    names = [f"log/{one}.sealed" for one in found]
    return [name for name in names if not _opens(folder, name, key)] + _gaps(folder, found)


def _gaps(folder: Folder, found: list[str]) -> list[str]:
    """Parts that should follow on one that is here: of the same timeline, no break noted."""
    broken = {one.segment for one in folder.breaks()}
    first = folder.backups()[0].first_segment if folder.backups() else ""
    parts = [one for one in found if len(one) == SEGMENT_NAME]
    wrong = [] if not first or first in parts else [first]
    for one, following in pairwise(parts):
        wanted = database.next_segment(one)
        if one[:8] == following[:8] and following != wanted and one not in broken:
            wrong.append(wanted)
    return [f"log/{one}.sealed" for one in dict.fromkeys(wrong)]
