"""Random decisions about bank lines and all of them taken back: the reports are what they were."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from flask import Flask

from app.accounting import commands, queries
from app.accounting.bank import commands as bank_commands
from app.accounting.bank import queries as bank_queries
from app.accounting.coding import Coding, Part
from app.accounting.contacts import queries as contacts_queries
from app.accounting.ledger import PostingInput
from app.accounting.matching.values import ItemShare
from app.accounting.open_items import queries as open_items_queries
from app.accounting.reconcile import accept as reconcile_accept
from app.accounting.reconcile import balance as reconcile_balance
from app.accounting.reconcile import certain as reconcile_certain
from app.accounting.reconcile import commands as reconcile_commands
from app.accounting.reconcile import matching as reconcile_matching
from app.accounting.reconcile import settling as reconcile_settling
from app.accounting.reconcile import together as reconcile_together
from app.accounting.reconcile.matching import Other
from app.accounting.rules import commands as rule_commands
from app.accounting.rules.commands import RuleInput
from app.accounting.suggest import queries as suggest_queries
from app.kernel import db, undo
from app.kernel.errors import Conflict, DomainError
from tests.accounting import reconcile_scene
from tests.accounting.reconcile_scene import SAVINGS, Scene
from tests.accounting.test_bank import mt940, upload

LAST = dt.date(2026, 12, 31)
CODES = ("5000", "6100", "6200", "6900", "4000")


TOGETHER = {
    "slip": ("260327", "30,00", "Paying-in slip"),
    "wage one": ("260327", "-41,00", "Wages March"),
    "wage two": ("260327", "-62,00", "Wages March"),
    "takings": ("260327", "624,20", "SumUp payout"),
    "sales": ("260327", "98,50", "Stripe payout"),
    "abroad": ("260327", "-468,00", "Delta Parts B-55311"),
}
"""Lines that are more than one thing, by what they are."""
BOOKED = {"cheque 1": 1_000, "cheque 2": 2_000, "wages": -10_300, "day 1": 40_000, "day 2": 23_500}
"""Entries on the bank's account that such lines go with."""


@dataclass(slots=True)
class World:
    """Books in which every kind of act has something to do."""

    scene: Scene
    lines: list[UUID]
    entries: dict[int, UUID]
    items: dict[int, ItemShare]
    named: dict[str, UUID]
    """The lines of TOGETHER."""
    booked: dict[str, UUID]
    """The entries of BOOKED."""
    owed: dict[str, ItemShare]
    """The invoice that the card processor pays, and the bill in dollars."""


@dataclass(slots=True)
class Walk:
    """One sequence: what was done, and how often a refusal came where it should."""

    done: int = 0
    refused: int = 0
    back: list[Callable[[], object]] = field(default_factory=list)


def arrange(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> World:
    """Lines that a rule fits, transfers with and without their other line, open items, entries."""
    rows = [
        *reconcile_scene.flour(10),
        *((f"2603{20 + place}", f"-{500 + place},00", f"Transfer {place}") for place in range(4)),
        *((f"2603{24 + place}", f"{310 + place},50", f"Klant INV-{place}") for place in range(4)),
        *((f"2603{28 + place}", f"-{70 + place},25", f"Entry {place}") for place in range(3)),
        *TOGETHER.values(),
    ]
    scene = reconcile_scene.make(app, worker_app, admin, rows=rows)
    reconcile_scene.confirm(scene)
    other = [("260321", "500,00", "In"), ("260322", "501,00", "In")]
    upload(scene.books, mt940(other, number=SAVINGS), "savings.sta")
    items, entries = _documents(scene), _entries(scene)
    with scene.books.open():
        bank = bank_queries.bank_account(scene.main).account_id
        booked = {text: _post(scene, bank, cents, text, None) for text, cents in BOOKED.items()}
        owed = {"sales": _sold(scene), "abroad": _owed_abroad(scene)}
    with scene.books.open(read_only=True):
        found = bank_queries.lines(bank_queries.LineFilter(state="to_do"), limit=200).rows
    by_amount = {line.amount_minor: line.id for line in found}
    named = {
        name: by_amount[int(amount.replace(",", ""))]
        for name, (_day, amount, _text) in TOGETHER.items()
    }
    return World(scene, [line.id for line in found], entries, items, named, booked, owed)


def _sold(scene: Scene) -> ItemShare:
    """An invoice over 100.00 that somebody pays by card."""
    control = scene.books.accounts["1100"]
    who = commands.create_counterparty(name="Guest", kind="customer")
    posted = _post(scene, control, 10_000, "CARD-1", who)
    return ItemShare(posted, 1, 10_000, control, who, "CARD-1")


def _owed_abroad(scene: Scene) -> ItemShare:
    """A bill over 500 dollars, booked at 450.00."""
    bank_commands.set_rate(currency="USD", on=dt.date(2026, 3, 2), rate=Decimal("0.92"))
    control, cost = scene.books.accounts["2000"], scene.books.accounts["6900"]
    who = commands.create_counterparty(name="Delta Parts", kind="supplier")
    posted = commands.post_entry(
        journal="GEN",
        date=dt.date(2026, 3, 1),
        description="B-55311",
        postings=(
            PostingInput(control, -50_000, "USD", -45_000, counterparty_id=who, memo="B-55311"),
            PostingInput(cost, 45_000, "EUR"),
        ),
        key="B-55311",
    ).id
    return ItemShare(posted, 1, -50_000, control, who, "B-55311", "USD")


def _documents(scene: Scene) -> dict[int, ItemShare]:
    control = scene.books.accounts["1100"]
    found: dict[int, ItemShare] = {}
    with scene.books.open():
        who = commands.create_counterparty(name="Klant", kind="customer")
        for place in range(4):
            cents = (310 + place) * 100 + 50
            posted = _post(scene, control, cents, f"INV-{place}", who)
            found[cents] = ItemShare(posted, 1, cents, control, who, f"INV-{place}")
    return found


def _entries(scene: Scene) -> dict[int, UUID]:
    with scene.books.open():
        bank = bank_queries.bank_account(scene.main).account_id
        cents = [-((70 + place) * 100 + 25) for place in range(3)]
        return {one: _post(scene, bank, one, f"entry {one}", None) for one in cents}


def _post(scene: Scene, account: UUID, cents: int, text: str, who: UUID | None) -> UUID:
    return commands.post_entry(
        journal="GEN",
        date=dt.date(2026, 3, 1),
        description=text,
        postings=(
            PostingInput(account, cents, "EUR", counterparty_id=who, memo=text),
            PostingInput(scene.books.accounts["4000"], -cents, "EUR"),
        ),
        key=text,
    ).id


def reports(world: World) -> list[Any]:
    """What the client reads: balances, open items, contacts' aliases, both bank accounts."""
    with world.scene.books.open(read_only=True):
        trial = queries.trial_balance(on=LAST)
        items = [
            one
            for control in ("receivable", "payable")
            for one in open_items_queries.open_items(control=control)
        ]
        return [
            [contacts_queries.contact(one.id).aliases for one in queries.counterparties()],
            [(row.code, row.balance) for row in trial.rows if row.balance],
            sorted((str(one.entry_id), one.no, one.residual) for one in items),
            [
                (one.bank_minor, one.books_minor, one.to_do, one.skipped, one.done, one.shares)
                for one in (
                    reconcile_balance.balance(world.scene.main),
                    reconcile_balance.balance(world.scene.savings),
                )
            ],
        ]


def run(world: World, *, seed: int, steps: int) -> Walk:
    """Does so many random acts, each in its own savepoint, then takes all of them back."""
    dice, walk = random.Random(seed), Walk()
    with world.scene.books.open():
        for _ in range(steps):
            try:
                with db.session.begin_nested():
                    _act(world, walk, dice)
            except DomainError:
                walk.refused += 1
    with world.scene.books.open():
        while walk.back:
            walk.back.pop()()
    return walk


def _act(world: World, walk: Walk, dice: random.Random) -> None:
    if walk.back and dice.random() < 0.15:
        walk.back.pop()()
        walk.done += 1
        return
    if dice.random() < 0.08:
        _rule(world, walk, dice)
        return
    line = bank_queries.line(dice.choice(world.lines))
    act = _certain if dice.random() < 0.02 else dice.choice(_ACTS)
    done = act(world, line, dice)
    walk.back.append(lambda: undo.take(done.undo))
    walk.done += 1


def _rule(world: World, walk: Walk, dice: random.Random) -> None:
    name = f"Rule {dice.randrange(10**9)}"
    code = world.scene.books.accounts[dice.choice(CODES)]
    made = rule_commands.create_rule(RuleInput(name, code, text_pattern=name))
    walk.back.append(lambda: rule_commands.archive_rule(rule_id=made, version=1))
    walk.done += 1


def _accept(_world: World, line: Any, _dice: random.Random) -> Any:
    found = suggest_queries.suggestions([line.id]).get(line.id, ())
    if not found:
        raise Conflict("suggestion-changed")
    mark = reconcile_accept.mark(found[0])
    return reconcile_accept.accept(line_id=line.id, version=line.version, candidate=mark)


def _code(world: World, line: Any, dice: random.Random) -> Any:
    tax = dice.choice((None, "PSTD", "STD", "ZERO"))
    account = world.scene.books.accounts[dice.choice(CODES)]
    coding = Coding((Part(account, -line.amount_minor, "EUR", tax_code=tax),))
    return reconcile_commands.book(line_id=line.id, version=line.version, coding=coding)


def _split(world: World, line: Any, dice: random.Random) -> Any:
    first = -line.amount_minor * dice.randrange(5, 95) // 100
    parts = tuple(
        Part(world.scene.books.accounts[dice.choice(CODES)], amount, "EUR", tax_code="PSTD")
        for amount in (first, -line.amount_minor - first)
    )
    return reconcile_commands.book(line_id=line.id, version=line.version, coding=Coding(parts))


def _match(world: World, line: Any, _dice: random.Random) -> Any:
    entry = world.entries.get(line.amount_minor) or next(iter(world.entries.values()))
    return reconcile_matching.match_entry(line_id=line.id, version=line.version, entry_id=entry)


def _settle(world: World, line: Any, _dice: random.Random) -> Any:
    item = world.items.get(line.amount_minor) or next(iter(world.items.values()))
    return reconcile_settling.settle(line_id=line.id, version=line.version, items=[item])


def _transfer(world: World, line: Any, _dice: random.Random) -> Any:
    to = world.scene.savings if line.bank_account_id == world.scene.main else world.scene.main
    return reconcile_matching.transfer(line_id=line.id, version=line.version, to=Other(to))


def _skip(_world: World, line: Any, _dice: random.Random) -> Any:
    return reconcile_commands.skip(line_id=line.id, version=line.version, why="not now")


def _same(_world: World, line: Any, _dice: random.Random) -> Any:
    return reconcile_commands.same_as(line_id=line.id, version=line.version)


def _certain(world: World, _line: Any, _dice: random.Random) -> Any:
    shown = reconcile_accept.certain(world.scene.main)
    return reconcile_certain.accept_certain(
        bank_account_id=world.scene.main, count=shown.count, digest=shown.digest
    )


def _line(world: World, name: str) -> Any:
    return bank_queries.line(world.named[name])


def _slip(world: World, _any: Any, _dice: random.Random) -> Any:
    """A line that is two entries."""
    line = _line(world, "slip")
    entries = [world.booked["cheque 1"], world.booked["cheque 2"]]
    return reconcile_together.match_entries(
        line_id=line.id, version=line.version, entry_ids=entries
    )


def _wages(world: World, _any: Any, _dice: random.Random) -> Any:
    """Two lines that are one entry."""
    held = [_line(world, "wage one"), _line(world, "wage two")]
    versions: dict[UUID, int | None] = {one.id: one.version for one in held}
    return reconcile_together.match_lines(versions=versions, entry_id=world.booked["wages"])


def _fee(world: World, minor: int) -> Coding:
    return Coding((Part(world.scene.books.accounts["6900"], minor, "EUR"),))


def _takings(world: World, _any: Any, _dice: random.Random) -> Any:
    """A payout of takings that are booked already, less the fee."""
    line = _line(world, "takings")
    return reconcile_together.match_entries(
        line_id=line.id,
        version=line.version,
        entry_ids=[world.booked["day 1"], world.booked["day 2"]],
        rest=_fee(world, 1_080),
    )


def _sales(world: World, _any: Any, _dice: random.Random) -> Any:
    """A payout of an open invoice, less the fee."""
    line = _line(world, "sales")
    return reconcile_settling.settle(
        line_id=line.id, version=line.version, items=[world.owed["sales"]], rest=_fee(world, 150)
    )


def _abroad(world: World, _any: Any, dice: random.Random) -> Any:
    """A bill in dollars, with the bank's fee beside it or without one."""
    line, fee = _line(world, "abroad"), dice.choice((0, 800, 1_550))
    return reconcile_settling.settle(
        line_id=line.id,
        version=line.version,
        items=[world.owed["abroad"]],
        rest=_fee(world, fee) if fee else None,
    )


TOGETHER_ACTS = (_slip, _wages, _takings, _sales, _abroad)
_ACTS = (
    *(_accept, _accept, _code, _split, _match, _settle, _transfer, _skip, _same),
    *TOGETHER_ACTS,
)
