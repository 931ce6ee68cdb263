"""A backup comes back: an installation of its own in an empty folder, as it was at an instant."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.cli import servers
from app.cli.backup import bucket as objects
from app.cli.backup import keys as key_files
from app.cli.backup.folder import Backup, Folder, open_file
from app.cli.servers import postgres, s3
from app.cli.servers import recovery as recovery_run
from app.cli.servers.layout import Layout
from app.cli.servers.processes import ServerFault
from app.cli.servers.secrets import SECRETS, private_folder, write_private
from app.kernel.settings import Settings
from app.kernel.storage_bucket import Bucket

RECOVERY_SECONDS = 6 * 3600
RECOVERY = """
restore_command = 'cp "{log}/%f" "%p"'
recovery_target_time = '{instant}'
recovery_target_action = 'promote'
"""
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, as of when, from which base backup."""

    folder: Path
    instant: datetime
    base: str
    segments: int
    objects: int


def choose(folder: Folder, instant: datetime) -> Backup:
    """The base backup to begin with: the newest that was finished by then.

    Raises ServerFault for an instant before the first backup or after the end of the log.
    """
    found = [one for one in folder.backups() if one.finished_at <= instant]
    if not found:
        known = folder.backups()
        first = known[0].finished_at.isoformat() if known else "never"
        raise ServerFault(f"No backup is that old. The first instant is: {first}")
    until = folder.covered_until()
    if until is None or instant > until:
        last = until.isoformat() if until else "never"
        raise ServerFault(f"No backup reaches that far. The last instant is: {last}")
    for one in folder.breaks():
        if found[-1].finished_at <= one.until < instant:
            raise ServerFault(
                "The log ends before that instant: the server did not keep it until it was fetched."
                f" The last instant before is {one.until.isoformat()}."
            )
    return found[-1]


def restore(
    folder: Folder,
    into: Path,
    *,
    instant: datetime,
    recovery: Path,
    told: Told = lambda _text: None,
) -> Restored:
    """Brings keys, database and bucket back into `into`, which must not be there or be empty.

    Nothing of the running installation is touched. Afterwards the servers of the folder are
    stopped; `backoffice demo --folder` or addresses in the settings start them.
    """
    if into.exists() and any(into.iterdir()):
        raise ServerFault(f"{into} is not empty.", remedy="Name a folder that is not there yet.")
    base = choose(folder, instant)
    keys = key_files.unseal(folder, recovery)
    key = key_files.backup_key(keys["kek"])
    told("Keys")
    layout = _lay_out(into, keys)
    told("Database")
    segments = _database(folder, layout, base, instant, key)
    told("Documents")
    count = _bucket(folder, layout, keys, instant, key)
    return Restored(into, instant, base.stamp, segments, count)


def _lay_out(into: Path, keys: dict[str, str]) -> Layout:
    """The new installation has the secrets of the old: the database's passwords are in it."""
    missing = [name for name in SECRETS if name not in keys]
    if missing:
        raise ServerFault(
            "These backups come from servers of your own: " + ", ".join(missing) + " are not here.",
            remedy="docs/operating.md says how their parts are brought back by hand.",
        )
    into.mkdir(parents=True, exist_ok=True)
    private = private_folder(into / "private")
    write_private(private / "secrets.json", json.dumps({n: keys[n] for n in SECRETS}, indent=1))
    return Layout.at(into)


def _database(folder: Folder, layout: Layout, base: Backup, instant: datetime, key: bytes) -> int:
    data = postgres.data_folder(layout)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    _unpack(folder, base, data, key)
    log = data.parent / "restored-log"
    log.mkdir(mode=0o700)
    names = [one for one in folder.segments() if _is_needed(one, base)]
    for name in names:
        with (log / name).open("wb") as file:
            for piece in open_file(folder.root / "log" / f"{name}.sealed", key=key):
                file.write(piece)
    recovery_run.belongs(layout, data, log)
    settings = RECOVERY.format(log=log, instant=instant.isoformat())
    recovery_run.recover(layout, settings, seconds=RECOVERY_SECONDS)
    shutil.rmtree(log)
    return len(names)


def _is_needed(name: str, base: Backup) -> bool:
    """Segments from the base's first on, whatever their timeline, and the timelines' histories."""
    return len(name) != 24 or name[8:] >= base.first_segment[8:]


def _unpack(folder: Folder, base: Backup, data: Path, key: bytes) -> None:
    words = ["tar", "-C", str(data), "-xzf", "-"]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as unpacking:
        assert unpacking.stdin is not None
        for piece in open_file(folder.root / "database" / f"{base.stamp}.sealed", key=key):
            unpacking.stdin.write(piece)
    if unpacking.returncode != 0:
        raise ServerFault("The base backup could not be unpacked.")
    data.chmod(0o700)


def _bucket(
    folder: Folder, layout: Layout, keys: dict[str, str], instant: datetime, key: bytes
) -> int:
    backups = folder.backups()
    around = [one.stamp for one in backups if one.finished_at <= instant][-1:]
    around += [one.stamp for one in backups if one.finished_at > instant][:1]
    around += objects.newest(folder)
    wanted = objects.at(instant, [objects.listed(folder, stamp, key) for stamp in around])
    running = servers.start_all(layout.root, want={s3.NAME})
    try:
        return objects.bring_back(folder, Bucket(_settings(running, keys)), wanted)
    finally:
        running.stop()


def _settings(running: servers.Servers, keys: dict[str, str]) -> Settings:
    found = {
        **running.environment(),
        "DATABASE_URL": "postgresql://-",
        "VALKEY_URL": "redis://-",
        "BACKOFFICE_KEK": keys["kek"],
    }
    return Settings(**found)  # type: ignore[arg-type]  # pydantic parses the strings
