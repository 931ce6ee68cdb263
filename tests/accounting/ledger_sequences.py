"""Random sequences of acts on one client's books, and what must hold after each of them."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

from app.accounting import commands, ledger
from app.kernel.errors import DomainError
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books

CODES = ("1010", "1020", "4000", "5000", "6100", "1100")
ACTS = ("post", "post", "post", "many", "reverse", "again", "wrong", "close", "reopen", "review")


@dataclass(slots=True)
class Walk:
    """One sequence: what it has posted, and the content hash of all of it."""

    books: Books
    chance: random.Random
    name: str
    posted: list[UUID] = field(default_factory=list)
    drafts: list[ledger.EntryDraft] = field(default_factory=list)
    closed: set[int] = field(default_factory=set)
    refused: int = 0
    content: dict[UUID, str] = field(default_factory=dict)

    def step(self) -> None:
        """One act; refusals are part of life, anything else fails the proof."""
        act = self.chance.choice(ACTS)
        try:
            if act == "close":
                self._close()
                return
            with self.books.open():
                getattr(self, f"_{act}")()
        except DomainError:
            self.refused += 1

    def _draft(self, *, wrong: int = 0) -> ledger.EntryDraft:
        amount = self.chance.randint(1, 10 ** self.chance.randint(1, 14))
        one, two = self.chance.sample(CODES[:5], 2)
        currency = self.chance.choice(("EUR", "EUR", "USD", "JPY"))
        base = None if currency == "EUR" else self.chance.randint(1, 10**9)
        return ledger.EntryDraft(
            "GEN",
            dt.date(2026, self.chance.randint(1, 12), self.chance.randint(1, 28)),
            "Walk",
            (
                ledger.PostingInput(self.books.accounts[one], amount, currency, base),
                ledger.PostingInput(
                    self.books.accounts[two], wrong - amount, currency, base and -base
                ),
            ),
            f"{self.name}-{len(self.drafts)}-{self.chance.random()}",
        )

    def _post(self) -> None:
        self._post_draft(self._draft())

    def _post_draft(self, draft: ledger.EntryDraft) -> None:
        period = ledger.period_of(draft.date, 1)
        done = commands.post_entry(
            journal=draft.journal,
            date=draft.date,
            description=draft.description,
            postings=draft.postings,
            key=draft.key,
        )
        assert done.replayed or period not in self.closed
        self.drafts.append(draft)
        self.posted.append(done.id)

    def _many(self) -> None:
        drafts = [self._draft() for _ in range(self.chance.randint(1, 6))]
        done = commands.post_many(drafts=drafts)
        assert not {ledger.period_of(draft.date, 1) for draft in drafts} & self.closed
        self.drafts += drafts
        self.posted += [one.id for one in done]

    def _again(self) -> None:
        if self.drafts:
            self._post_draft(self.chance.choice(self.drafts))

    def _wrong(self) -> None:
        commands.post_many(drafts=[self._draft(), self._draft(wrong=1)])
        raise AssertionError("an unbalanced entry was taken")

    def _reverse(self) -> None:
        if self.posted:
            entry = self.chance.choice(self.posted)
            self.posted.append(commands.reverse_entry(entry_id=entry, key=f"r-{entry}").id)

    def _close(self) -> None:
        period = 202600 + self.chance.randint(1, 12)
        if period not in self.closed:
            with self.books.open():
                commands.reopen_period(period_id=period)
            self.books.close(period)
        self.closed.add(period)

    def _reopen(self) -> None:
        if self.closed:
            period = self.chance.choice(sorted(self.closed))
            commands.reopen_period(period_id=period, reason="walk")
            self.closed.discard(period)

    def _review(self) -> None:
        period = 202600 + self.chance.randint(1, 12)
        if period not in self.closed:
            commands.review_period(period_id=period)


def content(admin: psycopg.Connection, tenant: UUID) -> dict[UUID, str]:
    """Every entry with all its postings as text, for comparing before and after."""
    rows = admin.execute(
        "select e.id, md5(e::text || (select string_agg(p::text, '|' order by p.no)"
        " from ledger.posting p where p.tenant_id = e.tenant_id and p.entry_id = e.id))"
        " from ledger.entry e where e.tenant_id = %s",
        (tenant,),
    )
    return dict(rows.fetchall())


def unbalanced(admin: psycopg.Connection, tenant: UUID) -> int:
    """How many entries do not sum to zero or lack postings."""
    row = admin.execute(
        "select count(*) from (select e.id from ledger.entry e left join ledger.posting p"
        " on p.tenant_id = e.tenant_id and p.entry_id = e.id where e.tenant_id = %s"
        " group by e.id, e.posting_count having coalesce(sum(p.base), 1) <> 0"
        " or count(p.no) <> e.posting_count) x",
        (tenant,),
    ).fetchone()
    assert row is not None
    return int(row[0])


def run(
    books: Books,
    admin: psycopg.Connection,
    *,
    steps: int,
    seed: int,
    before: dict[UUID, str] | None = None,
) -> Walk:
    """One sequence; checks that nothing changes after posting and that every sum holds.

    `before` is the content the sequence before it on these books left behind.
    """
    walk = Walk(books, random.Random(seed), f"walk-{seed}")
    if before is None:
        before = content(admin, books.tenant)
    for _step in range(steps):
        walk.step()
    admin.commit()
    walk.content = content(admin, books.tenant)
    assert before.items() <= walk.content.items()
    assert unbalanced(admin, books.tenant) == 0
    assert ledger_support.differences(admin, books.tenant) == 0
    return walk
