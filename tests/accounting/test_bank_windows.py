"""Exports of one history, taken in any order, end in the same lines: through the import itself."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

import psycopg
import pytest
from flask import Flask

from tests.accounting import ledger_support
from tests.accounting.test_bank import add_account, all_lines, upload
from tests.accounting.test_bank_intake import pending

START = date(2026, 3, 1)
DAYS = 20


@dataclass(frozen=True, slots=True)
class Move:
    """A payment: noticed and booked on a day, for cents, to somebody."""

    noticed: int
    booked: int
    cents: int
    who: str


def history(dice: random.Random) -> list[Move]:
    """Payments with a notice of their own, and twins that are booked at once."""
    found = []
    for number in range(12):
        noticed = dice.randrange(DAYS)
        found.append(
            Move(noticed, noticed + dice.randrange(6), 1000 + number, f"Shop {chr(65 + number)}x")
        )
    for _number in range(6):
        day = dice.randrange(DAYS)
        twin = Move(day, day, dice.choice([300, 450]), "Cafe Rosa")
        found += [twin] * dice.randrange(1, 4)
    return sorted(found, key=lambda one: (one.booked, one.cents))


def export(moves: list[Move], first: int, today: int) -> bytes:
    """What the bank's export from a day to today holds: booked, and still pending."""
    rows = []
    for one in moves:
        if first <= one.booked <= today:
            rows.append(("BOOK", one.booked, one))
        elif first <= one.noticed <= today < one.booked:
            rows.append(("PDNG", one.noticed, one))
    return pending(
        [
            (
                status,
                str(START + timedelta(days=day)),
                f"{one.cents / 100:.2f}",  # exact: cents
                one.who,
            )
            for status, day, one in rows
        ]
    ) + b"\n" * (first + 1)


@pytest.mark.parametrize("seed", range(6))
def test_exports_in_any_order_end_in_the_same_lines(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, seed: int
) -> None:
    dice = random.Random(seed)
    moves = history(dice)
    spans = [(dice.randrange(today + 1), today) for today in range(2, DAYS + 8, 3)]
    spans.append((0, DAYS + 8))
    wanted = Counter((one.booked, -one.cents) for one in moves)
    for _turn in range(2):
        books = ledger_support.make_books(app, worker_app, admin)
        add_account(books)
        dice.shuffle(spans)
        for first, today in spans:
            upload(books, export(moves, first, today), f"{first}-{today}.xml")
        lines = all_lines(books)
        assert {one.status for one in lines} == {"booked"}
        found = Counter(((one.booked_on - START).days, one.amount_minor) for one in lines)
        assert found == wanted
