"""Broken files of banks (size: how many): each is read or refused, in bounded time and memory."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.catalog.bank import reading
from connectors.catalog.bank.statement import Doubt, StatementRefused
from tests.connectors.bank.mutations import mutated

SIZE = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "10000"))
SEED = int(os.environ.get("BACKOFFICE_PROVE_SEED", "1"))
ROOT = Path(__file__).parents[3] / "shared" / "data" / "statements"
FOLDERS = ("camt", "camt-chain", "mt940", "ofx", "qif", "bai2", "coda", "n43", "csv")
FIXTURES = Path(__file__).parents[1] / "connectors" / "bank" / "fixtures"
SECONDS = 5.0  # of processor, for one file
MEMORY = 1 << 30  # address space of a process beyond what it has before its first file
SEEDS = [
    path.read_bytes()
    for folder in (*(ROOT / name for name in FOLDERS), FIXTURES)
    for path in sorted(folder.rglob("*"))
    if path.is_file() and path.suffix not in (".json", ".pydata")
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: `read`, `refused`, or the fault that should not be."""

    number: int
    kind: str
    what: str
    seconds: float


def _bounded() -> None:
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = used * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _outcome(number: int) -> Outcome:
    name, data = mutated(SEEDS, number, seed=SEED)
    began = time.process_time()
    try:
        what = _sound(reading.read(data).warnings)
        kind = "read" if what == "" else "failed"
    except StatementRefused as refused:
        kind, what = "refused", refused.code if str(refused.message) else ""
    except BaseException as fault:  # noqa: BLE001 - this is what the proof looks for
        kind, what = "failed", repr(fault)[:300]
    seconds = time.process_time() - began
    if seconds > SECONDS:
        kind, what = "failed", f"{seconds:.1f} s"
    return Outcome(number, kind, f"{name}: {what}" if kind == "failed" else what, seconds)


def _sound(warnings: tuple[Doubt, ...]) -> str:
    """A doubt that cannot be said is a fault too."""
    return "" if all(str(one.message) and one.code for one in warnings) else "an unsaid doubt"


@pytest.mark.skipif(not ROOT.is_dir(), reason="the shared statement files are not here")
def test_a_broken_file_is_read_or_refused_and_nothing_else() -> None:
    """Every mutation answers with statements or a refusal that has a code and a reason."""
    began = time.monotonic()
    with multiprocessing.get_context("fork").Pool(2, initializer=_bounded) as pool:
        found = list(pool.imap_unordered(_outcome, range(SIZE), chunksize=50))
    seconds = time.monotonic() - began
    kinds = Counter(one.kind for one in found)
    codes = Counter(one.what for one in found if one.kind == "refused")
    slowest = max(found, key=lambda one: one.seconds)
    print(f"\n{SIZE:,} mutations of {len(SEEDS)} files: {kinds['read']:,} read,")
    print(f"{kinds['refused']:,} refused with {len(codes)} codes, {kinds['failed']:,} failed;")
    print(f"slowest {slowest.seconds:.2f} s (number {slowest.number}), {seconds:.0f} s in all")
    print(", ".join(f"{code} {count}" for code, count in codes.most_common()))
    failed = [one for one in found if one.kind == "failed"]
    assert not failed, "\n".join(f"{one.number} {one.what}" for one in failed[:20])
