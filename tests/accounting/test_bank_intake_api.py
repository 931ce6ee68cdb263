"""Taking statements in over the API: columns, trying again, gaps; and nothing across clients."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask

from tests.accounting import ledger_support, test_bank_api
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import add_account, all_lines
from tests.accounting.test_bank_intake import CSV, LATER, statement
from tests.programs import Caller, token_of

api = test_bank_api.api
books = test_bank_api.books
pytestmark = pytest.mark.usefixtures("without_limits")


def test_a_table_is_read_as_a_program_says_and_remembered(api: Caller, books: Books) -> None:
    account = add_account(books)
    sent = api.send_file(CSV, "feb.csv")
    assert (sent["state"], sent["source"]) == ("mapping", "api")
    path = f"/statement-files/{sent['id']}/columns"
    found = api.get(path)
    assert [one["role"] for one in found["columns"]] == ["date", "text", "amount"]
    assert [one["amount_minor"] for one in found["lines"]] == ["1200", "-350"]
    body = {"roles": ["date", "text", "amount"], "date_order": "DMY", "turned": True}
    assert api.post(path, {**body, "roles": ["date", "text"]}, status=422)
    assert api.post(path, {**body, "roles": ["date", "text", "ignore"]}, status=422)
    done = api.post(path, {**body, "bank_account_id": str(account)})
    assert (done["state"], done["lines_new"]) == ("imported", 2)
    assert sorted(one.amount_minor for one in all_lines(books)) == [-1200, 350]
    assert api.send_file(LATER, "march.csv")["state"] == "imported"
    api.post(path, body, status=409)


def test_a_refused_file_is_read_again_and_gaps_are_explained(api: Caller, books: Books) -> None:
    add_account(books)
    bad = api.send_file(b":20:S\n:25:X\n:60F:C260101EUR0,\n:61:broken\n", "bad.sta")
    assert bad["state"] == "refused"
    again = api.post(f"/statement-files/{bad['id']}/again", {})
    assert again["error"]["line"] == 4
    api.send_file(statement(1, 0, 100, 2), "one.sta")
    assert api.get("/statement-gaps")["items"] == []
    api.send_file(statement(3, 150, 170, 4), "three.sta")
    (gap,) = api.get("/statement-gaps")["items"]
    assert (gap["kind"], gap["missing_minor"], gap["explained"]) == ("balance", "5000", None)
    api.post(f"/statement-gaps/{gap['statement_id']}", {"why": "Safe"}, status=204)
    (gap,) = api.get("/statement-gaps")["items"]
    assert gap["explained"] == "Safe"
    api.post(f"/statement-gaps/{gap['statement_id']}/reopen", {}, status=204)
    api.post(f"/statement-gaps/{gap['statement_id']}/reopen", {}, status=404)


def test_another_clients_program_finds_none_of_it(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, api: Caller, books: Books
) -> None:
    add_account(books)
    sent = api.send_file(CSV, "feb.csv")
    api.send_file(statement(1, 0, 100, 2), "one.sta")
    api.send_file(statement(3, 150, 170, 4), "three.sta")
    (gap,) = api.get("/statement-gaps")["items"]
    other = ledger_support.make_books(app, worker_app, admin)
    header = token_of(admin, other.tenant, other.session.person_id)
    base = api.base.rsplit("/", 1)[0]
    slug = admin.execute("select slug from guard.tenant where id = %s", (other.tenant,)).fetchone()
    assert slug is not None
    stranger = Caller(app.test_client(), f"{base}/{slug[0]}", header)
    assert stranger.get("/statement-gaps")["items"] == []
    stranger.get(f"/statement-files/{sent['id']}/columns", status=404)
    stranger.post(f"/statement-files/{sent['id']}/again", {}, status=404)
    stranger.post(f"/statement-gaps/{gap['statement_id']}", {"why": "x"}, status=404)
    Caller(app.test_client(), api.base, header).get("/statement-gaps", status=404)
