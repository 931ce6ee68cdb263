"""Every paged list gives all its rows page by page, each once, and refuses a made-up cursor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounting.bank import queries as bank_queries
from app.api.operations import Operation
from app.cli import install
from app.kernel import clock, db, paging
from app.reports import commands as report_commands
from app.tasks import notes
from tests import factories
from tests.isolation import stage

# What these are sorted by is any text.
BY_TEXT = ("/accounts", "/keeping/rules")
# Short by nature: all of it stands on one page, which has no next.
ON_ONE_PAGE = {"/statement-gaps", "/bank-accounts", "/bank-rules", "/reports"}


@pytest.fixture(scope="module")
def place(settings: Any, app: Flask, worker_app: Flask) -> Iterator[tuple[str, dict[str, str]]]:
    """The API's address of a client with at least two rows of most kinds, and its reader."""
    app.config["API_LIMITS"] = False
    with psycopg.connect(install.libpq_url(str(settings.database_admin_url))) as admin:
        factories.make_provider(admin)
        tenant = stage._client(worker_app, "Paged")
        person = factories.staff(admin, tenant, role="operations_manager")
        with app.app_context(), db.transaction(person.scope(tenant)):
            stage._fill()
            line = bank_queries.lines(bank_queries.LineFilter(state="all"), limit=1).rows[0]
            _write_note(str(line.id))
            report = stage._report(clock.today())
            report_commands.publish_report(report, line="accounting")
            stage._publish_pack(report)
        base = f"/api/v1/clients/{factories.slug_of(admin, tenant)}"
        yield base, {"cookie": person.cookie, "line": str(line.id)}


def _write_note(line: str) -> None:
    notes.write(
        line="accounting",
        subject_type="bank_transaction",
        subject_key=line,
        text="A second note",
        audience="client",
    )


def _lists(app: Flask) -> list[Operation]:
    """The paged lists of a client that need no other id."""
    operations: list[Operation] = app.extensions["api-operations"]
    return [
        one
        for one in operations
        if one.paged and one.rule.startswith("/clients/<client>/") and one.rule.count("<") == 1
    ]


def _address(base: str, rule: str, line: str) -> str:
    asked = base + rule.removeprefix("/clients/<client>")
    if rule.endswith("/find"):
        return f"{asked}?q=Nachtigall&"
    if rule.endswith("/notes"):
        return f"{asked}?subject_type=bank_transaction&subject_key={line}&"
    return f"{asked}?"


def _browser(app: Flask, cookie: str) -> FlaskClient:
    browser = app.test_client()
    browser.set_cookie("login", cookie, domain="localhost")
    return browser


def _rows(browser: FlaskClient, address: str, *, limit: int) -> list[str]:
    """The rows of all pages as text."""
    found: list[str] = []
    after = ""
    while True:
        answer = browser.get(f"{address}limit={limit}{after}").get_json()
        found += [repr(row) for row in answer["items"]]
        if not answer["next"]:
            return found
        assert len(answer["items"]) <= limit
        after = f"&after={answer['next']}"


def test_pages_of_one_row_add_up_to_the_whole_list(app: Flask, place: Any) -> None:
    base, known = place
    browser = _browser(app, known["cookie"])
    several = set()
    for one in _lists(app):
        address = _address(base, one.rule, known["line"])
        whole = _rows(browser, address, limit=200)
        assert _rows(browser, address, limit=1) == whole, one.rule
        if len(whole) > 1:
            several.add(one.rule.rsplit("/", 1)[1])
    assert {"notes", "published-reports", "published-packs", "usage", "accounts"} <= several


def test_a_cursor_that_somebody_made_up_is_refused_by_every_list(app: Flask, place: Any) -> None:
    base, known = place
    browser = _browser(app, known["cookie"])
    made_up = ["nonsense", *(paging.encode(["x"] * width) for width in range(1, 5))]
    taken = []
    for one in _lists(app):
        if one.rule.removeprefix("/clients/<client>") in ON_ONE_PAGE:
            continue
        address = _address(base, one.rule, known["line"])
        for cursor in made_up:
            if one.rule.endswith(BY_TEXT) and cursor == paging.encode(["x"]):
                continue  # codes of accounts and of rules are any text
            answer = browser.get(f"{address}after={cursor}")
            if answer.status_code != 422 or "bad-cursor" not in answer.text:
                taken.append((one.rule, cursor, answer.status_code, answer.text[:200]))
    assert not taken
