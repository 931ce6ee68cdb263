"""The close and moving in over the API: as they should be used, and as they should not."""

from __future__ import annotations

import io

import psycopg
import pytest
from flask import Flask

from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.moving_stage import LEDGER, OPENING
from tests.programs import Caller, token_of

pytestmark = pytest.mark.usefixtures("without_limits")
MONTH = 202604


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client with books."""
    return ledger_support.make_books(app, worker_app, admin, years=(2025, 2026))


def caller(
    app: Flask, books: Books, admin: psycopg.Connection, session: factories.Session | None
) -> Caller:
    """A program of one of the accountants."""
    assert session is not None
    header = token_of(admin, books.tenant, session.person_id)
    slug = factories.slug_of(admin, books.tenant)
    return Caller(app.test_client(), f"/api/v1/clients/{slug}", header)


@pytest.fixture
def api(app: Flask, books: Books, admin: psycopg.Connection) -> Caller:
    """The first accountant's program."""
    return caller(app, books, admin, books.session)


@pytest.fixture
def other(app: Flask, books: Books, admin: psycopg.Connection) -> Caller:
    """The second accountant's program."""
    return caller(app, books, admin, books.second)


def test_two_programs_close_a_month(api: Caller, other: Caller) -> None:
    at = f"/close/{MONTH}"
    step = api.post(f"{at}/steps", {"title": "Cash counted"}, status=201)["id"]
    assert other.post(f"{at}/review", {"note": "ready"})["state"] == "in_review"
    assert other.post(f"{at}/close", {}, status=409)["code"] == "own-review"
    assert api.post(f"{at}/close", {}, status=409)["code"] == "close-blocked"
    assert api.post(f"{at}/close", {"override": "It is all well"}, status=403)
    api.post(f"{at}/steps/{step}", {"done": True})
    closed = api.post(f"{at}/close", {})
    assert closed["state"] == "closed"
    assert {one["left"] for one in closed["checks"] if one["severity"] == "blocking"} == {0}
    assert api.post(f"{at}/reopen", {"reason": "late bill"})["state"] == "open"
    assert api.post(f"{at}/send-back", {"reason": "no"}, status=409)["code"] == "not-in-review"


def test_what_is_no_month_and_no_change_is_refused(api: Caller, books: Books) -> None:
    assert api.get("/close/209901", status=404)
    body = {"account_id": str(books.accounts["4000"]), "text": "because"}
    assert api.post(f"/close/{MONTH}/explain", body, status=404)["code"] == "change-unknown"


def bring(api: Caller, text: str) -> dict[str, object]:
    """Uploads a file of another package."""
    answer = api.client.post(
        f"{api.base}/moving-in",
        data={"file": (io.BytesIO(text.encode()), "export.csv")},
        headers=api.header,
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.get_json()
    return found


def test_a_program_moves_a_ledger_in_and_back_out(api: Caller) -> None:
    made = bring(api, LEDGER)
    assert made["kind"] == "ledger"
    at = f"/moving-in/{made['id']}"
    done = api.post(f"{at}/import", {"version": made["version"]})
    assert done["state"] == "imported"
    assert done["report"]["posted"] == 2
    assert api.post(f"{at}/import", {"version": done["version"]}, status=409)
    assert api.post(f"{at}/undo", {})["state"] == "undone"
    assert [one["state"] for one in api.get("/moving-in")["items"]] == ["undone"]


def test_a_program_corrects_a_mapping(api: Caller) -> None:
    made = bring(api, OPENING)
    at = f"/moving-in/{made['id']}"
    blocked = api.post(f"{at}/import", {"version": made["version"]}, status=409)
    assert blocked["code"] == "moving-blocked"
    body = {
        "version": made["version"],
        "kind": "opening",
        "columns": {"account_code": 0, "account_name": 1, "debit": 2, "credit": 3},
        "on": "2025-12-31",
    }
    right = api.post(f"{at}/mapping", body)
    assert right["report"]["faults"] == []
    assert api.post(f"{at}/mapping", {**body, "columns": {"debit": 50}}, status=409)
    stale = {**body, "version": right["version"], "columns": {"nonsense": 1}}
    assert api.post(f"{at}/mapping", stale, status=422)
    kept = api.post(
        f"{at}/accounts", {"version": right["version"], "choices": {"970": "liability"}}
    )
    target = next(one for one in kept["report"]["accounts"] if one["key"] == "970")
    assert target["type"] == "liability"
    assert api.post(f"{at}/import", {"version": kept["version"]})["state"] == "imported"
