"""The form of an export: a ZIP whose bytes depend on its content only.

    manifest.json                 format, client, tables with columns, counts and hashes
    people.jsonl                  who is named: id, side, address, name
    documents.csv                 what the papers are called, for people without this program
    tables/<schema>.<name>.jsonl  one JSON object a row, in the order of the key
    objects/<sha256>              the papers' own bytes, named by their hash

Every entry carries the same date and rights, names are sorted, the manifest comes last.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

FORMAT = 1
MANIFEST, PEOPLE, INDEX = "manifest.json", "people.jsonl", "documents.csv"
TABLES, OBJECTS = "tables/", "objects/"
EPOCH = (1980, 1, 1, 0, 0, 0)
PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest says of one file: how many lines or bytes, and their hash."""

    lines: int
    size: int
    sha256: str

    def as_json(self) -> dict[str, Any]:
        """As the manifest writes it."""
        return {"lines": self.lines, "bytes": self.size, "sha256": self.sha256}


class Writer:
    """Writes an export from front to back; nothing of it is held in memory."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", allowZip64=True)

    def lines(self, name: str, lines: Iterable[str]) -> Entry:
        """Writes a file of text lines, packed."""
        digest, size, count = hashlib.sha256(), 0, 0
        with self._open(name, zipfile.ZIP_DEFLATED) as file:
            for line in lines:
                raw = line.encode() + b"\n"
                digest.update(raw)
                size, count = size + len(raw), count + 1
                file.write(raw)
        return Entry(count, size, digest.hexdigest())

    def content(self, sha: str, pieces: Iterable[bytes]) -> int:
        """Writes a paper as it is; returns its size. Raises ValueError when it is not its hash."""
        digest, size = hashlib.sha256(), 0
        with self._open(OBJECTS + sha, zipfile.ZIP_STORED) as file:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                file.write(piece)
        if digest.hexdigest() != sha:
            raise ValueError(f"not the content of {sha}")
        return size

    def close(self, manifest: dict[str, Any]) -> None:
        """Writes the manifest and ends the file."""
        with self._open(MANIFEST, zipfile.ZIP_DEFLATED) as file:
            file.write(json.dumps(manifest, indent=1, sort_keys=True).encode())
        self._zip.close()

    def abandon(self) -> None:
        """Lets go of the file."""
        self._zip.close()

    def _open(self, name: str, method: int) -> IO[bytes]:
        info = zipfile.ZipInfo(name, EPOCH)
        info.compress_type, info.create_system, info.external_attr = method, 3, 0o100600 << 16
        return self._zip.open(info, "w", force_zip64=True)


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A writer whose half-written file is not left behind."""
    writer = Writer(path)
    try:
        yield writer
    except BaseException:
        writer.abandon()
        path.unlink(missing_ok=True)
        raise


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """A file's bytes in pieces of a quarter of a megabyte."""
    while piece := file.read(PIECE):
        yield piece
