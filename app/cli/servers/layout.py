"""Where an embedded server keeps what: the folders of one installation."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from app.cli.servers.processes import wait_until
from app.cli.servers.secrets import is_free, load_ports, load_secrets, private_folder

PATIENCE = 4.0
_choosing = threading.Lock()


@dataclass(frozen=True, slots=True)
class Layout:
    """One installation of embedded servers: folders, secrets and ports."""

    root: Path
    secrets: dict[str, str] = field(repr=False)
    wanted_ports: dict[str, int] = field(default_factory=dict)

    @classmethod
    def at(cls, root: Path, *, ports: dict[str, int] | None = None) -> Layout:
        """Open or make the folder of an installation."""
        root = root.resolve()
        root.mkdir(parents=True, exist_ok=True)
        return cls(root=root, secrets=load_secrets(root / "private"), wanted_ports=ports or {})

    @property
    def private(self) -> Path:
        """Secrets and configuration with passwords, mode 0700, never inside a data folder."""
        return private_folder(self.root / "private")

    @property
    def run(self) -> Path:
        """Pid files and what the supervisor hands to the other processes."""
        return private_folder(self.root / "run")

    @property
    def logs(self) -> Path:
        """One log file a server."""
        return private_folder(self.root / "log")

    def data(self, name: str) -> Path:
        """Return the data folder of one server."""
        return self.root / name

    def log(self, name: str) -> Path:
        """Return the log file of one server."""
        return self.logs / f"{name}.log"

    def pid_file(self, name: str) -> Path:
        """Return the pid file of one server."""
        return self.run / f"{name}.pid"

    def ports(self, *names: str) -> dict[str, int]:
        """Return the ports of these names, choosing free ones at the first start."""
        with _choosing:
            return load_ports(self.run / "ports.json", names, wanted=self.wanted_ports)

    def settle_ports(self, *names: str) -> None:
        """Give up ports that somebody else took while we were stopped.

        The threads of a server killed a moment ago may hold its port a little longer.
        """
        ports = self.ports(*names)

        def taken() -> list[str]:
            return [name for name in names if not is_free(ports[name])]

        if not wait_until(lambda: not taken(), seconds=PATIENCE):
            self._forget_ports(*taken())

    def _forget_ports(self, *names: str) -> None:
        path = self.run / "ports.json"
        with _choosing:
            kept = {name: port for name, port in load_ports(path, ()).items() if name not in names}
            path.unlink(missing_ok=True)
            load_ports(path, (), wanted=kept)
