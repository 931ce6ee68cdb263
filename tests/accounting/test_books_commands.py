"""`backoffice books`: files in, balances and files out, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from app.cli import main, operator_scope
from tests import factories
from tests.accounting import ledger_support

HEADER = "entry,date,description,account,amount,currency,base_amount\n"
GOOD = (
    HEADER
    + "1,2026-01-02,Rent,Expenses:Rent,800.00,EUR,\n1,2026-01-02,Rent,Assets:Bank,-800.00,EUR,\n"
    + "2,2026-01-03,Trip,Expenses:Trip,10.00,USD,9.00\n2,2026-01-03,Trip,Assets:Bank,-9.00,EUR,\n"
)


@pytest.fixture
def slug(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A client with empty books, and a command line that reaches it."""
    factories.make_provider(admin)
    monkeypatch.setattr(operator_scope, "working", worker_app.app_context)
    books = ledger_support.make_books(app, worker_app, admin, chart=None)
    return factories.slug_of(admin, books.tenant)


def run(*words: str | Path) -> Result:
    """Runs `backoffice books` with these words."""
    return CliRunner().invoke(main, ["books", *map(str, words)])


def _file(folder: Path, text: str) -> Path:
    path = folder / "books.csv"
    path.write_text(text, encoding="utf-8")
    return path


def _import(folder: Path, text: str, slug: str, *more: str) -> Result:
    return run("import-postings", _file(folder, text), "--tenant", slug, *more)


def test_a_good_file_is_posted_and_exits_0(slug: str, tmp_path: Path) -> None:
    done = _import(tmp_path, GOOD, slug, "--create-accounts", "--json")
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["entries"], answer["accounts_made"]) == (0, 2, 3)
    again = _import(tmp_path, GOOD, slug)
    assert again.exit_code == 0
    assert again.stdout.startswith("0 entries posted, 2 known already")


def test_a_refused_entry_is_listed_with_its_reason_and_exits_1(slug: str, tmp_path: Path) -> None:
    text = GOOD + "3,2026-01-04,Odd,Assets:Bank,1.00,EUR,\n3,2026-01-04,Odd,Expenses:Rent,1,EUR,\n"
    done = _import(tmp_path, text, slug, "--create-accounts", "--json")
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["entries"]) == (1, 2)
    assert [(one["entry"], one["code"]) for one in answer["refused"]] == [("3", "unbalanced")]
    assert answer["refused"][0]["remedy"]


def test_a_file_that_is_no_books_names_the_line_and_exits_1(slug: str, tmp_path: Path) -> None:
    done = _import(tmp_path, "a,b\n1,2\n", slug)
    assert done.exit_code == 1
    assert "books.csv: line 1" in done.output
    told = _import(tmp_path, "a,b\n1,2\n", slug, "--json")
    assert (told.exit_code, json.loads(told.stdout)["error"]["line"]) == (1, 1)


@pytest.mark.parametrize(
    "words",
    [
        ("import-postings", "no-such-file.csv", "--tenant", "x"),
        ("import-postings",),
        ("trial-balance", "--tenant", "x", "--on", "31.12.2026"),
        ("export", "--tenant", "x", "--format", "xlsx"),
    ],
)
def test_a_wrong_call_exits_2(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_an_unknown_client_is_said_and_exits_1(slug: str, tmp_path: Path) -> None:
    done = _import(tmp_path, GOOD, "nobody-here")
    assert done.exit_code == 1
    assert "There is no client 'nobody-here'." in done.output


def test_the_trial_balance_is_in_base_and_by_currency_beside_it(slug: str, tmp_path: Path) -> None:
    _import(tmp_path, GOOD, slug, "--create-accounts")
    words = ("trial-balance", "--tenant", slug, "--on", "2026-12-31")
    rows = [json.loads(line) for line in run(*words, "--json").stdout.splitlines()]
    balances = {row["account"]: row["balance_minor"] for row in rows}
    assert balances == {"Assets:Bank": -80900, "Expenses:Rent": 80000, "Expenses:Trip": 900}
    assert {row["currency"] for row in rows} == {"EUR"}
    assert sum(row["debit_minor"] - row["credit_minor"] for row in rows) == 0
    both = [json.loads(one) for one in run(*words, "--by-currency", "--json").stdout.splitlines()]
    assert both[: len(rows)] == rows
    added = {(row["account"], row["currency"]): row["balance_minor"] for row in both[len(rows) :]}
    assert added["Expenses:Trip", "USD"] == 1000
    assert "809.00" in run(*words).stdout


@pytest.mark.parametrize(
    ("kind", "sign"),
    [("beancount", "open Assets:"), ("ledger", "10.00 USD @@ 9.00 EUR"), ("csv", "Trip")],
)
def test_the_books_are_written_to_standard_output(
    kind: str, sign: str, slug: str, tmp_path: Path
) -> None:
    _import(tmp_path, GOOD, slug, "--create-accounts")
    done = run("export", "--tenant", slug, "--format", kind)
    assert done.exit_code == 0
    assert sign in done.stdout
