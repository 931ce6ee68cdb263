"""The folder of backups: what lies where, what belongs together, and what has aged out.

keys.sealed              the keys, under the recovery key; without it nothing here opens
backups/<stamp>.json     one backup: its files with their hashes, its first and last moment
database/<stamp>.sealed  a base backup of the database, verified before it was sealed
log/<segment>.sealed     the database's log, for every instant between backups
log/breaks.json          where the log could not be followed any more, until the next backup
bucket/<stamp>.sealed    which versions of which objects the bucket held
objects/<sha256>         the objects as the bucket holds them, sealed under the clients' keys
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

from app.cli.servers.processes import ServerFault
from app.kernel import storage_chunks

STAMP = "%Y%m%dT%H%M%SZ"
PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Backup:
    """One finished backup; `first_segment` is the oldest part of the log it needs.

    It serves every instant from `finished_at` on, as far as the log goes.
    """

    stamp: str
    started_at: datetime
    finished_at: datetime
    first_segment: str
    files: dict[str, str] = field(default_factory=dict)
    objects: int = 0

    def as_json(self) -> dict[str, Any]:
        """As its file has it."""
        times = {name: getattr(self, name).isoformat() for name in ("started_at", "finished_at")}
        return {**asdict(self), **times}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Backup:
        """What `as_json` wrote."""
        times = {
            name: datetime.fromisoformat(found[name]) for name in ("started_at", "finished_at")
        }
        return cls(**{**found, **times})


@dataclass(frozen=True, slots=True)
class Break:
    """The log ends at `until`, in the part `segment`; noticed `at`, mended by the next backup."""

    segment: str
    until: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of backups."""

    root: Path

    def place(self, *names: str) -> Path:
        """A path below the folder, whose parents are there and closed to others."""
        path = self.root.joinpath(*names)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    @property
    def keys(self) -> Path:
        """The sealed keys."""
        return self.place("keys.sealed")

    def backups(self) -> list[Backup]:
        """The finished backups, the oldest first."""
        found = sorted(self.root.glob("backups/*.json"))
        return [Backup.from_json(json.loads(path.read_text())) for path in found]

    def add(self, backup: Backup) -> None:
        """A backup counts from now on."""
        write_whole(
            self.place("backups", f"{backup.stamp}.json"),
            [json.dumps(backup.as_json(), indent=1).encode()],
        )

    def segments(self) -> list[str]:
        """The names of the archived parts of the log, in order."""
        return sorted(path.stem for path in self.root.glob("log/*.sealed"))

    def covered_until(self) -> datetime | None:
        """The last moment that the log has for certain."""
        path = self.root / "log" / "until"
        return datetime.fromisoformat(path.read_text()) if path.exists() else None

    def breaks(self) -> list[Break]:
        """Where the log could not be followed, the oldest first."""
        path = self.root / "log" / "breaks.json"
        rows = json.loads(path.read_text()) if path.exists() else []
        return [
            Break(row[0], datetime.fromisoformat(row[1]), datetime.fromisoformat(row[2]))
            for row in rows
        ]

    def end_log(self, *, now: datetime) -> None:
        """The log that is here goes no further: what was fetched of its next part is of no use."""
        shutil.rmtree(self.root / "log" / "incoming", ignore_errors=True)
        segments, until = self.segments(), self.covered_until()
        if not segments or until is None:
            return
        found = [*self.breaks(), Break(segments[-1], until, now)]
        rows = [[one.segment, one.until.isoformat(), one.at.isoformat()] for one in found]
        write_whole(self.place("log", "breaks.json"), [json.dumps(rows).encode()])

    def is_broken(self) -> bool:
        """Whether the log has ended since the last whole backup began."""
        backups, breaks = self.backups(), self.breaks()
        return bool(breaks) and (not backups or backups[-1].started_at < breaks[-1].at)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One run at a time: raises ServerFault while another writes into the folder."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.place("lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ServerFault(
                    f"A backup into {self.root} is running already.",
                    remedy="Wait until it has ended; this run has changed nothing.",
                ) from None
            yield

    def expire(self, *, days: int, now: datetime) -> list[str]:
        """Removes backups that no instant of the last `days` days needs, and the log before."""
        limit, backups = now - timedelta(days=days), self.backups()
        gone = [one for one, following in pairwise(backups) if following.finished_at < limit]
        for one in gone:
            for name in (f"database/{one.stamp}.sealed", f"bucket/{one.stamp}.sealed"):
                (self.root / name).unlink(missing_ok=True)
            (self.root / "backups" / f"{one.stamp}.json").unlink()
        kept = self.backups()
        if gone and kept:
            for name in self.segments():
                if len(name) == 24 and name[8:] < kept[0].first_segment[8:]:
                    (self.root / "log" / f"{name}.sealed").unlink()
        return [one.stamp for one in gone]


def stamp_of(moment: datetime) -> str:
    """A name that sorts by time."""
    return moment.astimezone(UTC).strftime(STAMP)


def write_whole(path: Path, pieces: Iterable[bytes]) -> str:
    """Writes a file on disk or not at all; returns its SHA-256."""
    fresh, digest = path.with_name(path.name + ".part"), hashlib.sha256()
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return digest.hexdigest()


def seal_file(path: Path, plain: IO[bytes], *, key: bytes) -> str:
    """Seals a stream into a file, bound to its name; returns the SHA-256 of the sealed file."""
    label = f"backup|{path.name}"
    return write_whole(path, storage_chunks.sealed(plain, number=1, key=key, label=label))


def open_file(path: Path, *, key: bytes) -> Iterator[bytes]:
    """The plain pieces of a sealed file. Raises Unavailable when it is damaged or another's."""
    with path.open("rb") as file:
        stream = iter(lambda: file.read(PIECE), b"")
        label = f"backup|{path.name}"
        yield from storage_chunks.opened(stream, key=lambda _number: key, label=label)


def sha_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
