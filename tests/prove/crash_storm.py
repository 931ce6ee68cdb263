"""Crash storm: kill -9 of web, worker, dispatcher, PostgreSQL, Valkey and S3 under load.

SIZE is the number of kills. Callers post entries and upload statements over the API, repeating
each call under its key until it is acknowledged. At the end no acknowledged post is lost, none is
doubled, none unbalanced, each uploaded file reads back as it was sent, and every job is done.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from itertools import pairwise
from pathlib import Path

import psycopg

from app.cli.servers.processes import wait_until
from tests.prove.storm import auditor, load
from tests.prove.storm.killer import Killer
from tests.prove.storm.product import Product, running

POSTERS = 4
KILLS = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "20"))
SEED = int(os.environ.get("BACKOFFICE_PROVE_SEED", "1"))
JOBS_END_WITHIN = 120.0


def test_nothing_acknowledged_is_lost_doubled_or_unbalanced_in_a_storm(tmp_path: Path) -> None:
    with running(tmp_path / "storm", tokens=POSTERS + 2) as product:
        record, killer = load.Record(), Killer(product, random.Random(SEED))
        callers = _callers(product, record)
        began = time.monotonic()
        for caller in callers:
            caller.start()
        time.sleep(2)
        for number in range(1, KILLS + 1):
            name = killer.strike()
            print(f"kill {number:>4}: {name:<10} back after {killer.seconds[name][-1]:5.2f} s")
            time.sleep(killer.dice.uniform(0.1, 1.5))
        for caller in callers:
            caller.ended.set()
        for caller in callers:
            caller.join(timeout=load.PATIENCE + 10)
        seconds = time.monotonic() - began
        wait_until(lambda: _jobs_are_done(product), seconds=JOBS_END_WITHIN, every=0.5)
        broken = list(auditor.findings(product, record))
        _print(record, killer, seconds=seconds, broken=broken)
    assert not broken, "\n".join(broken[:50])
    assert len(record.posts) > KILLS


def _callers(product: Product, record: load.Record) -> list[load.Caller]:
    posters: list[load.Caller] = [
        load.Poster(product, product.tokens[number], record, seed=SEED + number)
        for number in range(POSTERS)
    ]
    small, large = product.tokens[POSTERS:]
    lines = load.LINES_OF_A_LARGE_FILE
    return [
        *posters,
        load.Uploader(product, small, record, seed=SEED + 50, lines=3, pause=0.3),
        load.Uploader(product, large, record, seed=SEED + 51, lines=lines, pause=10),
    ]


def _jobs_are_done(product: Product) -> bool:
    try:
        with product.admin() as admin:
            return not auditor.unfinished(admin, product.tenant)
    except psycopg.OperationalError:
        return False


def _print(record: load.Record, killer: Killer, *, seconds: float, broken: list[str]) -> None:
    times = sorted(record.acknowledged_at)
    gaps = [after - before for before, after in pairwise(times)]
    print(f"\n{sum(map(len, killer.seconds.values()))} kills in {seconds:.0f} s, seed {SEED}")
    for name, found in sorted(killer.seconds.items()):
        ordered = sorted(found)
        middle, slow = statistics.median(found), ordered[int(len(ordered) * 0.99)]
        print(
            f"  {name:<10} {len(found):>4} kills, back after median {middle:.2f} s,"
            f" p99 {slow:.2f} s, longest {ordered[-1]:.2f} s"
        )
    print(f"  acknowledged posts {len(record.posts)}, uploads {len(record.uploads)}")
    print(f"  calls {record.calls}, repeated {record.repeated}")
    print(f"  longest time without an acknowledgement {max(gaps, default=0):.2f} s")
    print(f"  broken promises: {len(broken)}")
