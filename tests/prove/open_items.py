"""Long random walks over open items (size: how many walks): they equal the control accounts."""

from __future__ import annotations

import os
import time

import psycopg
from flask import Flask

from tests.accounting import ledger_support, open_items_sequences

SIZE = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "200"))
SEED = int(os.environ.get("BACKOFFICE_PROVE_SEED", "1"))
STEPS = 50


def test_open_items_hold_through_all_walks(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    """On every day, by account, contact and currency, residuals add up to the control accounts."""
    began, entries, acts, batches, refused = time.monotonic(), 0, 0, 0, 0
    for place in range(SIZE):
        books = ledger_support.make_books(app, worker_app, admin, years=(2026, 2026))
        walk = open_items_sequences.run(books, admin, steps=STEPS, seed=SEED * 1_000_000 + place)
        entries, acts = entries + len(walk.entries), acts + len(walk.acts)
        batches, refused = batches + len(walk.batches), refused + len(walk.refused)
    seconds = time.monotonic() - began
    print(f"\n{SIZE:,} walks of {STEPS} acts: {entries:,} entries, {acts:,} settlements,")
    print(f"{batches:,} re-codings, {refused:,} acts refused as they should be, 0 differences,")
    print(f"no residual past zero on any day, {seconds:.0f} s")
    assert acts > SIZE
