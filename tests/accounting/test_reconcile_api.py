"""Reconciling over the API: what a program sees and does."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask import Flask

from tests.accounting import reconcile_scene
from tests.accounting.reconcile_scene import Scene
from tests.http import Browser

ROWS = [*reconcile_scene.flour(3), ("260329", "-77,00", "Unknown shop")]


@pytest.fixture
def scene(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Scene:
    """Four lines to do, three of which a rule fits."""
    return reconcile_scene.make(app, worker_app, admin, rows=ROWS)


class Caller:
    """A signed-in program in the accountant's browser session."""

    def __init__(self, app: Flask, scene: Scene) -> None:
        self.browser = Browser(app, scene.books.session)
        self.base = f"/api/v1/clients/{scene.slug}"
        page = self.browser.get(scene.url).get_data(as_text=True)
        self.token = page.split('name="csrf_token" value="')[1].split('"')[0]

    def get(self, path: str) -> Any:
        answer = self.browser.client.get(self.base + path)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def post(self, path: str, body: dict[str, Any], status: int = 200) -> Any:
        headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": self.token}
        answer = self.browser.client.post(self.base + path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.get_json()


def test_a_program_reads_suggestions_accepts_one_and_takes_it_back(
    app: Flask, scene: Scene
) -> None:
    caller = Caller(app, scene)
    line = scene.lines("to_do")[0]
    found = caller.get(f"/bank-lines/{line.id}/suggestions")["suggestions"]
    assert (found[0]["kind"], found[0]["reason"]) == ("rule", "rule")
    mark = {"version": 1, "mark": found[0]["mark"]}
    done = caller.post(f"/bank-lines/{line.id}/accept", mark)
    assert (done["state"], done["decided_by"], done["decided_as"]) == (
        "booked",
        "suggestion",
        "rule",
    )
    caller.post(f"/bank-lines/{line.id}/accept", mark, status=409)
    back = caller.post(f"/bank-lines/{line.id}/take-back", {"version": 2})
    assert (back["state"], back["version"], back["decided_by"]) == ("to_do", 3, None)


def test_a_program_codes_a_split_and_reads_the_balance(app: Flask, scene: Scene) -> None:
    caller = Caller(app, scene)
    line = scene.lines("to_do")[-1]
    account = str(scene.books.accounts["6900"])
    parts = [{"account_id": account, "amount_minor": one} for one in ("7000", "700")]
    done = caller.post(f"/bank-lines/{line.id}/code", {"version": 1, "parts": parts})
    assert [one["amount_minor"] for one in done["parts"]] == ["7000", "700"]
    balance = caller.get(f"/bank-accounts/{scene.main}/balance")
    shares = sum(int(one["minor"]) for one in balance["shares"])
    assert int(balance["difference_minor"]) == shares


def test_a_rule_without_a_pattern_is_refused_and_one_with_it_is_kept(
    app: Flask, scene: Scene
) -> None:
    caller = Caller(app, scene)
    rule = {"name": "All", "account_id": str(scene.books.accounts["6900"])}
    caller.post("/bank-rules", rule, status=422)
    made = caller.post("/bank-rules", {**rule, "text_pattern": "unknown shop"}, status=201)
    names = [one["name"] for one in caller.get("/bank-rules")["items"]]
    assert names == ["Flour", "All"]
    archived = caller.post(f"/bank-rules/{made['id']}/archive", {"version": 1})
    assert archived["version"] == 2
