"""Ten thousand random sequences of acts on the books (size: how many): nothing ever breaks."""

from __future__ import annotations

import os
import time

import psycopg
from flask import Flask

from tests.accounting import ledger_sequences, ledger_support

SIZE = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "10000"))
SEED = int(os.environ.get("BACKOFFICE_PROVE_SEED", "1"))
A_CLIENT = 50  # sequences on one client's books before the next client


def test_books_hold_through_all_sequences(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    """Every entry balances, rollup equals postings, nothing changes, closed months stay closed."""
    began, posted, refused, acts = time.monotonic(), 0, 0, 0
    for place in range(SIZE):
        if place % A_CLIENT == 0:
            books, before = ledger_support.make_books(app, worker_app, admin), None
        seed = SEED * 1_000_000 + place
        walk = ledger_sequences.run(books, admin, steps=8, seed=seed, before=before)
        before = walk.content
        posted, refused, acts = posted + len(walk.posted), refused + walk.refused, acts + 8
    seconds = time.monotonic() - began
    print(f"\n{SIZE:,} sequences, {acts:,} acts, {posted:,} entries, {refused:,} refused as they")
    print(f"should be, 0 unbalanced, 0 differences, 0 changed, {seconds:.0f} s")
    assert posted > SIZE
