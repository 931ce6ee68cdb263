"""Broken mails (size: how many, all mails in turn): read without a fault, in bounded time."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.mail import reading, told
from tests.mail.mutations import mutated

SIZE = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "10000"))
SEED = int(os.environ.get("BACKOFFICE_PROVE_SEED", "1"))
ROOT = Path(__file__).parents[3] / "shared" / "data" / "mail"
SECONDS = 2.0  # of processor, for one mail
MEMORY = 1 << 30  # address space of a process beyond what it has before its first mail
_TOO_PLAIN = frozenset((".json", ".xml", ".md", ".png"))
SEEDS = [
    path.read_bytes()
    for path in sorted(ROOT.rglob("*"))
    if path.is_file() and path.suffix not in _TOO_PLAIN
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one broken mail: the fault that should not be, and how long it took."""

    number: int
    fault: str
    seconds: float


def _bounded() -> None:
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = used * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _outcome(number: int) -> Outcome:
    name, data = mutated(SEEDS, number, seed=SEED)
    began = time.process_time()
    try:
        fault = "" if told.told(reading.read(data))["automated"] else "no mail"
    except BaseException as broken:  # noqa: BLE001 - this is what the proof looks for
        fault = repr(broken)[:200]
    seconds = time.process_time() - began
    if seconds > SECONDS:
        fault = f"{seconds:.1f} s"
    return Outcome(number, f"{name}: {fault}" if fault else "", seconds)


@pytest.mark.skipif(not ROOT.is_dir(), reason="the shared mails are not here")
def test_every_broken_mail_is_read() -> None:
    """No exception and never more than two seconds, whatever was done to a mail."""
    began = time.monotonic()
    with multiprocessing.get_context("fork").Pool(2, initializer=_bounded) as pool:
        found = list(pool.imap_unordered(_outcome, range(SIZE), chunksize=20))
    seconds = time.monotonic() - began
    faults = [f"{one.number} {one.fault}" for one in found if one.fault]
    slowest = max(found, key=lambda one: one.seconds)
    print(f"\n{SIZE:,} broken forms of {len(SEEDS)} mails: {len(faults)} faults;")
    print(f"slowest {slowest.seconds:.2f} s (number {slowest.number}), {seconds:.0f} s in all")
    assert not faults, "\n".join(faults[:20])
