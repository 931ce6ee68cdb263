"""The whole check of a file: its kind and bounds here, hostile parsers in a program of their own,
and the scanner of the installation where there is one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import structlog

from app.documents import checks, scanner
from app.documents.checks import Checked
from app.kernel.errors import Invalid

log = structlog.get_logger("documents")
SECONDS = 40
_LOOKED_AT = ("virus", "macros", "locked", "archive", "bomb", "damaged", "unscanned", "unknown")
HELD = frozenset({f"file-{word}" for word in _LOOKED_AT} | {"file-not-kept"})
"""What a person may want to look at: such a file is held. Empty and vast ones are just refused."""
VIRUS = "file-virus"
_EXAMINER = Path(__file__).with_name("examine.py")
_MAY_CARRY = (b"EmbeddedFile", b"/ObjStm", b"/Encrypt")
_UNREADABLE = {"file-damaged", "file-locked"}


def examine(
    data: bytes, *, name: str, most: int = checks.MOST_BYTES, strict: bool = False
) -> Checked:
    """The kind and name of a file that may be kept; raises Invalid at the field `file`.

    What is going to be held is scanned too: a person who lets it in later must not let in a virus
    that hides in, say, an archive. `strict` also refuses a PDF that no reader opens. Raises
    Unavailable while a scanner that is set up does not answer: unscanned, nothing becomes a paper.
    """
    try:
        checked = checks.check(data, name=name, most=most)
    except Invalid as refusal:
        if code_of(refusal) in HELD - {VIRUS}:
            scanner.scan(data)
        raise
    scanner.scan(data)
    if checked.media_type == "application/pdf" and (strict or _may_carry(data)):
        verdict = _verdict(data)
        if verdict != "ok" and (strict or verdict not in _UNREADABLE):
            raise Invalid.of("file", verdict)
    return checked


def code_of(refusal: Invalid) -> str:
    """The code of a refused file."""
    for problems in refusal.fields.values():
        for problem in problems:
            return problem.code
    return refusal.code


def _may_carry(data: bytes) -> bool:
    return any(mark in data for mark in _MAY_CARRY)


def _verdict(data: bytes) -> str:
    """What the examiner says; a file under which it dies, or which takes its time, is a bomb."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paper.pdf"
        path.write_bytes(data)
        command = [sys.executable, "-I", str(_EXAMINER), str(path)]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=SECONDS, check=False, text=True
            )
        except subprocess.TimeoutExpired:
            return "file-bomb"
    if done.returncode:
        log.info("examination failed", code=done.returncode)
        return "file-bomb"
    return done.stdout.strip() or "file-damaged"
