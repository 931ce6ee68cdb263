"""A client as a whole into one file: rows of one moment, then the bytes of its papers."""

from __future__ import annotations

import csv
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import audit, db, storage
from app.kernel.scope import Scope
from tenants.leaving import archive, catalogue
from tenants.leaving.archive import Entry, Writer
from tenants.leaving.catalogue import ClientTable

PAGE = 500
MANY_PEOPLE = 5_000
Told = Callable[[int, int, str], None]
_PAGE = "select place, content from {door}(:table, cast(:after as jsonb), :limit)"
_NAMED = "select * from {door}(:table)"
_PEOPLE = sa.text("select * from guard.leaving_people(cast(:ids as uuid[]))")
_CLIENT = sa.text("select tenant_id, slug, state from app.client where tenant_id = :tenant")
_HEADER = ("name", "media_type", "bytes", "sha256", "file")


@dataclass(frozen=True, slots=True)
class Summary:
    """What an export holds; `sha256` is of the whole file."""

    rows: int
    papers: int
    size: int
    sha256: str


def write(path: Path, scope: Scope, told: Told | None = None) -> Summary:
    """Writes the client of the scope to `path`, in one pass with bounded memory.

    The rows are those of one moment; papers never change, so their bytes may follow it. `told`
    hears of progress: done, total, stage. The taking is noted in the client's audit afterwards, so
    that the same data makes the same bytes. Raises Forbidden without `client.export`, Unavailable
    when a paper cannot be read.
    """
    tell = told or (lambda _done, _total, _stage: None)
    with (
        archive.writing(path) as writer,
        tempfile.TemporaryFile() as shas,
        tempfile.TemporaryFile("w+", newline="", encoding="utf-8") as index,
    ):
        with db.transaction(scope, snapshot=True):
            manifest = _manifest(scope)
            manifest["tables"] = _tables(writer, tell, shas, index)
            manifest["people"] = _people(writer)
            manifest["documents"] = _index(writer, index).as_json()
            opened = storage.opener()
        manifest["objects"] = _objects(writer, shas, opened, tell)
        writer.close(manifest)
    found = Summary(
        rows=sum(one["lines"] for one in manifest["tables"].values()),
        papers=manifest["objects"]["count"],
        size=path.stat().st_size,
        sha256=_sha_of(path),
    )
    _note(scope, found)
    return found


def _manifest(scope: Scope) -> dict[str, Any]:
    row = db.session.execute(_CLIENT, {"tenant": scope.tenant_id}).one()
    client = {"id": str(row.tenant_id), "slug": row.slug, "state": row.state}
    return {"product": "backoffice", "format": archive.FORMAT, "client": client}


def _tables(writer: Writer, tell: Told, shas: IO[bytes], index: IO[str]) -> dict[str, Any]:
    known = [table for table in catalogue.tables() if table.exported]
    found: dict[str, Any] = {}
    for done, table in enumerate(known):
        tell(done, len(known), "Records")
        lines = _rows(table)
        if table.name == "app.stored_object":
            lines = _listed(lines, shas, index)
        entry = writer.lines(f"{archive.TABLES}{table.name}.jsonl", lines)
        found[table.name] = {"columns": sorted(table.columns), **entry.as_json()}
    return found


def _rows(table: ClientTable) -> Iterator[str]:
    """The rows of a table as lines of JSON, page by page in the order of its key."""
    statement = sa.text(_PAGE.format(door=_door(table, "leaving_page")))
    after: str | None = None
    while True:
        values = {"table": table.name, "after": after, "limit": PAGE}
        page = db.session.execute(statement, values).all()
        yield from (row.content for row in page)
        if len(page) < PAGE:
            return
        after = json.dumps(page[-1].place)


def _door(table: ClientTable, name: str) -> str:
    return f"guard.{name}" if table.of_guard else f"app.{name}"


def _listed(lines: Iterable[str], shas: IO[bytes], index: IO[str]) -> Iterator[str]:
    """Notes which contents the heads name, and what they are called."""
    sheet = csv.writer(index, lineterminator="\n")
    sheet.writerow(_HEADER)
    for line in lines:
        head = json.loads(line)
        if head["state"] in ("clean", "quarantine"):
            shas.write(bytes.fromhex(head["sha256"]))
            name = head["name"].replace("\r", " ").replace("\n", " ")
            place = archive.OBJECTS + head["sha256"]
            sheet.writerow((_plain(name), head["media_type"], head["size"], head["sha256"], place))
        yield line


def _plain(text: str) -> str:
    """No text that a spreadsheet would run."""
    return f"'{text}" if text[:1] in "=+-@\t" else text


def _people(writer: Writer) -> dict[str, Any]:
    """Everybody the rows name; how many at a time is bounded, their number is a firm's."""
    ids: set[UUID] = set()
    for table in catalogue.tables():
        if table.exported and table.people:
            door = "guard.leaving_named" if table.of_guard else "app.leaving_named_in"
            statement = sa.text(_NAMED.format(door=door))
            ids.update(db.session.execute(statement, {"table": table.name}).scalars())
    return writer.lines(archive.PEOPLE, _known(sorted(ids))).as_json()


def _known(ids: list[UUID]) -> Iterator[str]:
    for start in range(0, len(ids), MANY_PEOPLE):
        some = ids[start : start + MANY_PEOPLE]
        yield from db.session.execute(_PEOPLE, {"ids": some}).scalars()


def _index(writer: Writer, index: IO[str]) -> Entry:
    index.seek(0)
    return writer.lines(archive.INDEX, (line.rstrip("\n") for line in index))


def _objects(
    writer: Writer, shas: IO[bytes], opened: Callable[[str], Iterator[bytes]], tell: Told
) -> dict[str, Any]:
    """The contents in the order of their hashes, each once."""
    shas.seek(0)
    names = sorted(set(iter(lambda: shas.read(32), b"")))
    digest, size = hashlib.sha256(), 0
    for done, raw in enumerate(names):
        if done % 20 == 0:
            tell(done, len(names), "Documents")
        size += writer.content(raw.hex(), opened(raw.hex()))
        digest.update(raw)
    return {"count": len(names), "bytes": size, "sha256": digest.hexdigest()}


def _sha_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _note(scope: Scope, found: Summary) -> None:
    with db.transaction(scope):
        audit.note(
            "client.exported",
            subject_type="client",
            subject_id=scope.tenant_id,
            detail={"rows": found.rows, "papers": found.papers, "sha256": found.sha256},
        )
