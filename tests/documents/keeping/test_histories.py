"""Random histories at the small size; `make prove NAME=keeping` runs many more."""

from __future__ import annotations

import psycopg

from app.kernel.settings import Settings
from tests.documents.keeping import history_runs


def test_no_history_deletes_under_a_hold_or_before_its_time(
    settings: Settings, admin: psycopg.Connection, rw: psycopg.Connection
) -> None:
    found = history_runs.run(
        admin, [rw], count=60, seed=7, key=history_runs.signing_key(settings), shared=12
    )
    assert not found.wrong
    assert found.disposed > 3
    assert found.refused > 20
