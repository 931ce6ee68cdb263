"""Whatever is done with bank lines and taken back leaves the reports as they were."""

from __future__ import annotations

import psycopg
from flask import Flask

from tests.accounting import undo_sequences


def test_twenty_random_sequences_taken_back_leave_the_same_reports(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    world = undo_sequences.arrange(app, worker_app, admin)
    before, done = undo_sequences.reports(world), 0
    for seed in range(20):
        done += undo_sequences.run(world, seed=seed, steps=5).done
        assert undo_sequences.reports(world) == before, f"seed {seed}"
    assert done > 20
