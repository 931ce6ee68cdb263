"""`backoffice dispatcher`: the process that hands due jobs to the workers."""

from __future__ import annotations

import click


@click.command()
def dispatcher() -> None:
    """Hand due jobs to the workers until stopped; one of several leads."""
    from app.factory import create_worker_app
    from app.kernel import dispatcher as kernel_dispatcher

    kernel_dispatcher.run(create_worker_app)
