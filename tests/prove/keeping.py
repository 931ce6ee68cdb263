"""Random histories of papers (size: how many): nothing goes under a hold or before its time."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack

import psycopg

from app.cli import install
from app.kernel.settings import Settings
from tests.documents.keeping import history_runs

SIZE = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "100000"))
WAYS = int(os.environ.get("BACKOFFICE_PROVE_WAYS", str(min(4, os.cpu_count() or 1))))
SEED = int(os.environ.get("BACKOFFICE_PROVE_SEED", "1"))


def test_nothing_is_deleted_under_a_hold_or_before_its_time(
    settings: Settings, admin: psycopg.Connection, rw: psycopg.Connection
) -> None:
    """Papers, rules, holds, proposals, approvals, disposals and attacks in random order."""
    began = time.monotonic()
    with ExitStack() as open_:
        links = [rw]
        for _more in range(WAYS - 1):
            more = psycopg.connect(install.libpq_url(str(settings.database_url)))
            links.append(open_.enter_context(more))
        found = history_runs.run(
            admin, links, count=SIZE, seed=SEED, key=history_runs.signing_key(settings), shared=200
        )
    seconds = time.monotonic() - began
    print(f"\n{found.histories:,} histories, {found.acts:,} acts, {found.disposed:,} papers")
    print(
        f"disposed of, {found.spared:,} spared at the last moment, {found.refused:,} acts refused,"
    )
    print(f"{len(found.wrong)} deleted under a hold or before their time, {seconds:.0f} s")
    assert not found.wrong
