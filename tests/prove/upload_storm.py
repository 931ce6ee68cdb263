"""Upload storm (size: how many uploads): kill -9 of worker, S3 and database while papers come in.

Three callers bring papers in parts, repeating each call until it is acknowledged. At the end every
acknowledged file is a paper whose bytes have the hash that was announced, and after the sweeps of
two days later neither bucket nor heads hold anything alone.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

from tests.prove.storm import papers
from tests.prove.storm.killer import Killer
from tests.prove.storm.load import PATIENCE, Record
from tests.prove.storm.papers import Bringer, Papers
from tests.prove.storm.product import running

SIZE = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "1000"))
SEED = int(os.environ.get("BACKOFFICE_PROVE_SEED", "1"))
CALLERS = 3
TARGETS = ("worker", "s3", "postgres")


def test_every_acknowledged_upload_is_there_with_its_hash_and_nothing_is_left_over(
    tmp_path: Path,
) -> None:
    with running(tmp_path / "storm", tokens=CALLERS, for_papers=True) as product:
        record, brought = Record(), Papers.of(SIZE)
        killer = Killer(product, random.Random(SEED), targets=TARGETS)
        callers = [
            Bringer(product, token, record, brought, seed=SEED + number)
            for number, token in enumerate(product.tokens)
        ]
        began = time.monotonic()
        for caller in callers:
            caller.start()
        while any(caller.is_alive() for caller in callers):
            time.sleep(killer.dice.uniform(0.5, 2.5))
            name = killer.strike()
            print(f"{len(brought.acknowledged):>5} acknowledged, {name} was killed", flush=True)
        for caller in callers:
            caller.join(timeout=PATIENCE)
        seconds = time.monotonic() - began
        is_quiet = papers.quiet(product, seconds=120 + SIZE)
        broken = list(papers.findings(product, brought))
        deleted, alone = papers.swept(product)
        kills = {name: len(found) for name, found in sorted(killer.seconds.items())}
        print(f"\n{len(brought.acknowledged):,} uploads in {seconds:.0f} s, seed {SEED}, {kills}")
        print(f"{record.calls} calls, {record.repeated} of them repeated; {len(broken)} broken")
        print(f"{deleted} versions swept away, {len(alone)} left alone in bucket or heads")
    assert is_quiet
    assert not record.complaints, record.complaints[:10]
    assert len(brought.acknowledged) == SIZE
    assert not broken, "\n".join(broken[:20])
    assert not alone, "\n".join(alone[:20])
