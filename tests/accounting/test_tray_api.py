"""Dropping statements of any client and emptying the tray, as a program and by raw download."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from flask import Flask

from tests import factories
from tests.accounting import ledger_support, test_bank_intake
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import ROWS, add_account, all_lines, mt940
from tests.accounting.test_bank_intake import at_home, number_of, zipped
from tests.http import Browser
from tests.programs import token_of

pytestmark = pytest.mark.usefixtures("without_limits")
second = test_bank_intake.second
API = "/api/v1"


class Desk:
    """A person's own session at the API: it reaches every client the person serves."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def get(self, path: str, *, status: int = 200) -> Any:
        answer = self.browser.client.get(API + path)
        assert answer.status_code == status, answer.text
        return answer

    def post(self, path: str, *, status: int = 200, **sent: Any) -> Any:
        headers = {"X-CSRF-Token": self.browser.token, "Sec-Fetch-Site": "same-origin"}
        answer = self.browser.client.post(API + path, headers=headers, **sent)
        assert answer.status_code == status, answer.text
        return answer.get_json(silent=True)

    def drop(self, data: bytes, name: str, *, status: int = 201) -> Any:
        return self.post("/statement-drops", status=status, data={"file": (io.BytesIO(data), name)})

    def waiting(self, name: str) -> Mapping[str, Any]:
        found = self.get("/statement-tray?limit=200").get_json()["items"]
        return next(one for one in found if one["name"] == name)


@pytest.fixture
def desk(browser: Browser, books: Books, admin: psycopg.Connection) -> Desk:
    """Somebody who serves the tray."""
    at_home(admin, books)
    return Desk(browser)


def test_a_zip_is_dropped_and_what_nobody_could_place_is_given_to_its_client(
    desk: Desk, books: Books, second: Books, admin: psycopg.Connection
) -> None:
    mine, theirs = number_of(admin, books), number_of(admin, second)
    add_account(books, number=mine)
    add_account(second, number=theirs)
    name, nobodys = f"{books.tenant}.sta", "YY" + mine[2:]
    files = [
        ("one.sta", mt940(ROWS, number=mine)),
        ("two.sta", mt940(ROWS[:1], number=theirs)),
        (name, mt940(ROWS, number=nobodys)),
        ("empty.sta", b""),
    ]
    done = desk.drop(zipped(files), "march.zip")
    assert [one["state"] for one in done["files"]] == ["taken", "taken", "tray", "refused"]
    assert done["files"][0]["client_id"] == str(books.tenant)
    assert done["files"][3]["code"] == "file-empty"
    assert (len(all_lines(books)), len(all_lines(second))) == (3, 1)
    again = desk.drop(zipped(files), "march.zip")
    assert [one["repeated"] for one in again["files"]] == [True, True, True, False]

    kept = desk.waiting(name)
    assert [one["number"] for one in kept["numbers"]] == [nobodys]
    path = f"/statement-tray/{kept['id']}"
    account = add_account(second, number="ZZ" + mine[2:])
    body = {
        "client": factories.slug_of(admin, second.tenant),
        "bank_account_id": str(account),
    }
    assert desk.post(f"{path}/client", json=body)["state"] == "imported"
    assert len(all_lines(second)) == 4
    desk.post(f"{path}/client", json=body, status=409)
    assert desk.get(path).get_json()["state"] == "assigned"


def test_a_file_of_the_tray_is_set_aside_and_taken_back(
    desk: Desk, books: Books, admin: psycopg.Connection
) -> None:
    name = f"{books.tenant}.sta"
    desk.drop(mt940(ROWS, number=number_of(admin, books)), name)
    path = f"/statement-tray/{desk.waiting(name)['id']}"
    desk.post(f"{path}/discard", status=204)
    desk.post(f"{path}/discard", status=409)
    assert desk.get(path).get_json()["state"] == "discarded"
    desk.post(f"{path}/back", status=204)
    desk.post(f"{path}/back", status=404)
    assert f"/api/v1{path}".endswith(desk.waiting(name)["id"])
    desk.post(f"{path}/client", json={"client": "nobody-has-it"}, status=404)
    desk.get("/statement-tray?after=nonsense", status=422)


@pytest.mark.parametrize("door", ["/api/v1/statement-tray/{}/raw", "/desk/statements/tray/{}/raw"])
def test_the_original_is_handed_out_as_a_file_and_that_is_written_down(
    door: str, desk: Desk, books: Books, admin: psycopg.Connection
) -> None:
    name, data = f"{books.tenant}.html", f"<script>{books.tenant}</script>".encode()
    desk.drop(data, name)
    kept = desk.waiting(name)
    answer = desk.browser.client.get(door.format(kept["id"]))
    assert (answer.status_code, answer.data) == (200, data)
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert ("sandbox" in answer.headers["Content-Security-Policy"]) == door.startswith("/desk")
    looked = admin.execute(
        "select person_id, exports from app.view_log where kind = 'statement_tray'"
        " and object_id = %s",
        (kept["id"],),
    ).fetchall()
    assert looked == [(books.session.person_id, 1)]
    page = desk.browser.get(f"/desk/statements/tray/{kept['id']}").get_data(as_text=True)
    assert f"/desk/statements/tray/{kept['id']}/raw" in page


def test_who_does_not_serve_the_tray_finds_nothing_of_it(
    app: Flask, worker_app: Flask, desk: Desk, books: Books, admin: psycopg.Connection
) -> None:
    name = f"{books.tenant}.sta"
    desk.drop(mt940(ROWS, number=number_of(admin, books)), name)
    kept = desk.waiting(name)["id"]
    stranger = ledger_support.make_books(app, worker_app, admin)
    other = Desk(Browser(app, stranger.session))
    for path in ("/statement-tray", f"/statement-tray/{kept}", f"/statement-tray/{kept}/raw"):
        other.get(path, status=404)
    other.drop(b"x", "x.sta", status=404)
    assert other.browser.client.get(f"/desk/statements/tray/{kept}/raw").status_code == 404
    bound = token_of(admin, books.tenant, books.session.person_id)
    answer = app.test_client().get(f"{API}/statement-tray/{kept}/raw", headers=bound)
    assert answer.status_code == 404
    blind = ledger_support.make_books(app, worker_app, admin)
    at_home(admin, blind, lines=())
    Desk(Browser(app, blind.session)).get(f"/statement-tray/{kept}/raw", status=404)
