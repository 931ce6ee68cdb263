"""Random walks over one client's open items, and what must hold after each of them."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

from app.accounting import commands, ledger
from app.accounting.contacts import commands as contacts_commands
from app.accounting.open_items import commands as open_items_commands
from app.accounting.open_items import queries as open_items_queries
from app.accounting.open_items.values import CONTROLS, Pairing
from app.accounting.recode import arithmetic as recode
from app.accounting.recode import commands as recode_commands
from app.accounting.recode import queries as recode_queries
from app.kernel import ids, undo
from app.kernel.errors import DomainError
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books

ACTS = (
    "claim",
    "claim",
    "claim",
    "pay",
    "pay",
    "pay",
    "settle",
    "settle",
    "settle",
    "settle",
    "settle",
    "settle",
    "release",
    "reverse",
    "recode",
    "take_back",
    "merge",
    "close",
)
MONTHS = (3, 4, 5, 6)
CONTROL = {"1100": "4000", "2100": "6100"}


@dataclass(slots=True)
class Walk:
    """One walk: whom it deals with and what it has done."""

    books: Books
    chance: random.Random
    contacts: list[UUID] = field(default_factory=list)
    entries: list[UUID] = field(default_factory=list)
    acts: list[UUID] = field(default_factory=list)
    batches: list[UUID] = field(default_factory=list)
    ways_back: list[UUID] = field(default_factory=list)
    control: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def step(self) -> None:
        """One act; refusals are part of life, anything else fails the proof."""
        act = self.chance.choice(ACTS)
        try:
            if act == "close":
                self._close()
                return
            with self.books.open():
                getattr(self, f"_{act}")()
        except DomainError as refusal:
            self.refused.append(refusal.code)

    def _book(self, sign: int) -> None:
        account = self.chance.choice([*self.control, *[next(iter(self.control))] * 3])
        currency = self.chance.choice(("EUR", "EUR", "EUR", "USD"))
        amount = sign * self.chance.choice((100, 100, 250, self.chance.randint(1, 10_000)))
        base = None if currency == "EUR" else amount * self.chance.randint(70, 130) // 100
        if base == 0:
            base = sign
        on = dt.date(2026, self.chance.choice(MONTHS), self.chance.randint(1, 28))
        done = commands.post_entry(
            journal="GEN",
            date=on,
            description=f"Walk {self.chance.randint(1000, 9999)}",
            key=str(ids.uuid7()),
            postings=[
                ledger.PostingInput(
                    self.books.accounts[account],
                    amount,
                    currency,
                    base,
                    counterparty_id=self.chance.choice([*self.contacts, self.contacts[0]]),
                ),
                ledger.PostingInput(
                    self.books.accounts[self.control[account]],
                    -amount,
                    currency,
                    None if base is None else -base,
                ),
            ],
        )
        self.entries.append(done.id)

    def _claim(self) -> None:
        self._book(1)

    def _pay(self) -> None:
        self._book(-1)

    def _settle(self) -> None:
        items = open_items_queries.open_items(limit=500)
        debits = [one for one in items if one.side > 0]
        self.chance.shuffle(debits)
        for debit in debits:
            fitting = [
                one
                for one in items
                if one.side < 0
                and (one.counterparty_id, one.account_id, one.currency)
                == (debit.counterparty_id, debit.account_id, debit.currency)
            ]
            if fitting:
                credit = self.chance.choice(fitting)
                most = min(debit.residual, -credit.residual)
                part = self.chance.choice((most, max(1, most // 3), most + 1))
                pair = Pairing(debit.key, credit.key, part)
                self.acts.append(open_items_commands.allocate(pairs=[pair]))
                return

    def _release(self) -> None:
        if self.acts:
            open_items_commands.release(self.chance.choice(self.acts))

    def _reverse(self) -> None:
        if self.entries and self.chance.random() < 0.5:
            entry = self.chance.choice(self.entries)
            commands.reverse_entry(entry_id=entry, key=str(ids.uuid7()))

    def _recode(self) -> None:
        rows = recode_queries.lines(recode_queries.LineFilter(), limit=6).rows
        chosen = recode_commands.chosen_of((row.entry_id, row.no) for row in rows)
        change = recode.Change(account_id=self.books.accounts[self.chance.choice(("6900", "6200"))])
        self.batches.append(recode_commands.apply(chosen=chosen, change=change).id)

    def _take_back(self) -> None:
        if self.ways_back and self.chance.random() < 0.5:
            undo.take(self.ways_back.pop())
        elif self.batches:
            recode_commands.undo(self.batches.pop())

    def _merge(self) -> None:
        if self.chance.random() < 0.6:
            return
        lost, kept = self.chance.sample(self.contacts, 2)
        self.ways_back.append(contacts_commands.merge(lost, into=kept))

    def _close(self) -> None:
        if self.chance.random() < 0.15:
            self.books.close(202600 + self.chance.choice(MONTHS[:2]))


def run(books: Books, admin: psycopg.Connection, *, steps: int, seed: int) -> Walk:
    """Walks and checks; raises AssertionError where something does not hold."""
    walk = Walk(books, random.Random(seed))  # a proof must be repeatable
    walk.control = {code: other for code, other in CONTROL.items() if code in books.accounts}
    with books.open():
        walk.contacts = [
            contacts_commands.create(name=f"Walk {seed} {n}", kind="customer", terms_days=n * 10)
            for n in range(2)
        ]
    for _step in range(steps):
        walk.step()
        check(books, admin)
    return walk


def check(books: Books, admin: psycopg.Connection) -> None:
    """Open items equal the control accounts on every day, and nothing passes zero."""
    from tests.accounting.test_open_items_ledger import disagreements

    assert disagreements(admin, books.tenant) == []
    assert ledger_support.differences(admin, books.tenant) == 0
    unlike = admin.execute(_RESIDUALS, {"t": books.tenant}).fetchall()
    assert unlike == []
    admin.commit()
    with books.open(read_only=True):
        for control in CONTROLS:
            for day in (dt.date(2026, 4, 30), dt.date(2026, 12, 31)):
                assert open_items_queries.aged(control=control, on=day).agrees


_RESIDUALS = """
select i.entry_id, i.no from ledger.open_item i
left join (
  select entry_id, no, sum(amount) as amount, sum(base) as base from (
    select debit_entry_id as entry_id, debit_no as no, amount, base from ledger.allocation
      where tenant_id = %(t)s
    union all
    select credit_entry_id, credit_no, -amount, -base from ledger.allocation
      where tenant_id = %(t)s) m
  group by 1, 2) m on m.entry_id = i.entry_id and m.no = i.no
where i.tenant_id = %(t)s and (i.residual <> i.amount - coalesce(m.amount, 0)
  or i.residual_base <> i.base - coalesce(m.base, 0))
"""
