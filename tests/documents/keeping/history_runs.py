"""Many histories, a share on each connection."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from app.kernel.settings import Settings
from tests.documents.keeping.firms import Firm, firms
from tests.documents.keeping.histories import Figures, History
from tests.factories import Session


@contextmanager
def stepped_up(admin: psycopg.Connection, people: list[Session]) -> Iterator[None]:
    """The second factor is fresh."""
    for one in people:
        admin.execute(
            "update guard.principal set stepped_up_at = now() + interval '1 day',"
            " idle_until = now() + interval '12 hours' where id = %s",
            (one.principal_id,),
        )
    admin.commit()
    yield


def run(
    admin: psycopg.Connection,
    links: Sequence[psycopg.Connection],
    *,
    count: int,
    seed: int,
    key: tuple[bytes, str],
    shared: int = 40,
    steps: int = 8,
) -> Figures:
    """Runs histories, a share on each connection; `key` signs contexts.

    `shared` clients are made for all of them; those of one connection wait for no other.
    """
    places = firms(admin, shared, random.Random(seed))  # a seed repeats the histories
    ways = [_Share(link, places[n :: len(links)], n) for n, link in enumerate(links)]
    with (
        stepped_up(admin, [places[0].staff, places[0].second]),
        ThreadPoolExecutor(len(links)) as pool,
    ):
        sizes = [len(range(n, count, len(links))) for n in range(len(links))]
        made = [
            pool.submit(way.run, size, seed, key, steps)
            for way, size in zip(ways, sizes, strict=True)
        ]
        return _sum(one.result() for one in made)


@dataclass(frozen=True, slots=True)
class _Share:
    """A connection and the clients that only it touches."""

    link: psycopg.Connection
    places: Sequence[Firm]
    no: int

    def run(self, count: int, seed: int, key: tuple[bytes, str], steps: int) -> Figures:
        rng, figures = random.Random(f"{seed}:{self.no}"), Figures()
        for _place in range(count):
            History(self.link, rng.choice(self.places), rng, figures, key).run(steps)
            if figures.wrong:
                break
        return figures


def _sum(parts: Iterable[Figures]) -> Figures:
    total = Figures()
    for one in parts:
        total.histories += one.histories
        total.acts += one.acts
        total.disposed += one.disposed
        total.spared += one.spared
        total.refused += one.refused
        total.wrong += one.wrong
    return total


def signing_key(settings: Settings) -> tuple[bytes, str]:
    """What contexts of this database are signed with."""
    return bytes.fromhex(settings.guard_key), settings.guard_key_id
