"""The bank over the API: every operation as it should be used, and as it should not."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import NUMBER, ROWS, add_account, all_lines, mt940, upload
from tests.programs import Caller, token_of

MORE = ("accounting.import", "accounting.export")
pytestmark = pytest.mark.usefixtures("without_limits")


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client with books and an accountant who may upload and export."""
    ledger_support.role_with(admin, "ledger_tester", MORE)
    return ledger_support.make_books(app, worker_app, admin)


@pytest.fixture
def api(app: Flask, books: Books, admin: psycopg.Connection) -> Caller:
    """The accountant's program."""
    header = token_of(admin, books.tenant, books.session.person_id)
    return Caller(
        app.test_client(), f"/api/v1/clients/{factories.slug_of(admin, books.tenant)}", header
    )


@pytest.fixture
def reader(app: Flask, books: Books, admin: psycopg.Connection) -> Caller:
    """A program that may read the books and nothing else."""
    role = ledger_support.role_with(admin, "bank_reader", ("accounting.read",))
    person = factories.staff(admin, books.tenant, role=role).person_id
    slug = factories.slug_of(admin, books.tenant)
    header = token_of(admin, books.tenant, person)
    return Caller(app.test_client(), f"/api/v1/clients/{slug}", header)


def test_a_statement_goes_from_upload_to_booked_and_back(api: Caller, books: Books) -> None:
    file = api.send_file(mt940(ROWS))
    assert (file["state"], file["accounts"][0]["number"]) == ("waiting", NUMBER)
    made = api.post(
        "/bank-accounts", {"number": "OTHER1", "name": "Main", "currency": "EUR"}, status=201
    )
    chosen = api.post(
        f"/statement-files/{file['id']}/account",
        {"number": NUMBER, "currency": "EUR", "bank_account_id": made["id"]},
    )
    assert (chosen["state"], chosen["lines_new"]) == ("imported", 3)
    assert api.get(f"/statement-files/{file['id']}")["lines_total"] == 3
    assert [one["id"] for one in api.get("/statement-files")["items"]] == [file["id"]]
    assert api.get("/bank-accounts")["items"][0]["to_do"] == 3

    line = api.get("/bank-lines?amount_minor=10000")["items"][0]
    assert line["amount_minor"] == "10000"
    booked = api.post(
        f"/bank-lines/{line['id']}/book",
        {"version": line["version"], "account_id": str(books.accounts["4000"]), "memo": "March"},
    )
    assert (booked["state"], booked["version"]) == ("booked", 2)
    assert api.get("/bank-lines?state=booked")["items"] == [booked]
    undone = api.post(f"/bank-lines/{line['id']}/undo", {"version": 2})
    assert (undone["state"], undone["entry_id"]) == ("to_do", None)
    assert api.get(f"/bank-lines/{line['id']}") == undone


def test_bank_lines_come_page_by_page(api: Caller, books: Books) -> None:
    add_account(books)
    upload(books, mt940(ROWS))
    first = api.get("/bank-lines?limit=2")
    rest = api.get(f"/bank-lines?limit=2&after={first['next']}")
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    fault = api.get("/bank-lines?after=zzz", status=422)["errors"][0]
    assert (fault["field"], fault["code"]) == ("after", "bad-cursor")


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"number": NUMBER, "name": "Again", "currency": "EUR"}, "number", "bank-number-taken"),
        ({"number": "--", "name": "None", "currency": "EUR"}, "number", "bank-number-missing"),
        ({"number": "N1", "name": "X", "currency": "XQQ"}, "currency", "unknown-currency"),
        ({"number": "N1", "name": "X", "currency": "EUR", "hue": 3}, "hue", "unknown-field"),
        ({"number": "N1\0", "name": "X", "currency": "EUR"}, "body", None),
    ],
)
def test_a_wrong_bank_account_is_refused_at_its_field(
    api: Caller, books: Books, body: dict[str, Any], field: str, code: str | None
) -> None:
    add_account(books)
    fault = api.post("/bank-accounts", body, status=422)["errors"][0]
    assert fault["field"] == field
    assert code is None or fault["code"] == code
    assert len(api.get("/bank-accounts")["items"]) == 1


def test_an_unreadable_file_is_kept_with_its_reason_and_no_file_is_refused(api: Caller) -> None:
    file = api.send_file(b":20:S\n:25:X\n:60F:C260101EUR0,\n:61:broken\n")
    assert (file["state"], file["error"]["line"]) == ("refused", 4)
    api.post(
        f"/statement-files/{file['id']}/account",
        {"number": NUMBER, "bank_account_id": str(uuid4())},
        status=409,
    )
    api.send_file(b"", status=422)
    api.post("/statement-files", {}, status=422)


def test_a_stale_version_and_a_missing_account_are_refused(api: Caller, books: Books) -> None:
    add_account(books)
    upload(books, mt940(ROWS))
    line = all_lines(books)[0]
    path = f"/bank-lines/{line.id}"
    sales = str(books.accounts["4000"])
    stale = api.post(f"{path}/book", {"version": 7, "account_id": sales}, status=409)
    assert stale["code"] == "changed-meanwhile"
    unknown = api.post(f"{path}/book", {"version": 1, "account_id": str(uuid4())}, status=422)
    assert "account-unknown" in str(unknown)
    api.post(f"{path}/book", {"version": 1, "account_id": sales, "rate": "-1"}, status=422)
    early = api.post(f"{path}/undo", {"version": 1}, status=409)
    assert early["code"] == "bank-line-to-do"
    assert api.get(path)["state"] == "to_do"


def test_whoever_only_reads_changes_nothing(reader: Caller, books: Books) -> None:
    add_account(books)
    done = upload(books, mt940(ROWS))
    line = all_lines(books)[0]
    assert len(reader.get("/bank-lines")["items"]) == 3
    reader.post("/bank-accounts", {"number": "N", "name": "N", "currency": "EUR"}, status=403)
    reader.send_file(mt940(ROWS), status=403)
    choice = {"number": NUMBER, "bank_account_id": str(uuid4())}
    reader.post(f"/statement-files/{done.file_id}/account", choice, status=403)
    coding = {"version": 1, "account_id": str(books.accounts["4000"])}
    reader.post(f"/bank-lines/{line.id}/book", coding, status=403)
    reader.post(f"/bank-lines/{line.id}/undo", {"version": 1}, status=403)


def test_another_clients_bank_is_not_found(
    api: Caller, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    other = ledger_support.make_books(app, worker_app, admin)
    add_account(other)
    done = upload(other, mt940(ROWS))
    line = all_lines(other)[0]
    assert api.get("/bank-lines")["items"] == []
    api.get(f"/bank-lines/{line.id}", status=404)
    api.get(f"/statement-files/{done.file_id}", status=404)
    coding = {"version": 1, "account_id": str(other.accounts["4000"])}
    api.post(f"/bank-lines/{line.id}/book", coding, status=404)
    api.post(f"/bank-lines/{line.id}/undo", {"version": 1}, status=404)


def test_reversing_the_entry_of_a_bank_line_puts_the_line_back(
    api: Caller, books: Books, admin: psycopg.Connection
) -> None:
    add_account(books)
    upload(books, mt940(ROWS))
    path = f"/bank-lines/{all_lines(books)[0].id}"
    coding = {"version": 1, "account_id": str(books.accounts["4000"])}
    entry = api.post(f"{path}/book", coding)["entry_id"]
    reverse = {"key": "back-1"}
    back = api.post(f"/entries/{entry}/reverse", reverse, status=201)
    line = api.get(path)
    assert (line["state"], line["entry_id"], line["version"]) == ("to_do", None, 3)
    assert api.post(f"/entries/{entry}/reverse", reverse, status=201)["id"] == back["id"]
    assert api.get(path)["version"] == 3
    coding["version"] = 3
    api.post(f"{path}/book", coding)
    uses = admin.execute(
        "select count(*), count(*) filter (where voided_at is null) from app.usage_event"
        " where tenant_id = %s and meter = 'bank_line'",
        (books.tenant,),
    ).fetchone()
    assert uses == (2, 1)
