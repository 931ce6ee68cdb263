"""A line coded while the bank has it pending: kept through the import, then accepted."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
from flask import Flask

from app.accounting.bank import queries as bank_queries
from tests import factories
from tests.accounting import reconcile_scene
from tests.accounting.reconcile_scene import Scene
from tests.accounting.test_bank import upload
from tests.accounting.test_bank_intake import pending
from tests.http import Browser

HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def scene(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Scene:
    """Books with one pending line of 12.00 to pay."""
    made = reconcile_scene.make(app, worker_app, admin, rows=())
    upload(made.books, notice())
    return made


def notice() -> bytes:
    return pending([("PDNG", "2026-03-02", "12.00", "Hotel")], bank_id="AUTH-9X")


def book(scene: Scene, amount: str = "12.00") -> None:
    """The bank books the line three days later."""
    upload(
        scene.books, pending([("BOOK", "2026-03-05", amount, "HOTEL BERLIN")], bank_id="AUTH-9X")
    )


def only(scene: Scene) -> bank_queries.BankLine:
    (line,) = scene.lines()
    return line


class Person:
    """Somebody at the screen, without a script, and with the API."""

    def __init__(self, app: Flask, scene: Scene, session: factories.Session | None = None) -> None:
        self.scene, self.client = scene, Browser(app, session or scene.books.session).client

    def see(self, url: str = "") -> str:
        answer = self.client.get(url or self.scene.url, headers=HERE, follow_redirects=True)
        assert answer.status_code == 200, answer.text[:2000]
        return answer.text

    @property
    def csrf(self) -> str:
        page = self.see(f"/c/{self.scene.slug}/books/rules/new")
        return page.split('name="csrf_token" value="')[1].split('"')[0]

    def act(self, path: str, data: dict[str, Any], status: int = 200) -> str:
        url = f"/c/{self.scene.slug}/books/reconcile/{path}"
        answer = self.client.post(
            url, data=data | {"csrf_token": self.csrf}, headers=HERE, follow_redirects=True
        )
        assert answer.status_code == status, answer.text[:3000]
        return answer.text

    def keep(
        self,
        more: dict[str, str] | None = None,
        *,
        account: str = "6900",
        version: int | None = None,
        status: int = 200,
    ) -> str:
        line = only(self.scene)
        data = {"version": version or line.version, "parts.0.account": account, **(more or {})}
        return self.act(f"lines/{line.id}/keep", data | {"tab": "pending"}, status)

    def api(self, path: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
        url = f"/api/v1/clients/{self.scene.slug}{path}"
        headers = HERE | {"X-CSRF-Token": self.csrf}
        answer = (
            self.client.get(url, headers=HERE)
            if body is None
            else self.client.post(url, json=body, headers=headers)
        )
        assert answer.status_code == status, answer.text
        return answer.get_json()

    def kept(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api(f"/bank-lines/{only(self.scene).id}/decision")[
            "kept"
        ]
        return found

    def suggested(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api(f"/bank-lines/{only(self.scene).id}/suggestions")[
            "suggestions"
        ]
        return found


def undo_of(page: str) -> str:
    found = re.findall(r"books/reconcile/(undo/[0-9a-f-]+)", page)
    assert found, page[:3000]
    return str(found[-1])


def test_a_pending_line_is_coded_and_nothing_is_posted(app: Flask, scene: Scene) -> None:
    person = Person(app, scene)
    assert "Not coded" in person.see(f"{scene.url}?tab=pending")
    page = person.keep({"parts.0.memo": "Fair in Berlin"})
    assert "Fair in Berlin" in page
    assert re.search("Coded by .+ while pending", page)
    found = person.api(f"/bank-lines/{only(scene).id}/decision")
    assert [one["amount_minor"] for one in found["kept"]] == ["1200"]
    assert (found["state"], found["entry_id"], found["kept_by_id"]) == (
        "to_do",
        None,
        str(scene.books.session.person_id),
    )
    person.act(f"lines/{only(scene).id}/book", {"version": 2, "parts.0.account": "6900"}, 409)


@pytest.mark.parametrize("amount", ["12.00", "12.40"])
def test_the_kept_coding_stands_first_when_the_bank_books_and_is_accepted_as_a_persons(
    app: Flask, scene: Scene, amount: str
) -> None:
    person = Person(app, scene)
    person.keep()
    book(scene, amount)
    best = person.suggested()[0]
    assert (best["kind"], best["certainty"], best["reason"]) == ("kept", "certain", "kept")
    page = person.see()
    row = page.split('id="l-')[1].split("</tr>")[0]
    assert "Coded by" in row
    assert "ghost" not in row
    assert "data-accept" in row
    value = f"{only(scene).version}:{best['mark']}"
    person.act(f"lines/{only(scene).id}/accept", {"accept": value})
    done = person.api(f"/bank-lines/{only(scene).id}/decision")
    cents = amount.replace(".", "")
    assert (done["state"], done["decided_by"], done["decided_as"]) == ("booked", "person", "coding")
    assert [one["amount_minor"] for one in done["parts"]] == [cents]


def test_it_is_among_all_certain_and_stands_again_after_undo(app: Flask, scene: Scene) -> None:
    person = Person(app, scene)
    person.keep()
    book(scene)
    bank = f"/bank-accounts/{scene.main}/certain"
    certain = person.api(bank)
    assert certain["count"] == 1
    person.api(bank, {"count": 1, "digest": certain["digest"]})
    line = only(scene)
    assert line.state == "booked"
    person.api(f"/bank-lines/{line.id}/take-back", {"version": line.version})
    assert person.suggested()[0]["kind"] == "kept"


def test_a_split_that_no_longer_adds_up_is_unsure_and_says_why(app: Flask, scene: Scene) -> None:
    person = Person(app, scene)
    person.keep({"parts.1.account": "5000", "parts.1.amount": "4"})
    book(scene, "12.40")
    best = person.suggested()[0]
    assert (best["kind"], best["certainty"]) == ("kept", "unsure")
    assert [one["amount_minor"] for one in best["parts"]] == ["840", "400"]
    assert "the parts no longer add up" in person.see()
    assert person.api(f"/bank-accounts/{scene.main}/certain")["count"] == 0


def test_of_two_people_the_later_is_told_and_the_coding_names_its_author(
    app: Flask, scene: Scene
) -> None:
    first, second = Person(app, scene), Person(app, scene, scene.books.second)
    first.keep(version=1)
    second.keep(version=1, account="5000", status=409)
    second.keep(version=2, account="5000")
    assert scene.books.second is not None
    found = first.api(f"/bank-lines/{only(scene).id}/decision")
    assert found["kept_by_id"] == str(scene.books.second.person_id)
    assert found["kept"][0]["account_id"] == str(scene.books.accounts["5000"])


def test_keeping_and_forgetting_are_taken_back(app: Flask, scene: Scene) -> None:
    person = Person(app, scene)
    page = person.keep()
    person.act(undo_of(page), {})
    assert person.kept() == []
    person.keep()
    page = person.act(f"lines/{only(scene).id}/drop", {"version": only(scene).version})
    assert person.kept() == []
    person.act(undo_of(page), {})
    assert [one["amount_minor"] for one in person.kept()] == ["1200"]


def test_a_booked_line_keeps_nothing_and_a_split_adds_up(app: Flask, scene: Scene) -> None:
    person = Person(app, scene)
    line = only(scene)
    part = {"account_id": str(scene.books.accounts["6900"]), "amount_minor": "1100"}
    person.api(f"/bank-lines/{line.id}/keep", {"version": 1, "parts": [part]}, 422)
    book(scene)
    part["amount_minor"] = "1200"
    person.api(f"/bank-lines/{line.id}/keep", {"version": 2, "parts": [part]}, 409)
