"""The virus scanner of the installation: clamd's INSTREAM over a unix or a TCP socket.

Protocol: clamd(8). `zINSTREAM` and a null byte, then pieces of a four-byte length and content, a
piece of length zero, and one answer that ends with a null byte.
"""

from __future__ import annotations

import socket
import struct
from urllib.parse import urlsplit

import structlog
from flask import current_app

from app.kernel.errors import Invalid, Unavailable
from app.kernel.settings import Settings

log = structlog.get_logger("documents")
PIECE = 256 * 1024
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0
MOST_ANSWER = 4096


def scan(data: bytes) -> None:
    """Asks the scanner where `BACKOFFICE_CLAMD` names one.

    Raises Invalid `file-virus`, or `file-unscanned` for what the scanner finds too large, and
    Unavailable when it does not answer as the protocol says.
    """
    settings: Settings = current_app.extensions["settings"]
    if settings.clamd:
        _heed(ask(settings.clamd, data))


def ask(address: str, data: bytes) -> str:
    """The scanner's answer, such as `stream: OK`; raises Unavailable."""
    try:
        return said(address, data)
    except OSError as error:
        log.warning("scanner away", error=type(error).__name__)
        raise Unavailable("scanner-unavailable") from error


def said(address: str, data: bytes) -> str:
    """The scanner's answer; raises OSError where it gives none."""
    with _connected(address) as connection:
        connection.sendall(b"zINSTREAM\0")
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            connection.sendall(struct.pack(">I", len(piece)) + piece)
        connection.sendall(struct.pack(">I", 0))
        return _answer(connection)


def _connected(address: str) -> socket.socket:
    if address.startswith("unix:"):
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(CONNECT_SECONDS)
        made.connect(address.removeprefix("unix:"))
    else:
        parts = urlsplit(address)
        made = socket.create_connection(
            (parts.hostname or "localhost", parts.port or 3310), timeout=CONNECT_SECONDS
        )
    made.settimeout(ANSWER_SECONDS)
    return made


def _answer(connection: socket.socket) -> str:
    held = b""
    while b"\0" not in held and len(held) < MOST_ANSWER:
        piece = connection.recv(1024)
        if not piece:
            break
        held += piece
    return held.split(b"\0")[0].decode("utf-8", "replace").strip()


def _heed(answer: str) -> None:
    if answer.endswith(" OK"):
        return
    if answer.endswith(" FOUND"):
        log.warning("virus found", answer=answer[:200])
        raise Invalid.of("file", "file-virus")
    if "size limit exceeded" in answer:
        raise Invalid.of("file", "file-unscanned")
    log.warning("scanner not understood", answer=answer[:200])
    raise Unavailable("scanner-unavailable")
