"""`backoffice serve`: the web application behind granian."""

from __future__ import annotations

import os

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--workers",
    default=None,
    type=click.IntRange(1, 64),
    help="Processes [default: one a core, at most 4].",
)
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64))
def serve(host: str, port: int, workers: int | None, threads: int) -> None:
    """Serve the web application.

    Threads stay within the connection pool of a process (8 and 8 more at peaks), so that a
    request never waits for a connection that another request of the same thread pool holds.
    """
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        target="app.cli.wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers or min(4, os.cpu_count() or 1),
        blocking_threads=threads,
        backlog=512,
        respawn_failed_workers=True,
        respawn_interval=1,
        workers_kill_timeout=5,
        log_access=False,
    ).serve()
