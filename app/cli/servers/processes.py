"""Server processes: start them apart from the terminal, know them again, stop them.

A process is known by its id and its start time, never by its name: an id alone may have been
given to somebody else's process since we wrote it down.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


class ServerFault(Exception):
    """A server could not be started or stopped; `remedy` says what the operator can do."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Identity:
    """One process for good: its id and the kernel's note of when it began."""

    pid: int
    began: str

    def is_alive(self) -> bool:
        """Tell whether this very process still runs (a zombie does not)."""
        return began(self.pid) == self.began


@dataclass(frozen=True, slots=True)
class RunAs:
    """The system user a server drops to."""

    uid: int
    gid: int


def began(pid: int) -> str:
    """Return when a process began, as text for comparing, or '' when there is none."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else f"{_boot()}:{fields[19]}"
    found = subprocess.run(
        ["ps", "-p", str(pid), "-o", "lstart="], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def group(pid: int) -> int:
    """Return the process group of a process, or 0 when there is none."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def identify(pid: int) -> Identity:
    """Return the identity of a running process."""
    return Identity(pid=pid, began=began(pid))


def remember(path: Path, process: Identity) -> None:
    """Write a pid file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(process)))
    fresh.replace(path)


def recall(path: Path) -> Identity | None:
    """Return the process of a pid file while it lives, else None."""
    try:
        known = Identity(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return known if known.is_alive() else None


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    run_as: RunAs | None = None,
) -> Identity:
    """Start a server in a session of its own, so that Ctrl-C in the terminal passes it by."""
    log.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            user=run_as.uid if run_as else None,
            group=run_as.gid if run_as else None,
            extra_groups=[] if run_as else None,
        )
    finally:
        os.close(descriptor)
    with _family:
        _children.append(child)
    return identify(child.pid)


_children: list[subprocess.Popen[bytes]] = []
_family = threading.Lock()


def reap() -> None:
    """Collect our ended children, so that none stays as a zombie."""
    with _family:
        _children[:] = [child for child in _children if child.poll() is None]


def wait_until(ready: Callable[[], bool], *, seconds: float, every: float = 0.05) -> bool:
    """Ask until `ready` says yes or the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return True
        time.sleep(every)
    return False


def stop(process: Identity, *, signals: Sequence[tuple[signal.Signals, float]]) -> bool:
    """Send each signal in turn and wait its seconds; tell whether the process is gone."""
    for number, seconds in signals:
        if not process.is_alive():
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
        if wait_until(lambda: _gone(process), seconds=seconds):
            break
    return _gone(process)


def _gone(process: Identity) -> bool:
    reap()
    return not process.is_alive()


def wheel_folder(package: str) -> Path:
    """Return the folder of an installed package without importing it."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ServerFault(
            f"The package {package} is not installed.",
            remedy="Install the extra backoffice[embedded], or point to an existing server.",
        )
    return Path(found.origin).parent


def last_lines(log: Path, *, count: int = 12) -> str:
    """Return the end of a log file, for messages."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""
