"""Whatever is done with bank lines and taken back leaves the reports as they were."""

from __future__ import annotations

import random

import psycopg
from flask import Flask

from app.kernel import undo
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


def test_each_act_on_several_things_at_once_is_done_and_taken_back(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    world = undo_sequences.arrange(app, worker_app, admin)
    before = undo_sequences.reports(world)
    for act in undo_sequences.TOGETHER_ACTS:
        with world.scene.books.open():
            done = act(world, None, random.Random(1))
        assert undo_sequences.reports(world) != before
        with world.scene.books.open():
            undo.take(done.undo)
        assert undo_sequences.reports(world) == before
