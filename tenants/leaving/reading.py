"""An export as it comes in: nothing of it is believed before it is checked."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from app.kernel.errors import Invalid
from tenants.leaving import archive
from tenants.leaving.catalogue import ClientTable

MOST_ENTRIES = 2_000_000
MOST_BYTES = 200 * 1024**3
MOST_RATIO = 200  # JSON of rows packs 5 to 40 times
RATIO_FREE = 1024 * 1024
MOST_MANIFEST = 16 * 1024 * 1024
MOST_LINE = 64 * 1024 * 1024
_NAME = re.compile(
    r"manifest\.json|people\.jsonl|documents\.csv|tables/[a-z_]{1,40}\.[a-z_0-9]{1,63}\.jsonl"
    r"|objects/[0-9a-f]{64}"
)
_SHA = re.compile(r"[0-9a-f]{64}")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

Manifest = dict[str, Any]
# What brings a manifest from one format to the next: {1: from 1 to 2, ...}. An upgrade may name
# other tables and columns; rows of renamed columns follow their manifest.
Upgrade = Callable[[Manifest], Manifest]
UPGRADES: dict[int, Upgrade] = {}


@dataclass(frozen=True, slots=True)
class Rows:
    """One table of an export: where its lines are, which columns they have."""

    table: ClientTable
    entry: str
    columns: tuple[str, ...]
    lines: int


class Export:
    """An open export whose manifest has been read; `check` proves the rest."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._zip = file
        self._infos = _entries(file)
        self.manifest = _upgraded(_manifest(file, self._infos))
        client = self.manifest["client"]
        self.tenant_id, self.slug, self.state = UUID(client["id"]), client["slug"], client["state"]

    def tables(self, known: Sequence[ClientTable]) -> list[Rows]:
        """The tables in the order in which they are written. Raises Invalid for unknown ones."""
        by_name = {table.name: table for table in known if table.exported}
        found: Mapping[str, Any] = self.manifest["tables"]
        for name, about in found.items():
            if about["lines"] == 0:
                continue  # an empty table may be of any version
            table = by_name.get(name)
            if table is None:
                raise _refused("export-table-unknown", table=name)
            for column in about["columns"]:
                if column not in table.columns:
                    raise _refused("export-column-unknown", table=name, column=column)
        return [
            Rows(
                table,
                _place(found[table.name], table.name),
                tuple(about["columns"]),
                about["lines"],
            )
            for table in known
            if (about := found.get(table.name)) and about["lines"] > 0
        ]

    def check(self, told: Callable[[str], None] = lambda _name: None) -> None:
        """Reads everything once: each file is there, is its hash, and nothing else is there."""
        expected = {archive.MANIFEST, archive.PEOPLE, archive.INDEX}
        self._prove(archive.PEOPLE, self.manifest["people"])
        self._prove(archive.INDEX, self.manifest["documents"])
        for name, about in self.manifest["tables"].items():
            place = _place(about, name)
            self._prove(place, about)
            expected.add(place)
            told(name)
        self._prove_objects()
        for name in self._infos:
            if name not in expected and not name.startswith(archive.OBJECTS):
                raise _refused("export-entry-unknown", entry=name)

    def lines(self, place: str) -> Iterator[str]:
        """The lines of one file, as text."""
        with self._open(place) as file:
            while line := file.readline(MOST_LINE):
                if len(line) == MOST_LINE:
                    raise _refused("export-too-large")
                yield line.decode().rstrip("\n")

    def objects(self) -> list[str]:
        """The hashes of the contents, sorted."""
        start = len(archive.OBJECTS)
        return sorted(name[start:] for name in self._infos if name.startswith(archive.OBJECTS))

    def content(self, sha: str) -> IO[bytes]:
        """One content as a file."""
        return self._open(archive.OBJECTS + sha)

    def _open(self, place: str) -> IO[bytes]:
        info = self._infos.get(place)
        if info is None:
            raise _refused("export-entry-missing", entry=place)
        return self._zip.open(info)

    def _prove(self, place: str, about: Mapping[str, Any]) -> None:
        digest, size = hashlib.sha256(), 0
        with self._open(place) as file:
            for piece in _proved(archive.pieces(file), place):
                digest.update(piece)
                size += len(piece)
        if digest.hexdigest() != about["sha256"] or size != about["bytes"]:
            raise _refused("export-hash-wrong", entry=place)

    def _prove_objects(self) -> None:
        whole, names = hashlib.sha256(), self.objects()
        for sha in names:
            digest = hashlib.sha256()
            with self.content(sha) as file:
                for piece in _proved(archive.pieces(file), sha):
                    digest.update(piece)
            if digest.hexdigest() != sha:
                raise _refused("export-hash-wrong", entry=archive.OBJECTS + sha)
            whole.update(bytes.fromhex(sha))
        about = self.manifest["objects"]
        if about["sha256"] != whole.hexdigest() or about["count"] != len(names):
            raise _refused("export-hash-wrong", entry=archive.OBJECTS)


@contextmanager
def opened(path: Path) -> Iterator[Export]:
    """An export on disk. Raises Invalid for what is none, too new, too large or malformed."""
    try:
        with zipfile.ZipFile(path) as file:
            yield Export(file)
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, EOFError) as error:
        raise _refused("export-unreadable") from error


def is_export(path: Path) -> bool:
    """Whether a file looks like an export: a ZIP, whatever it is called."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _proved(found: Iterator[bytes], place: str) -> Iterator[bytes]:
    """The pieces; a damaged one is a refusal, not a fault of ours."""
    try:
        yield from found
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise _refused("export-hash-wrong", entry=place) from error


def _entries(file: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Every entry by its name; only names of our own making, each once, none that swells."""
    found: dict[str, zipfile.ZipInfo] = {}
    infos = file.infolist()
    if len(infos) > MOST_ENTRIES or sum(info.file_size for info in infos) > MOST_BYTES:
        raise _refused("export-too-large")
    for info in infos:
        if not _NAME.fullmatch(info.filename) or info.filename in found:
            raise _refused("export-entry-unknown", entry=info.filename[:200])
        if info.flag_bits & 1 or info.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            raise _refused("export-unreadable")
        if info.file_size > RATIO_FREE and info.file_size > MOST_RATIO * max(1, info.compress_size):
            raise _refused("export-too-large")
        found[info.filename] = info
    return found


def _manifest(file: zipfile.ZipFile, infos: Mapping[str, zipfile.ZipInfo]) -> Manifest:
    info = infos.get(archive.MANIFEST)
    if info is None or info.file_size > MOST_MANIFEST:
        raise _refused("export-unreadable")
    try:
        found = json.loads(file.read(info))
    except (ValueError, RecursionError) as error:
        raise _refused("export-unreadable") from error
    if not isinstance(found, dict) or found.get("product") != "backoffice":
        raise _refused("export-unreadable")
    return found


def _upgraded(found: Manifest) -> Manifest:
    """The manifest in today's format; older ones are brought along step by step."""
    number = found.get("format")
    if not isinstance(number, int) or isinstance(number, bool):
        raise _refused("export-unreadable")
    if number > archive.FORMAT:
        raise _refused("export-too-new", format=number, known=archive.FORMAT)
    while number < archive.FORMAT:
        upgrade = UPGRADES.get(number)
        if upgrade is None:
            raise _refused("export-too-old", format=number, known=archive.FORMAT)
        found, number = upgrade(found), number + 1
    return _sound(found)


def _sound(found: Manifest) -> Manifest:
    """Refuses a manifest that does not say what it must."""
    try:
        client = found["client"]
        UUID(client["id"])
        good = _SLUG.fullmatch(client["slug"]) and client["state"] in ("active", "suspended")
        files = [found["people"], found["documents"], *found["tables"].values()]
        good = good and all(_is_entry(one) for one in files)
        good = good and all(
            isinstance(column, str) for one in found["tables"].values() for column in one["columns"]
        )
        good = good and _is_count(found["objects"]["count"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _refused("export-unreadable") from error
    if not good:
        raise _refused("export-unreadable")
    return found


def _is_entry(one: Mapping[str, Any]) -> bool:
    return (
        _is_count(one["lines"]) and _is_count(one["bytes"]) and bool(_SHA.fullmatch(one["sha256"]))
    )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _place(about: Mapping[str, Any], name: str) -> str:
    """Where a table's lines are: an upgrade says so where the name was another."""
    return str(about.get("entry") or f"{archive.TABLES}{name}.jsonl")


def _refused(code: str, **params: Any) -> Invalid:
    return Invalid.of("file", code, **params)
