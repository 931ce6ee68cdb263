"""What parses strangers' files has no network, nor has what it starts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.documents.readings import warm
from tests.documents.printed import papers

ROOT = Path(__file__).parents[2]
TRY = """
import socket, sys
for name, act in (
    ("connect", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)),
    ("unix", lambda: socket.socket(socket.AF_UNIX)),
    ("datagram", lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)),
):
    try:
        act()
        print(name, "open")
    except PermissionError:
        print(name, "refused")
"""
REFUSED = ["connect refused", "unix refused", "datagram refused"]
filtered = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in {"x86_64", "aarch64"},
    reason="the kernel's filter is written for Linux on x86_64 and aarch64",
)


@pytest.fixture
def port() -> Iterator[int]:
    """A server that would answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def run(program: str, port: int) -> list[str]:
    command = [sys.executable, "-c", program, str(port)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split("\n")[:-1]


def test_a_program_that_was_cut_off_reaches_nobody(port: int) -> None:
    assert run(TRY, port) == ["connect open", "unix open", "datagram open"]
    assert run(f"from app.kernel import offline; offline.cut_off()\n{TRY}", port) == REFUSED


@filtered
def test_neither_does_a_program_that_it_starts(port: int) -> None:
    starts = (
        "import subprocess, sys; from app.kernel import offline; assert offline.cut_off();"
        f"sys.exit(subprocess.call([sys.executable, '-c', {TRY!r}, sys.argv[1]]))"
    )
    assert run(starts, port) == REFUSED


@contextmanager
def waiting(program: str, source: Path, *more: str) -> Iterator[int]:
    """A program that waits for the first byte of its file."""
    os.mkfifo(source)
    command = [sys.executable, "-I", str(ROOT / program), str(source), *more]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as started:
        with source.open("wb"):  # returns once the program has opened it too
            yield started.pid
        started.wait()


def seccomp(pid: int) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("Seccomp:"))


@filtered
@pytest.mark.parametrize(
    ("program", "name"),
    [("app/documents/paint.py", "a.jpg"), ("app/documents/examine.py", "a.pdf")],
)
def test_a_file_is_opened_only_by_who_was_cut_off(program: str, name: str, tmp_path: Path) -> None:
    with waiting(program, tmp_path / name, str(tmp_path)) as pid:
        assert seccomp(pid) == "2"


@filtered
def test_the_reader_that_stands_ready_was_cut_off(tmp_path: Path) -> None:
    source = tmp_path / "paper.pdf"
    source.write_bytes(papers.typeset(papers.ENGLISH))
    reader = warm.Reader()
    try:
        out = tmp_path / "out.json"
        assert reader.read(warm.Asked(source, "application/pdf", out, tmp_path, 30.0)) == 0
        assert seccomp(reader.running.pid) == "2"
    finally:
        reader.end()
