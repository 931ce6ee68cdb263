"""Random walks at the small size; `make prove NAME=open-items` runs many more."""

from __future__ import annotations

import psycopg
from flask import Flask

from tests.accounting import ledger_support, open_items_sequences


def test_open_items_equal_control_accounts_whatever_is_done_to_them(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    walks = []
    for seed in range(2):
        books = ledger_support.make_books(app, worker_app, admin, years=(2026, 2026))
        walks.append(open_items_sequences.run(books, admin, steps=45, seed=seed))
    assert sum(len(walk.acts) for walk in walks) > 5
    assert sum(len(walk.entries) for walk in walks) > 12
