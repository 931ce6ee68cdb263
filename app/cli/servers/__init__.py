"""Embedded servers: PostgreSQL, Valkey and S3 from wheels, started, adopted and stopped as one.

`python -m app.cli.servers FOLDER` starts them and prints their addresses.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.cli.servers import postgres, s3, valkey
from app.cli.servers.layout import Layout
from app.cli.servers.processes import Identity, ServerFault

__all__ = ["ALL", "ServerFault", "Servers", "start_all", "stop"]

ALL = frozenset({postgres.NAME, valkey.NAME, s3.NAME})


@dataclass(frozen=True, slots=True)
class Servers:
    """The running servers of one folder."""

    layout: Layout
    processes: Mapping[str, Identity]

    def environment(self) -> dict[str, str]:
        """Return every setting the product needs to reach these servers."""
        known = self.layout.secrets
        return {
            **(postgres.environment(self.layout) if postgres.NAME in self.processes else {}),
            **(valkey.environment(self.layout) if valkey.NAME in self.processes else {}),
            **(s3.environment(self.layout) if s3.NAME in self.processes else {}),
            "BACKOFFICE_GUARD_KEY": known["guard_key"],
            "BACKOFFICE_GUARD_KEY_ID": known["guard_key_id"],
            "BACKOFFICE_SECRET_KEY": known["secret_key"],
            "BACKOFFICE_KEK": known["kek"],
        }

    def stop(self) -> None:
        """Stop those of them that run: Valkey and S3 first, the truth last."""
        stop(self.layout, want=self.processes.keys())


def start_all(
    directory: Path,
    *,
    ports: dict[str, int] | None = None,
    want: Collection[str] = ALL,
    fsync: bool = True,
) -> Servers:
    """Start the wanted servers in this folder, adopting those of ours that run already.

    `fsync=False` is for throw-away test data. Raises ServerFault with a remedy.
    """
    layout = Layout.at(directory, ports=ports)
    starts: dict[str, Callable[[], Identity]] = {
        postgres.NAME: lambda: postgres.start(layout, fsync=fsync),
        valkey.NAME: lambda: valkey.start(layout),
        s3.NAME: lambda: s3.start(layout),
    }
    with _alone(layout), ThreadPoolExecutor(len(starts)) as pool:
        under_way = {name: pool.submit(start) for name, start in starts.items() if name in want}
        running = {name: future.result() for name, future in under_way.items()}
    return Servers(layout=layout, processes=running)


def stop(layout: Layout, *, want: Collection[str] = ALL) -> None:
    """Stop the wanted servers of this folder, whoever started them."""
    with _alone(layout):
        for server in (s3, valkey, postgres):
            if server.NAME in want and not server.stop(layout):
                raise ServerFault(f"{server.NAME} did not stop.")


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Let one caller at a time start or stop servers of a folder."""
    with (layout.run / "servers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
