"""The secrets and ports of the embedded servers: made once, kept private, read at each start."""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

SECRETS = (
    "postgres_admin",
    "postgres_app_rw",
    "postgres_app_worker",
    "postgres_app_restore",
    "valkey",
    "s3_access_key",
    "s3_secret_key",
    "guard_key",
    "guard_key_id",
    "secret_key",
    "kek",
)


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner may enter."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 in one step: a kill leaves the old one or the new one."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def load_secrets(folder: Path) -> dict[str, str]:
    """Return the secrets of this installation, making those that are missing."""
    path = private_folder(folder) / "secrets.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = [name for name in SECRETS if name not in known]
    if missing:
        known |= {name: _fresh(name) for name in missing}
        write_private(path, json.dumps(known, indent=1))
    return known


def _fresh(name: str) -> str:
    if name == "guard_key_id":
        return "1"
    if name == "s3_access_key":
        return "BO" + secrets.token_hex(9).upper()
    return secrets.token_hex(32)


def load_ports(
    path: Path, names: Iterable[str], *, wanted: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Return the port of each name: the wanted one, the kept one, or a free one kept from now."""
    known: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    ports = {**known, **(wanted or {})}
    for name in names:
        if name not in ports:
            ports[name] = free_port(taken=set(ports.values()))
    if ports != known:
        write_private(path, json.dumps(ports, indent=1))
    return ports


def free_port(*, taken: set[int]) -> int:
    """Return a free loopback port below the kernel's range for outgoing connections."""
    for _ in range(2000):
        port = 20_000 + secrets.randbelow(12_000)
        if port not in taken and is_free(port):
            return port
    raise OSError("no free port between 20000 and 32000")


def is_free(port: int) -> bool:
    """Tell whether nobody listens on this loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
