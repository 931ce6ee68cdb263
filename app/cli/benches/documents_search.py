"""The search over papers: p95 with highlighting, beside the same without a guard and beside ILIKE.

backoffice bench documents-search                      # 20,000 papers of 50 clients
backoffice bench documents-search --size 1000000       # of 500 clients, the largest 22,000
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import psycopg

from app.cli import bench
from app.cli.bench import Case
from app.cli.benches import _scratch, _search_data
from app.cli.benches._search_data import Library
from app.documents.finding import marking, queries
from app.kernel.scope import Scope

SIZE = 20_000
SEARCHES = 20
ACROSS = 50
LIMIT = 26
_NAMES = "typed tenant type class party tag first last before limit letters".split()
_OURS = queries.FIND.text
for _name in _NAMES:
    _OURS = _OURS.replace(f":{_name}", f"%({_name})s")
_BARE = _OURS.replace(
    "app.find_documents(%(typed)s, %(tenant)s, %(type)s, %(class)s, %(party)s, %(tag)s, %(first)s,"
    " %(last)s, %(before)s, %(limit)s)",
    "app.search_clients(%(tenants)s, %(lines)s, '{}', %(typed)s, %(type)s, %(class)s, %(party)s,"
    " %(tag)s, %(first)s, %(last)s, %(before)s, %(limit)s)",
)
_ILIKE = (
    "select d.id, x.text from app.document d join app.document_text x on x.tenant_id = d.tenant_id"
    " and x.document_id = d.id where d.tenant_id = any(%(tenants)s) and d.removed_at is null"
    " and x.text ilike '%%' || %(typed)s || '%%' order by d.id desc limit %(limit)s"
)


def cases(size: int) -> Iterator[Case]:
    """Rare, medium and common words in the largest and a usual client, then across fifty."""
    with _scratch.database("search") as scratch:
        clients = 500 if size >= 500_000 else 50
        library = _search_data.load(scratch, papers=size, clients=clients)
        with scratch.connect() as guarded, scratch.connect(role="admin") as bare:
            yield from _measured(_Sides(scratch, library, guarded, bare))


@dataclass(frozen=True, slots=True)
class _Sides:
    """The guarded and the bare connection, and what is searched."""

    scratch: _scratch.Scratch
    library: Library
    guarded: psycopg.Connection
    bare: psycopg.Connection

    def ours(self, tenants: list[UUID], typed: str) -> int:
        """A search as a person, context and highlighting included; how many were found."""
        across = len(tenants) > 1
        scope = (
            Scope.worklist(person_id=self.scratch.person_id, principal_id=self.scratch.principal_id)
            if across
            else self.scratch.scope(tenants[0])
        )
        key = bytes.fromhex(self.scratch.settings.guard_key)
        token = scope.token(key=key, key_id=self.scratch.settings.guard_key_id)
        with self.guarded.transaction():
            self.guarded.execute("select set_config('app.ctx', %s, true)", (token,))
            values = self.values(typed) | {"tenant": None if across else tenants[0]}
            return _marked(self.guarded.execute(_OURS, values).fetchall())

    def without_guard(self, tenants: list[UUID], typed: str) -> int:
        """The same below the guard, as the administrator, whom no policy binds."""
        lines = psycopg.types.json.Jsonb({str(one): ["accounting"] for one in tenants})
        values = self.values(typed) | {"tenants": tenants, "lines": lines}
        with self.bare.transaction():
            return _marked(self.bare.execute(_BARE, values).fetchall())

    def by_ilike(self, tenants: list[UUID], typed: str) -> int:
        """Every text of the clients read, without highlighting."""
        values = self.values(typed) | {"tenants": tenants}
        return len(self.bare.execute(_ILIKE, values).fetchall())

    def values(self, typed: str) -> dict[str, object]:
        """The parameters of a search; behind a stroke stands the counterparty that narrows it."""
        word, _stroke, party = typed.partition("|")
        none = dict.fromkeys(("type", "class", "tag", "first", "last", "before"))
        bounds = {"limit": LIMIT, "letters": queries.MOST_LETTERS}
        return {"typed": word, "party": party or None, **bounds, **none}


def _marked(rows: list[tuple[object, ...]]) -> int:
    for row in rows:
        marking.snippet(str(row[9] or ""), row[7], row[8])  # type: ignore[arg-type]  # text arrays
    return len(rows)


def _measured(sides: _Sides) -> Iterator[Case]:
    library = sides.library
    largest, usual = library.clients[0], library.clients[len(library.clients) // 2]
    rng = random.Random(2)  # noqa: S311  # the same searches each time
    rare = {one: library.rare.get(one) or ["seltenheit1"] for one in library.clients}
    one_client = (
        ("rare word", largest, lambda: rng.choice(rare[largest])),
        ("word of 1 %", largest, lambda: "mahnung "),
        ("common word", largest, lambda: rng.choice(("rechnung ", "betrag "))),
        ("two common words", largest, lambda: "betrag lieferung "),
        ("beginning of a word", largest, lambda: rng.choice(("seltenheit12", "liefer", "w000"))),
        ("amount", largest, lambda: f"{rng.randint(1, 9999)},{rng.randint(10, 99)}"),
        ("common word of one counterparty", largest, lambda: "rechnung |lieferant7"),
        ("usual client, any word", usual, lambda: rng.choice(("rechnung ", *rare[usual]))),
    )
    for name, client, word in one_client:
        yield from _compared(sides, name, [client], word, marks=(100, 50))
    several = library.clients[:ACROSS]
    _only(sides, several)
    for name, word in (
        ("rare word", lambda: rng.choice(rare[rng.choice(several)])),
        ("common word", lambda: rng.choice(("rechnung ", "betrag "))),
        ("word of 1 %", lambda: "mahnung "),
        ("common word of one counterparty", lambda: "rechnung |lieferant7"),
    ):
        yield from _compared(sides, f"{ACROSS} clients, {name}", several, word, marks=(300, 150))


def _only(sides: _Sides, clients: list[UUID]) -> None:
    """Leaves the acting person these clients, as people have who serve that many."""
    sides.scratch.admin.execute(
        "delete from guard.membership where user_id = %s and tenant_id <> all(%s)",
        (sides.scratch.person_id, clients),
    )


def _compared(
    sides: _Sides,
    name: str,
    clients: list[UUID],
    word: Callable[[], str],
    *,
    marks: tuple[float, float],
) -> Iterator[Case]:
    typed = [word() for _search in range(SEARCHES)]
    ours = _p95(sides.ours, clients, typed)
    yield bench.figure(
        "documents-search",
        f"{name}, p95",
        min(ours() for _run in range(2)),
        unit="ms",
        better="less",
        floor=marks[0],
        goal=marks[1],
        runs=2,
    )
    for title, reference, few in (
        ("without the guard", sides.without_guard, typed),
        ("ILIKE", sides.by_ilike, typed[:8]),
    ):
        yield bench.compare(
            "documents-search",
            f"{name} against {title}",
            ours=ours,
            reference=_p95(reference, clients, few),
            unit="ms",
            better="less",
            runs=3,
        )


def _p95(
    search: Callable[[list[UUID], str], int], clients: list[UUID], typed: list[str]
) -> Callable[[], float]:
    """What 95 of 100 searches take at most, in milliseconds."""

    def run() -> float:
        spent = []
        for one in typed:
            began = time.perf_counter()
            search(clients, one)
            spent.append((time.perf_counter() - began) * 1000)
        return sorted(spent)[int(len(spent) * 0.95)]

    return run
