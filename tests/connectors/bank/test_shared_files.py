"""Every camt and MT940 file of the shared data set, against the truth that comes with some."""

from __future__ import annotations

import ast
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.catalog.bank import reading
from connectors.catalog.bank.statement import StatementFile

ROOT = Path(__file__).parents[4] / "shared" / "data" / "statements"
FOLDERS = ("camt", "camt-chain", "mt940")
TRUTH = (".json", ".pydata")
MARKED = ("failing", "invalid", "empty", "unknown")
FILES = [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*"))
    if path.is_file() and path.suffix not in TRUTH
]

pytestmark = pytest.mark.skipif(not FILES, reason="the shared statement files are not here")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def read(path: Path) -> StatementFile:
    return reading.read(path.read_bytes())


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_file_is_read_and_files_marked_as_broken_are_warned(path: Path) -> None:
    found = read(path)
    assert found.statements
    assert found.format.startswith("camt.05" if "camt" in path.parts[-3] else "mt940")
    if any(word in path.name for word in MARKED):
        assert found.warnings


@pytest.mark.parametrize("path", [path for path in FILES if path.parts[-3] == "mt940"], ids=named)
def test_every_movement_and_every_statement_of_mt940_is_there(path: Path) -> None:
    text = path.read_bytes().decode("latin-1").replace("\r\n", "\n")
    lines = text.split("\n")
    found = read(path)
    assert sum(len(one.transactions) for one in found.statements) == sum(
        line.startswith(":61:") for line in lines
    )
    references = sum(line.lstrip("\x01").startswith(":20:") for line in lines)
    if references:
        assert len(found.statements) == references


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.with_suffix(".json").exists()], ids=named
)
def test_entries_agree_with_what_another_reader_made_of_them(path: Path) -> None:
    truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    found = [one for statement in read(path).statements for one in statement.transactions]
    # The dump writes the entries of the last statement only.
    found = found[-len(truth["getEntries"]) :]
    assert [(one.amount_minor, one.currency, str(one.booked_on)) for one in found] == [
        (
            int(one["getAmount"]["getAmount"]),
            one["getAmount"]["getCurrency"]["getCode"],
            one["getBookingDate"]["0"][:10],
        )
        for one in truth["getEntries"]
    ]


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.name.endswith("test-camt053")], ids=named
)
def test_statement_agrees_with_its_golden_file(path: Path) -> None:
    golden = path.with_name(path.name.replace("test-camt053", "golden-camt053.pydata"))
    currency, account, truths = ast.literal_eval(golden.read_text(encoding="utf-8"))
    (statement,), (truth,) = read(path).statements, truths
    assert (statement.currency, statement.account) == (currency, account)
    assert statement.opening_minor == minor(truth["balance_start"])
    assert statement.closing_minor == minor(truth["balance_end_real"])
    assert [
        (one.amount_minor, str(one.booked_on), one.counterparty, one.counterparty_account)
        for one in statement.transactions
    ] == [
        (minor(one["amount"]), one["date"], one["partner_name"], one["account_number"])
        for one in truth["transactions"]
    ]


def minor(value: Any) -> int:
    return int(Decimal(str(value)) * 100)


def test_the_daily_files_of_one_account_agree_with_their_own_balances() -> None:
    chain = [path for path in FILES if "camt-chain" in path.parts and "CAMT_053" in path.name]
    agreed = [one.balances_agree for path in chain for one in read(path).statements]
    assert agreed
    assert all(agreed)
