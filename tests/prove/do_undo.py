"""Ten thousand random sequences of decisions about bank lines, each taken back (size: how many)."""

from __future__ import annotations

import os
import time

import psycopg
from flask import Flask

from tests.accounting import undo_sequences

SIZE = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "10000"))
SEED = int(os.environ.get("BACKOFFICE_PROVE_SEED", "1"))
A_CLIENT = 200  # sequences on one client's books before the next client


def test_reports_after_undo_equal_those_before(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    """Accept, code, split, match, settle, transfer, skip, repeat, rules, batches, and undo."""
    began, done, refused = time.monotonic(), 0, 0
    for place in range(SIZE):
        if place % A_CLIENT == 0:
            world = undo_sequences.arrange(app, worker_app, admin)
            before = undo_sequences.reports(world)
        walk = undo_sequences.run(world, seed=SEED * 1_000_000 + place, steps=4)
        assert undo_sequences.reports(world) == before, f"sequence {place}"
        done, refused = done + walk.done, refused + walk.refused
    seconds = time.monotonic() - began
    print(f"\n{SIZE:,} sequences, {done:,} acts done and taken back, {refused:,} refused;")
    print(f"0 reports differ afterwards; {seconds:.0f} s")
    assert done > SIZE
