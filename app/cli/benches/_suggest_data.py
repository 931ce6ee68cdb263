"""A client with a year of booked lines, open items, rules and lines to do, loaded set by set."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg

from app.cli.benches import _books
from app.kernel import ids

__all__ = ["UUID", "fill"]

_DAY = dt.date(2026, 1, 5)
_WORDS = (
    "Harbour Alder Birch Cobalt Delta Ember Falcon Granite Hazel Indigo Juniper Krypton Lantern"
    " Maple Nordic Ochre Pebble Quartz River Saffron Timber Umbra Velvet Willow Xenon Yarrow Zephyr"
).split()
_TRADES = (
    "Logistics Machinery Print Studio Telecom Energy Catering Software Travel Insurance Estates"
    " Paper Optics Bakery Garden Clinic Motors Textiles Media Security"
).split()
_SYLLABLES = "ba ber den el fo gar hal in jor ka len mor nie or pet ri sen tal vos wen".split()
_FORMS = ("GmbH", "Ltd", "B.V.", "SARL", "Inc.", "AG")


@dataclass(slots=True)
class _Party:
    id: UUID
    name: str
    account: str
    usual: int
    booked_to: UUID


@dataclass(slots=True)
class _Data:
    """What is loaded: rows by table."""

    entries: list[tuple[Any, ...]] = field(default_factory=list)
    postings: list[tuple[Any, ...]] = field(default_factory=list)
    items: list[tuple[Any, ...]] = field(default_factory=list)
    lines: list[tuple[Any, ...]] = field(default_factory=list)
    to_do: list[UUID] = field(default_factory=list)


def fill(admin: psycopg.Connection, tenant: UUID, size: int) -> list[UUID]:
    """Loads `size` lines to do beside four times as many booked ones, past the triggers.

    Open items are two fifths of `size`, rules a tenth. Answers the ids of the lines to do.
    """
    chance = random.Random(size)  # noqa: S311 - data of a bench
    accounts = _books.accounts_of(admin, tenant)
    bank, control = accounts[0], accounts[1]
    parties = _parties(chance, accounts[10:60], max(size // 10, 20))
    data = _Data()
    statement = _Statement(tenant, ids.uuid7(), ids.uuid7(), bank)
    for number in range(size * 4):
        _earlier(data, chance, statement, parties, number)
    for number in range(size * 2 // 5):
        _item(data, chance, tenant, control, parties, number)
    for number in range(size):
        _to_do(data, chance, statement, parties, number)
    with admin.transaction():
        admin.execute("set local session_replication_role = replica")
        _load(admin, statement, parties, data)
        _load_rules(admin, tenant, parties, size // 10, chance)
    return data.to_do


@dataclass(frozen=True, slots=True)
class _Statement:
    tenant: UUID
    account: UUID
    id: UUID
    ledger: UUID


def _parties(chance: random.Random, accounts: list[UUID], count: int) -> list[_Party]:
    return [
        _Party(
            ids.uuid7(),
            f"{_surname(chance)} {chance.choice(_TRADES)} {chance.choice(_FORMS)}",
            f"DE{number:020d}",
            chance.randint(900, 400_000),
            chance.choice(accounts),
        )
        for number in range(count)
    ]


def _surname(chance: random.Random) -> str:
    """A name of three syllables: some parties share one, most do not."""
    return "".join(chance.choice(_SYLLABLES) for _ in range(3)).capitalize()


def _earlier(
    data: _Data, chance: random.Random, at: _Statement, parties: list[_Party], number: int
) -> None:
    party = parties[int(len(parties) * chance.random() ** 2)]
    amount = party.usual + chance.randint(0, party.usual // 10)
    signed = amount if int(party.id) % 3 == 0 else -amount
    on = _DAY + dt.timedelta(days=chance.randint(0, 299))
    entry = ids.uuid7()
    data.entries.append(
        (at.tenant, entry, on, on.year * 100 + on.month, on.year, "GEN", number + 1, 2, party.name,
         str(entry), bytes(32), bytes(32), at.tenant)
    )  # fmt: skip
    for no, (account, value) in enumerate(((at.ledger, signed), (party.booked_to, -signed)), 1):
        data.postings.append(
            (at.tenant, entry, no, account, on.year * 100 + on.month, on, "EUR", value, value)
        )
    text = f"Contract {int(party.id) % 9973} month {on:%m/%Y}"
    data.lines.append(_line(at, on, signed, party, text, entry))


def _line(
    at: _Statement,
    on: dt.date,
    amount: int,
    party: _Party,
    text: str,
    entry: UUID | None,
    *,
    cut: int = 70,
) -> tuple[Any, ...]:
    line = ids.uuid7()
    at_once = dt.datetime.now(dt.UTC)
    decided = ("person", "coding", at.tenant, at_once) if entry else (None,) * 4
    return (
        at.tenant, line, at.account, at.id, on, amount, "EUR", "booked", party.name[:cut].upper(),
        party.account, text, "booked" if entry else "to_do", entry, line.bytes * 2, 1, *decided,
    )  # fmt: skip


def _item(
    data: _Data,
    chance: random.Random,
    tenant: UUID,
    control: UUID,
    parties: list[_Party],
    number: int,
) -> None:
    party = chance.choice(parties)
    on = _DAY + dt.timedelta(days=chance.randint(240, 320))
    amount = chance.randint(2_000, 900_000)
    data.items.append(
        (tenant, ids.uuid7(), 1, control, party.id, "receivable", on, on + dt.timedelta(days=30),
         f"INV-{40_000 + number}", "EUR", amount, amount, amount, amount, party)
    )  # fmt: skip


def _to_do(
    data: _Data, chance: random.Random, at: _Statement, parties: list[_Party], number: int
) -> None:
    """A third pays open items, cited or not, half of the rest is what comes every month."""
    kind = chance.random()
    on = _DAY + dt.timedelta(days=chance.randint(300, 330))
    if kind < 0.35 and number < len(data.items):
        item = data.items[number]
        text = f"Invoice {item[8]}" if kind < 0.25 else "Payment, thank you"
        row = _line(at, on, item[10], item[14], text, None, cut=chance.choice((14, 27, 70)))
    elif kind < 0.9:
        party = parties[int(len(parties) * chance.random() ** 2)]
        amount = party.usual + chance.randint(0, party.usual // 10)
        signed = amount if int(party.id) % 3 == 0 else -amount
        text = f"Contract {int(party.id) % 9973} month {on:%m/%Y}"
        row = _line(at, on, signed, party, text, None)
    else:
        stranger = _Party(ids.uuid7(), f"Stranger {number}", f"FR{number:020d}", 1, at.ledger)
        row = _line(at, on, -chance.randint(100, 90_000), stranger, "Purchase 4711", None)
    data.lines.append(row)
    data.to_do.append(row[1])


_COLUMNS = {
    "ledger.entry": "tenant_id, id, entry_date, period_id, fiscal_year, journal, number,"
    " posting_count, description, idem_key, request_sha, leaf, made_by",
    "ledger.posting": "tenant_id, entry_id, no, account_id, period_id, entry_date, currency,"
    " amount, base",
    "ledger.open_item": "tenant_id, entry_id, no, account_id, counterparty_id, control, booked_on,"
    " due_on, reference, currency, amount, base, residual, residual_base",
    "app.bank_transaction": "tenant_id, id, bank_account_id, statement_id, booked_on,"
    " amount_minor, currency, status, counterparty, counterparty_account, text, state, entry_id,"
    " dedupe_key, occurrence, decided_by, decided_as, decided_by_id, decided_at",
    "ledger.counterparty": "tenant_id, id, name, kind",
}


def _load(admin: psycopg.Connection, at: _Statement, parties: list[_Party], data: _Data) -> None:
    admin.execute(
        "insert into app.bank_account (tenant_id, id, number, name, currency, account_id)"
        " values (%s, %s, 'NL91ABNA0417164300', 'Main', 'EUR', %s)",
        (at.tenant, at.account, at.ledger),
    )
    file = ids.uuid7()
    admin.execute(
        "insert into app.statement (tenant_id, id, file_id, position, bank_account_id, currency)"
        " values (%s, %s, %s, 0, %s, 'EUR')",
        (at.tenant, at.id, file, at.account),
    )
    people = [(at.tenant, one.id, one.name, "customer") for one in parties]
    rows: dict[str, list[tuple[Any, ...]]] = {
        "ledger.counterparty": people,
        "ledger.entry": data.entries,
        "ledger.posting": data.postings,
        "ledger.open_item": [item[:14] for item in data.items],
        "app.bank_transaction": data.lines,
    }
    for table, some in rows.items():
        with admin.cursor().copy(f"copy {table} ({_COLUMNS[table]}) from stdin") as copy:
            for row in some:
                copy.write_row(row)


def _load_rules(
    admin: psycopg.Connection,
    tenant: UUID,
    parties: list[_Party],
    count: int,
    chance: random.Random,
) -> None:
    """Rules for some parties by name; the others fit nothing."""
    rows = [
        (tenant, f"Rule {n}", n, chance.choice(parties).name if n % 3 == 0 else None,
         None if n % 3 == 0 else f"{chance.choice(_WORDS)}*{chance.choice(_TRADES)} {n}",
         chance.choice(parties).booked_to)
        for n in range(count)
    ]  # fmt: skip
    admin.cursor().executemany(
        "insert into app.bank_rule (tenant_id, name, position, party_pattern, text_pattern,"
        " account_id) values (%s, %s, %s, %s, %s, %s)",
        rows,
    )
