"""`backoffice worker`: the process that runs jobs."""

from __future__ import annotations

import click


@click.command()
def worker() -> None:
    """Run jobs until stopped."""
    from app.factory import create_worker_app
    from app.kernel import worker as kernel_worker

    kernel_worker.run(create_worker_app)
