"""Papers for the search bench: clients of very different size, rare and common words."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import md5
from uuid import UUID

import psycopg

from app.cli.benches import _scratch

VOCABULARY = 30_000
COMMON = (("rechnung", 0.6), ("betrag", 0.3), ("lieferung", 0.05), ("mahnung", 0.01))
YEARS = 5
PARTIES = 40
"""So many counterparties has each client."""
_TABLES = (
    ("document", "tenant_id, id, line, class, name, counterparty, source, added_by, added_at"),
    (
        "document_version",
        (
            "tenant_id, id, document_id, line, no, stored_object_id, sha256, size, media_type,"
            " added_by"
        ),
    ),
    ("document_text", "tenant_id, version_id, page_no, document_id, line, text"),
    ("document_search", "tenant_id, document_id, part, line, class, day, version_id, words"),
)


@dataclass(frozen=True, slots=True)
class Library:
    """What was loaded: the clients, the largest first, and words that stand in few papers."""

    clients: list[UUID]
    papers: dict[UUID, int]
    rare: dict[UUID, list[str]]


@dataclass(frozen=True, slots=True)
class _Paper:
    tenant: UUID
    id: UUID
    added: datetime
    text: str
    words: frozenset[str]
    party: str


def load(scratch: _scratch.Scratch, *, papers: int, clients: int) -> Library:
    """Fills the database as its administrator, without triggers; the index is made afterwards."""
    tenants = _scratch.make_clients(scratch, clients)
    weights = [1 / (place + 1) ** 0.5 for place in range(clients)]
    sizes = [max(1, round(papers * one / sum(weights))) for one in weights]
    rng = random.Random(1)  # noqa: S311  # the same papers each time
    library = Library(tenants, dict(zip(tenants, sizes, strict=True)), {})
    admin = scratch.admin
    admin.execute("set session_replication_role = replica")
    admin.execute("drop index app.document_search_words")
    made = _papers(library, rng)
    while block := [one for one, _place in zip(made, range(20_000), strict=False)]:
        _copy(admin, block, scratch.person_id)
    admin.execute("set maintenance_work_mem = '1GB'")
    admin.execute(
        "create index document_search_words on app.document_search using gin (words)"
        " with (fastupdate = off) where not removed"
    )
    admin.execute("set session_replication_role = origin")
    for table, _columns in _TABLES:
        admin.execute(f"vacuum analyze app.{table}")
    return library


def _papers(library: Library, rng: random.Random) -> Iterator[_Paper]:
    vocabulary = [f"w{n:05d}" for n in range(VOCABULARY)]
    heavy = [1 / (place + 1) for place in range(VOCABULARY)]
    phrases = [" ".join(rng.choices(vocabulary, heavy, k=10)) for _place in range(20_000)]
    owners = [one for one, size in library.papers.items() for _paper in range(size)]
    rng.shuffle(owners)
    now = datetime.now(UTC)
    step = timedelta(days=365 * YEARS) / len(owners)
    for place, tenant in enumerate(owners):
        added = now - step * (len(owners) - place)
        rare = f"seltenheit{place // 3}"
        if rng.random() < 0.02:
            library.rare.setdefault(tenant, []).append(rare)
        words = [one for one, share in COMMON if rng.random() < share]
        amount = f"{rng.randint(1, 9_999)},{rng.randint(10, 99)}"
        text = " ".join([*words, *rng.choices(phrases, k=5), rare, amount, "EUR"])
        found = frozenset({*text.split(" "), amount.replace(",", ""), *amount.split(",")})
        made = UUID(int=(int(added.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | place)
        party = f"lieferant{place % PARTIES}"
        yield _Paper(tenant, made, added, text, found - {amount, "EUR"} | {"eur"}, party)


def _copy(admin: psycopg.Connection, block: list[_Paper], person: UUID) -> None:
    with admin.transaction():
        for table, columns in _TABLES:
            with admin.cursor().copy(f"copy app.{table} ({columns}) from stdin") as copy:
                for one in block:
                    copy.write_row(_row(table, one, person))


def _row(table: str, one: _Paper, person: UUID) -> tuple[object, ...]:
    line, version = "accounting", UUID(int=one.id.int ^ (1 << 61))
    if table == "document":
        name = f"scan-{one.id.hex[-6:]}.pdf"
        return one.tenant, one.id, line, "normal", name, one.party, "staff", person, one.added
    if table == "document_version":
        sha = one.id.hex * 2
        kind = "application/pdf"
        return one.tenant, version, one.id, line, 1, one.id, sha, 1000, kind, person
    if table == "document_text":
        return one.tenant, version, 1, one.id, line, one.text
    mark = md5(str(one.tenant).encode(), usedforsecurity=False).hexdigest()[:5]
    words = " ".join(f"'{mark}{word}':1" for word in one.words)
    words += f" '{mark}{one.party}':16383A '{mark}@{one.party}':16383A"
    return one.tenant, one.id, 1, line, "normal", one.added.date(), version, words
