"""Books written out: independent tools accept them and add up to the same balances."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import shutil
import subprocess
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from app.accounting import commands, ledger, queries
from app.accounting.books import file as books_file
from app.accounting.books import writing as books_export
from app.kernel import money
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books

CURRENCIES = ("EUR", "USD", "JPY")


def drafts(books: Books, count: int, seed: int = 1) -> list[ledger.EntryDraft]:
    """Entries in three currencies, some with exchange differences in base alone."""
    chance = random.Random(seed)
    codes = [code for code in books.accounts if code not in ("1100", "2000")]
    found = []
    for place in range(count):
        currency = chance.choice(CURRENCIES)
        one, two, three = (books.accounts[code] for code in chance.sample(codes, 3))
        amount = chance.randint(1, 5_000_000)
        base = amount if currency == "EUR" else max(1, amount * 9 // 10)
        gain = chance.choice((0, 0, 3)) if currency != "EUR" else 0
        postings = [
            ledger.PostingInput(one, amount, currency, base),
            ledger.PostingInput(two, -amount, currency, -base - gain),
        ]
        if gain:
            postings.append(ledger.PostingInput(three, 0, currency, gain))
        found.append(
            ledger.EntryDraft(
                "GEN",
                dt.date(2025, 1, 1) + dt.timedelta(days=chance.randrange(700)),
                chance.choice(('Bill; "A"', "Café | 10 %", "=1+1", "two\nlines")),
                tuple(postings),
                f"export-{seed}-{place}",
            )
        )
    return found


def expected(books: Books, kind: books_export.Format) -> dict[tuple[str, str], Decimal]:
    """What a tool should say: amounts by currency, and what moved base alone in base."""
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    with books.open(read_only=True):
        names = books_export.account_names(queries.accounts(include_archived=True), kind)
        for line in books_export._lines():
            name = names[line.account_id]
            totals[name, line.currency] += money.to_decimal(line.amount, line.currency)
            if line.currency != "EUR" and line.amount * line.base <= 0:
                totals[name, "EUR"] += money.to_decimal(line.base, "EUR")
    return {key: total for key, total in totals.items() if total}


def written(books: Books, kind: books_export.Format, folder: Path) -> Path:
    """The export as a file."""
    path = folder / f"books.{kind}"
    with books.open(read_only=True), path.open("w", encoding="utf-8") as file:
        file.writelines(books_export.export(kind))
    return path


def beancount_balances(path: Path) -> dict[tuple[str, str], Decimal]:
    """Balances as beancount adds them up; the check must find no fault."""
    from beancount import loader
    from beancount.core import data

    entries, faults, _ = loader.load_file(str(path))
    assert not faults, faults[:3]
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        if isinstance(entry, data.Transaction):
            for posting in entry.postings:
                units = posting.units
                assert units is not None
                assert units.number is not None
                totals[posting.account, units.currency] += units.number
    return {key: total for key, total in totals.items() if total}


def hledger_balances(path: Path) -> dict[tuple[str, str], Decimal]:
    """Balances as hledger adds them up, after its own check."""
    subprocess.run(["hledger", "-f", str(path), "check"], check=True, capture_output=True)
    command = ["hledger", "-f", str(path), "balance", "--flat", "--no-total", "-O", "csv"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    totals: dict[tuple[str, str], Decimal] = {}
    for row in csv.DictReader(io.StringIO(told)):
        for part in row["balance"].split(", "):
            number, _, currency = part.partition(" ")
            totals[row["account"], currency] = Decimal(number.replace(",", ""))
    return {key: total for key, total in totals.items() if total}


@pytest.fixture(scope="module")
def books(app: Flask, worker_app: Flask, settings: object) -> Books:
    """A client with 300 entries in three currencies."""
    from app.cli import install

    url = install.libpq_url(settings.database_admin_url)  # type: ignore[attr-defined]  # Settings
    with psycopg.connect(url) as admin:
        made = ledger_support.make_books(app, worker_app, admin)
    with made.open():
        commands.post_many(drafts=drafts(made, 300))
    return made


def test_the_beancount_export_passes_bean_check(books: Books, tmp_path: Path) -> None:
    path = written(books, "beancount", tmp_path)
    assert beancount_balances(path) == expected(books, "beancount")


@pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed")
def test_the_ledger_export_passes_hledger_check(books: Books, tmp_path: Path) -> None:
    path = written(books, "ledger", tmp_path)
    assert hledger_balances(path) == expected(books, "ledger")


def test_the_csv_export_can_be_read_again_and_holds_no_formula(
    books: Books, tmp_path: Path
) -> None:
    path = written(books, "csv", tmp_path)
    with path.open(encoding="utf-8", newline="") as lines:
        entries = books_file.read(lines, ledger.Book("EUR"))
    assert len(entries) == 300
    assert not [entry.fault for entry in entries if entry.fault]
    assert "=1+1" not in {entry.description for entry in entries}
    assert "'=1+1" in {entry.description for entry in entries}


def test_the_trial_balance_adds_up_on_any_day(books: Books, admin: psycopg.Connection) -> None:
    for day in (dt.date(2025, 3, 31), dt.date(2025, 7, 14), dt.date(2026, 12, 31)):
        with books.open(read_only=True):
            found = queries.trial_balance(on=day)
        assert found.debit == found.credit
        truth = admin.execute(
            "select a.code, sum(p.base) from ledger.posting p join ledger.account a"
            " on a.tenant_id = p.tenant_id and a.id = p.account_id"
            " where p.tenant_id = %s and p.entry_date <= %s group by 1",
            (books.tenant, day),
        ).fetchall()
        assert {row.code: row.balance for row in found.rows if row.balance} == {
            code: total for code, total in truth if total
        }


def test_turnovers_of_any_span_equal_the_postings(books: Books, admin: psycopg.Connection) -> None:
    spans = [
        ("2025-02-10", "2025-02-20"),
        ("2025-02-10", "2025-06-30"),
        ("2025-01-01", "2025-03-31"),
        ("2025-01-15", "2025-02-14"),
        ("2025-05-31", "2025-06-01"),
        ("2025-03-01", "2025-04-15"),
    ]
    for first, last in spans:
        with books.open(read_only=True):
            found = queries.trial_balance(
                on=dt.date.fromisoformat(last), since=dt.date.fromisoformat(first)
            )
        truth = admin.execute(
            "select a.code, sum(greatest(p.base, 0)), sum(greatest(-p.base, 0))"
            " from ledger.posting p join ledger.account a on a.tenant_id = p.tenant_id"
            " and a.id = p.account_id where p.tenant_id = %s and p.entry_date between %s and %s"
            " group by 1",
            (books.tenant, first, last),
        ).fetchall()
        assert {(r.code, r.debit, r.credit) for r in found.rows} == {
            (code, int(debit), int(credit)) for code, debit, credit in truth
        }


def test_account_pages_carry_the_running_balance_on(
    books: Books, admin: psycopg.Connection
) -> None:
    account = books.accounts["1010"]
    seen: list[int] = []
    after, balance = None, 0
    while True:
        with books.open(read_only=True):
            page = queries.account_page(account_id=account, after=after, limit=7)
        assert page.opening == balance
        for row in page.rows:
            balance += row.base
            assert row.running == balance
            seen.append(row.base)
        after = page.next
        if after is None:
            break
    (truth,) = admin.execute(
        "select count(*) from ledger.posting where tenant_id = %s and account_id = %s",
        (books.tenant, account),
    ).fetchone() or (0,)
    assert len(seen) == truth


def test_profit_and_loss_sums_to_the_change_of_the_trial_balance(books: Books) -> None:
    first, last = dt.date(2025, 1, 1), dt.date(2025, 12, 31)
    with books.open(read_only=True):
        found = queries.profit_and_loss(first=first, last=last, compare="previous")
        turned = queries.trial_balance(on=last, since=first)
    sections = {section.key: section for section in found.sections}
    earned = sum(-r.balance for r in turned.rows if r.type in ("income", "expense"))
    assert sections["net_profit"].total == earned
    assert len(found.months) == 12
    assert sections["net_profit"].compare == 0
