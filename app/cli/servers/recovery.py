"""A restored data folder runs through its log up to an instant, then its server stops again."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg

from app.cli.servers import postgres, processes
from app.cli.servers.layout import Layout


def recover(layout: Layout, settings: str, *, seconds: float) -> None:
    """Let a restored data folder run through its log as these settings say, and stop it again.

    Raises ServerFault when the log ends before the instant that is asked for.
    """
    run_as = postgres.user_to_run_as()
    postgres.open_for(layout, run_as)
    layout.settle_ports(postgres.NAME)
    postgres.configure(layout, run_as, fsync=True, more=settings)
    (postgres.data_folder(layout) / "recovery.signal").touch()
    server = postgres.launch(layout, run_as)
    done = processes.wait_until(
        lambda: not server.is_alive() or _has_recovered(layout), seconds=seconds, every=0.25
    )
    if not done or not server.is_alive():
        raise processes.ServerFault(
            f"PostgreSQL did not recover:\n{processes.last_lines(layout.log(postgres.NAME))}"
        )
    if not postgres.stop(layout):
        raise processes.ServerFault("PostgreSQL did not stop after recovering.")


def _has_recovered(layout: Layout) -> bool:
    try:
        with psycopg.connect(
            postgres.administrator(layout, database="postgres"), connect_timeout=3
        ) as link:
            row = link.execute("select not pg_is_in_recovery()").fetchone()
    except psycopg.OperationalError:
        return False
    return bool(row and row[0])


def belongs(layout: Layout, *paths: Path) -> None:
    """Give files to the user that the server runs as."""
    run_as = postgres.user_to_run_as()
    if run_as is None:
        return
    for top in paths:
        for path in (top, *top.rglob("*")):
            os.chown(path, run_as.uid, run_as.gid)
