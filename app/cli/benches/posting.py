"""Posts a second through the service layer, against bare inserts of the same rows (rulings 54)."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from uuid import UUID

import psycopg

from app.accounting import commands, ledger
from app.cli import bench
from app.cli.bench import Case
from app.cli.benches import _books, _scratch
from app.kernel import db, ids

SIZE = 300  # posts of each run; bulk runs take twenty times as many entries
CLIENTS = 100
CHANCE = random.Random(1)  # noqa: S311 - which accounts a bench posts to is no secret
POSTINGS = 5
WRITERS = 8
WARM_UP = 25  # posts of a new connection before it is timed: plans are made, statements prepared
SECONDS = 3.0
AMOUNTS = (1000, 2000, 3000, 4000, -10000)

_BARE = """
create table public.bare_entry (like ledger.entry including all);
create table public.bare_posting (like ledger.posting including all);
"""
_ENTRY = (
    "insert into public.bare_entry (tenant_id, id, entry_date, period_id, fiscal_year, journal,"
    " number, posting_count, description, idem_key, request_sha, leaf, made_by)"
    " values (%s, %s, %s, %s, 2026, 'GEN', %s, 5, 'Bench', %s, %s, %s, %s)"
)
_POSTING = (
    "insert into public.bare_posting (tenant_id, entry_id, no, account_id, period_id, entry_date,"
    " currency, amount, base) values (%s, %s, %s, %s, %s, %s, 'EUR', %s, %s)"
)
_ONE_STATEMENT = (
    f"with e as ({_ENTRY}) insert into public.bare_posting (tenant_id, entry_id, no, account_id,"
    " period_id, entry_date, currency, amount, base) select %s, %s, o, a, %s, %s, 'EUR', m, m"
    " from unnest(%s::uuid[], %s::bigint[]) with ordinality u(a, m, o)"
)
_BULK = """
with h as (select o, uuidv7() id, row_number() over () + %(start)s nr
           from generate_series(1, %(n)s) o),
e as (insert into public.bare_entry (tenant_id, id, entry_date, period_id, fiscal_year, journal,
    number, posting_count, description, idem_key, request_sha, leaf, made_by)
  select %(t)s, id, '2026-03-04', 202603, 2026, 'GEN', nr, 5, 'Bench', id::text,
    sha256(''), sha256(''), %(t)s from h)
insert into public.bare_posting (tenant_id, entry_id, no, account_id, period_id, entry_date,
    currency, amount, base)
select %(t)s, h.id, u.no, u.a, 202603, '2026-03-04', 'EUR', u.m, u.m
from unnest(%(of)s::int[], %(no)s::int[], %(accounts)s::uuid[], %(amounts)s::bigint[])
  u(o, no, a, m)
join h on h.o = u.o
"""


def cases(size: int) -> Iterator[Case]:
    """One connection over many clients, eight against one, one hot client, and bulk."""
    with _scratch.database("posting") as scratch:
        tenants = _scratch.make_clients(scratch, CLIENTS)
        _books.open_books(scratch.admin, tenants)
        scratch.admin.execute(_BARE)
        clients = [(tenant, _books.accounts_of(scratch.admin, tenant)) for tenant in tenants]
        _settle(scratch, clients)
        with scratch.connect(role="admin") as bare:
            yield from _one_by_one(scratch, clients, bare, size)
            yield _bulk(scratch, clients[0], bare, size * 20)
        yield from _writers(scratch, clients)


Client = tuple[UUID, list[UUID]]


def _settle(scratch: _scratch.Scratch, clients: list[Client]) -> None:
    """First posts, then statistics, as autovacuum leaves them in books that are in use.

    Statistics of an empty table would make every plan a scan of what comes into it.
    """
    from app.factory import create_app

    with create_app(scratch.settings).app_context():
        for client in clients * 5:
            _post(scratch, client)
        db.db.engine.dispose()
    scratch.admin.execute("analyze")


def _draft(accounts: list[UUID], key: str) -> ledger.EntryDraft:
    chosen = CHANCE.sample(accounts, POSTINGS)
    day = dt.date(2026, CHANCE.randint(1, 12), CHANCE.randint(1, 28))
    return ledger.EntryDraft(
        "GEN",
        day,
        "Bench",
        tuple(ledger.PostingInput(a, m, "EUR", m) for a, m in zip(chosen, AMOUNTS, strict=True)),
        key,
    )


def _post(scratch: _scratch.Scratch, client: Client) -> None:
    draft = _draft(client[1], str(ids.uuid7()))
    with db.transaction(scratch.scope(client[0])):
        commands.post_entry(
            journal=draft.journal,
            date=draft.date,
            description=draft.description,
            postings=draft.postings,
            key=draft.key,
        )


def _rate(count: int, work: Callable[[], object]) -> float:
    return count / bench.timed(lambda: [work() for _ in range(count)])


def _one_by_one(
    scratch: _scratch.Scratch, clients: list[Client], bare: psycopg.Connection, size: int
) -> Iterator[Case]:
    from app.factory import create_app

    app = create_app(scratch.settings)
    numbers = iter(range(1, 100_000_000))
    turn, other = cycle(clients), cycle(clients)

    def ours() -> float:
        with app.app_context():
            return _rate(size, lambda: _post(scratch, next(turn)))

    yield bench.compare(
        "posting",
        f"one connection, {CLIENTS} clients",
        ours=ours,
        reference=lambda: _rate(size, lambda: _insert(bare, next(other), next(numbers))),
        unit="posts/s",
        better="more",
        floor=0.3,
        goal=0.6,
    )
    yield bench.compare(
        "posting",
        "the same against one statement a post",
        ours=ours,
        reference=lambda: _rate(size, lambda: _insert_at_once(bare, next(other), next(numbers))),
        unit="posts/s",
        better="more",
    )
    with app.app_context():
        db.db.engine.dispose()


def _head(client: Client, draft: ledger.EntryDraft, number: int, entry: UUID) -> tuple[object, ...]:
    period, sha = draft.date.year * 100 + draft.date.month, bytes(32)
    tenant = client[0]
    return (tenant, entry, draft.date, period, number, draft.key, sha, sha, tenant)


def _insert(bare: psycopg.Connection, client: Client, number: int) -> None:
    draft, entry = _draft(client[1], str(ids.uuid7())), ids.uuid7()
    period = draft.date.year * 100 + draft.date.month
    with bare.transaction():
        bare.execute(_ENTRY, _head(client, draft, number, entry))
        for no, p in enumerate(draft.postings, 1):
            values = (client[0], entry, no, p.account_id, period, draft.date, p.amount, p.base)
            bare.execute(_POSTING, values)


def _insert_at_once(bare: psycopg.Connection, client: Client, number: int) -> None:
    draft, entry = _draft(client[1], str(ids.uuid7())), ids.uuid7()
    period = draft.date.year * 100 + draft.date.month
    accounts = [p.account_id for p in draft.postings]
    tail = (client[0], entry, period, draft.date, accounts, list(AMOUNTS))
    bare.execute(_ONE_STATEMENT, (*_head(client, draft, number, entry), *tail))


def _bulk(scratch: _scratch.Scratch, client: Client, bare: psycopg.Connection, size: int) -> Case:
    from app.factory import create_app

    app = create_app(scratch.settings)
    starts = iter(range(200_000_000, 2_000_000_000, 1_000_000))

    def ours() -> float:
        drafts = [_draft(client[1], str(ids.uuid7())) for _ in range(size)]
        began = time.perf_counter()
        with app.app_context(), db.transaction(scratch.scope(client[0])):
            commands.post_many(drafts=drafts)
        return size / (time.perf_counter() - began)

    def reference() -> float:
        values = {
            "t": client[0],
            "n": size,
            "start": next(starts),
            "of": [o for o in range(1, size + 1) for _ in AMOUNTS],
            "no": list(range(1, POSTINGS + 1)) * size,
            "accounts": [a for _ in range(size) for a in CHANCE.sample(client[1], POSTINGS)],
            "amounts": list(AMOUNTS) * size,
        }
        return size / bench.timed(lambda: bare.execute(_BULK, values))

    found = bench.compare(
        "posting",
        f"bulk of {size:,} entries against bare unnest",
        ours=ours,
        reference=reference,
        unit="entries/s",
        better="more",
        floor=0.25,
        goal=0.5,
        runs=3,
    )
    with app.app_context():
        db.db.engine.dispose()
    return found


def _writers(scratch: _scratch.Scratch, clients: list[Client]) -> Iterator[Case]:
    """Eight connections against one; then eight in one client, where numbers are serial."""
    yield bench.compare(
        "posting",
        f"{WRITERS} connections against one",
        ours=lambda: _together(scratch, clients, WRITERS),
        reference=lambda: _together(scratch, clients, 1),
        unit="posts/s",
        better="more",
        floor=1.5,
        goal=2.0,
        runs=3,
    )
    yield bench.figure(
        "posting",
        f"{WRITERS} connections in one hot client",
        _together(scratch, clients[:1], WRITERS),
        unit="posts/s",
        better="more",
    )


def _together(scratch: _scratch.Scratch, clients: list[Client], count: int) -> float:
    """Posts a second over so many connections; a deadlock or refusal in one of them raises here.

    They are spread as the web spreads them: a process a core, threads within, a connection each.
    The processes are forked, so that they share what is imported.
    """
    from app.factory import create_app

    context = multiprocessing.get_context("fork")
    app, ready, answers = create_app(scratch.settings), context.Barrier(count), context.Queue()

    def write() -> None:
        try:
            with app.app_context():
                for _time in range(WARM_UP):
                    _post(scratch, CHANCE.choice(clients))
                ready.wait(timeout=60)
                answers.put(_posts_until(scratch, clients, time.perf_counter() + SECONDS))
        except Exception as fault:
            answers.put(repr(fault))
            raise

    cores = min(os.cpu_count() or 1, count)
    shares = [count // cores + (core < count % cores) for core in range(cores)]
    workers = [context.Process(target=_in_threads, args=(write, share)) for share in shares]
    for worker in workers:
        worker.start()
    found = [answers.get(timeout=120) for _ in range(count)]
    for worker in workers:
        worker.join()
    if faults := [one for one in found if isinstance(one, str)]:
        raise RuntimeError(faults[0])
    return float(sum(found)) / SECONDS


def _in_threads(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _posts_until(scratch: _scratch.Scratch, clients: list[Client], ends: float) -> int:
    done = 0
    while time.perf_counter() < ends:
        _post(scratch, CHANCE.choice(clients))
        done += 1
    return done
