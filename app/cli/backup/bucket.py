"""The bucket's part of a backup: each version once, by its hash, and which there were when.

Objects come as they lie in the bucket, sealed under the clients' keys. A copy is never opened.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from app.cli.backup.folder import Folder, open_file, seal_file, sha_of, write_whole
from app.kernel.storage_bucket import Bucket

NEWEST = "newest"  # the list of what was fetched since the last whole backup
SKEW = timedelta(seconds=2)  # what two clocks may differ by


@dataclass(frozen=True, slots=True)
class Held:
    """One version of an object: where it stood, since when, and the hash of its sealed bytes."""

    key: str
    version: str
    written_at: str
    sha256: str


def copy(folder: Folder, bucket: Bucket, *, stamp: str, key: bytes) -> tuple[str, int]:
    """Copies what is new since the last backup; the list's hash and how many objects it has."""
    before = {(one.key, one.version): one for one in _newest_list(folder, key)}
    path = folder.place("bucket", f"{stamp}.list")
    count = 0
    with gzip.open(path, "wt", encoding="utf-8") as sheet:
        for version in bucket.versions(""):
            known = before.get((version.key, version.version))
            if known is None or not _object(folder, known.sha256).exists():
                sha = _fetch(folder, bucket, version.key, version.version)
                at = version.written_at.isoformat()
                known = Held(version.key, version.version, at, sha)
            sheet.write(json.dumps(asdict(known)) + "\n")
            count += 1
    with path.open("rb") as file:
        sha = seal_file(folder.place("bucket", f"{stamp}.sealed"), file, key=key)
    path.unlink()
    return sha, count


def _object(folder: Folder, sha: str) -> Path:
    return folder.place("objects", sha[:2], sha)


def _fetch(folder: Folder, bucket: Bucket, key: str, version: str) -> str:
    fresh = folder.place("objects", "incoming")
    sha = write_whole(fresh, bucket.get_version(key, version))
    fresh.replace(_object(folder, sha))
    return sha


def _newest_list(folder: Folder, key: bytes) -> Iterator[Held]:
    for stamp in [*[one.stamp for one in folder.backups()][-1:], *newest(folder)]:
        yield from listed(folder, stamp, key)


def newest(folder: Folder) -> list[str]:
    """The list since the last whole backup, where there is one."""
    return [NEWEST] if (folder.root / "bucket" / f"{NEWEST}.sealed").exists() else []


def forget_newest(folder: Folder) -> None:
    """A whole backup holds all that it named."""
    (folder.root / "bucket" / f"{NEWEST}.sealed").unlink(missing_ok=True)


def listed(folder: Folder, stamp: str, key: bytes) -> Iterator[Held]:
    """What the bucket held at a backup."""
    stream = _Stream(open_file(folder.place("bucket", f"{stamp}.sealed"), key=key))
    with gzip.open(stream, "rt", encoding="utf-8") as sheet:  # type: ignore[call-overload]  # reads
        for line in sheet:
            yield Held(**json.loads(line))


class _Stream:
    """Pieces of bytes as a file that gzip reads."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._held = iter(pieces), b""

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, b"" at the end."""
        while size < 0 or len(self._held) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._held += piece
        found, self._held = (
            (self._held, b"") if size < 0 else (self._held[:size], self._held[size:])
        )
        return found


def at(instant: datetime, lists: Iterable[Iterable[Held]]) -> list[Held]:
    """The version of each object that counted at an instant: the newest written until then.

    Given the lists of the backups before and after it, since what was deleted in between stands in
    the first only. An object too many is harmless: no row names it.
    """
    found: dict[str, Held] = {}
    for one in (held for held_list in lists for held in held_list):
        if datetime.fromisoformat(one.written_at) > instant + SKEW:
            continue
        known = found.get(one.key)
        if known is None or known.written_at < one.written_at:
            found[one.key] = one
    return [found[name] for name in sorted(found)]


def bring_back(folder: Folder, bucket: Bucket, objects: Iterable[Held]) -> int:
    """Puts objects into an empty bucket; how many."""
    count = 0
    for one in objects:
        with _object(folder, one.sha256).open("rb") as body:
            bucket.replace(one.key, body)
        count += 1
    return count


def faults(folder: Folder, stamps: Iterable[str], key: bytes) -> list[str]:
    """Objects that a backup names and that are missing or damaged."""
    wrong = []
    for sha in sorted({one.sha256 for stamp in stamps for one in listed(folder, stamp, key)}):
        path = _object(folder, sha)
        if not path.exists() or sha_of(path) != sha:
            wrong.append(f"objects/{sha}")
    return wrong


def expire(folder: Folder, key: bytes) -> int:
    """Removes copies that no kept backup names; how many."""
    stamps = [*(kept.stamp for kept in folder.backups()), *newest(folder)]
    named = {one.sha256 for stamp in stamps for one in listed(folder, stamp, key)}
    gone = 0
    for path in folder.root.glob("objects/??/*"):
        if path.name not in named:
            path.unlink()
            gone += 1
    return gone
