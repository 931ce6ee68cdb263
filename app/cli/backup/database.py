"""The database's part of a backup: a verified base backup, and the log in between."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from app.cli.backup.folder import Folder, seal_file
from app.cli.install import libpq_url
from app.cli.servers import postgres
from app.cli.servers.processes import ServerFault

SLOT = "backoffice_backup"
MOST_KEPT_LOG = "8GB"  # what the server holds for us at most, should nobody fetch it


def program(name: str) -> str:
    """A program of PostgreSQL: of the installed wheel, else of the system."""
    try:
        found = postgres.programs() / "bin" / name
    except ServerFault:
        found = Path("-")
    path = str(found) if found.exists() else shutil.which(name)
    if not path:
        raise ServerFault(f"{name} is not installed.", remedy="Install postgresql-client 18.")
    return path


def environment(url: str) -> Mapping[str, str]:
    """How the programs reach the server: never on their command lines, which others can read."""
    parts = make_url(url)
    return {
        **os.environ,
        "PGHOST": parts.host or "127.0.0.1",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": parts.username or "postgres",
        "PGPASSWORD": str(parts.password or ""),
        "LC_ALL": "C",
    }


def _run(words: list[str], url: str | None = None) -> None:
    done = subprocess.run(
        words,
        env=dict(environment(url)) if url else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()[-3:]
        raise ServerFault(f"{Path(words[0]).name} failed:\n" + "\n".join(said))


def prepare(folder: Folder, url: str) -> bool:
    """Makes the server keep its log for us; tells whether it was there before.

    Where the server kept it no longer, the chain of the log is broken: what it had begun is cleared
    and the break noted, so that the next whole backup begins a clean one.
    """
    with psycopg.connect(libpq_url(url), autocommit=True) as link:
        row = link.execute(
            "select wal_status from pg_replication_slots where slot_name = %s", [SLOT]
        ).fetchone()
        if row and row[0] != "lost":
            return True
        if row:
            link.execute("select pg_drop_replication_slot(%s)", [SLOT])
        folder.end_log(now=datetime.now(UTC))  # first: a new slot without it would hide the break
        link.execute("select pg_create_physical_replication_slot(%s, true)", [SLOT])
        return False


def base(folder: Folder, url: str, *, stamp: str, key: bytes) -> tuple[str, str]:
    """Takes, verifies and seals a base backup; its hash and the first segment it needs."""
    with tempfile.TemporaryDirectory(prefix="base-", dir=folder.root) as scratch:
        data = Path(scratch) / "data"
        words = [program("pg_basebackup"), "-D", str(data), "-c", "fast", "-X", "none", "-w"]
        _run(words, url)
        _run([program("pg_verifybackup"), "-n", "-q", str(data)])
        manifest = json.loads((data / "backup_manifest").read_text())
        first = _segment(manifest, (data / "backup_label").read_text())
        return _pack(data, folder.place("database", f"{stamp}.sealed"), key), first


def _segment(manifest: dict[str, object], label: str) -> str:
    """The name of the log's part that recovery begins in, as the label says."""
    for line in label.splitlines():
        if line.startswith("START WAL LOCATION:") and "(file " in line:
            return line.rpartition("(file ")[2].rstrip(")")
    raise ServerFault(f"The base backup has no label: {sorted(manifest)}")


def _pack(data: Path, target: Path, key: bytes) -> str:
    words = ["tar", "-C", str(data), "-czf", "-", "."]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as packing:
        assert packing.stdout is not None
        sha = seal_file(target, packing.stdout, key=key)
    if packing.returncode != 0:
        target.unlink()
        raise ServerFault("tar failed: the base backup was not kept.")
    return sha


def log(folder: Folder, url: str, *, key: bytes) -> int:
    """Fetches and seals the log up to now; how many new parts. Every instant before is covered."""
    scratch = folder.place("log", "incoming", "x").parent
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    moment = datetime.now(UTC)
    with psycopg.connect(libpq_url(url), autocommit=True) as link:
        _touch(link)
        row = link.execute("select pg_current_wal_lsn()::text").fetchone()
        link.execute("select pg_switch_wal()")
    assert row is not None
    words = [program("pg_receivewal"), "-D", str(scratch), "-S", SLOT, "--endpos", row[0]]
    _run([*words, "--no-loop", "-w", "--synchronous"], url)
    count = 0
    for path in sorted(scratch.iterdir()):
        # a part that goes on is fetched again, whole, with the next run
        name = path.name.removesuffix(".partial")
        with path.open("rb") as file:
            seal_file(folder.place("log", f"{name}.sealed"), file, key=key)
        count += 1
        if path.suffix != ".partial":
            path.unlink()
    until = folder.place("log", "until")
    until.write_text(moment.isoformat())
    return count


def next_segment(name: str) -> str:
    """The name of the part of the log that follows: 256 parts of 16 MB in each of its files."""
    number = int(name[8:16], 16) * 256 + int(name[16:], 16) + 1
    return f"{name[:8]}{number // 256:08X}{number % 256:08X}"


def _touch(link: psycopg.Connection) -> None:
    """A commit of its own, so that the log holds a moment at or after the one noted."""
    link.execute("select pg_logical_emit_message(true, 'backup', 'now')")
