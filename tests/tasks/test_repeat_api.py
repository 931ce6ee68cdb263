"""Repeats, calendars and templates over the API as on screen."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from app.kernel.settings import Settings
from tests.tasks import repeat_stage
from tests.tasks.repeat_stage import VAT, made, rolled
from tests.tasks.work_stage import Firm, call

ONLY = {"sections": [{"items": [{"title": "Only this"}]}]}


@pytest.fixture
def firm(
    app: Flask, worker_app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Firm:
    """A client with its people, on a Monday in November."""
    return repeat_stage.firm(app, worker_app, settings, monkeypatch)


def test_a_repeat_is_started_paused_put_back_and_shows_what_comes(firm: Firm) -> None:
    manager, at = firm.place.browser(firm.manager), f"/clients/{firm.slug}/repeats"
    sent = {"name": "VAT", "every": "month", "start_on": "2026-11-02", "content": VAT}
    told = call(manager, at, json=sent)
    assert told.status_code == 201, told.text
    assert told.get_json()["next_start"] == "2026-12-01"
    assert len(made(firm)) == 2
    assert call(manager, at, json=sent | {"content": None}).status_code == 422
    repeat = f"{at}/{told.get_json()['id']}"
    first = manager.get(f"/api/v1{repeat}").get_json()["coming"][0]
    assert (first["starts"], first["ends"]) == ("2026-12-01", "2026-12-31")
    assert first["tasks"][0] == {"title": "Send the VAT return", "due_on": "2027-01-11"}
    paused = call(manager, f"{repeat}/state", json={"state": "paused"}).get_json()
    assert paused["state"] == "paused"
    assert manager.get(f"/api/v1{repeat}").get_json()["coming"] == []
    assert call(manager, f"{at}/undo/{paused['undo']}").status_code == 204
    assert manager.get(f"/api/v1{repeat}").get_json()["state"] == "active"
    assert call(manager, f"{at}/undo/{paused['undo']}").status_code == 404
    assert call(manager, f"{repeat}/renew").get_json()["code"] == "repeat-no-template"


def test_the_tasks_of_one_period_are_made_once_and_dropped_again(firm: Firm) -> None:
    manager, at = firm.place.browser(firm.manager), f"/clients/{firm.slug}"
    sent = {"name": "VAT", "every": "year", "start_on": "2026-11-02", "content": VAT}
    told = call(manager, f"{at}/repeats/once", json=sent).get_json()
    assert len(told["ids"]) == 2
    assert manager.get(f"/api/v1{at}/repeats").get_json()["items"] == []
    assert call(manager, f"{at}/tasks/undo/{told['undo']}").status_code == 204
    assert {one.state for one in made(firm)} == {"dropped"}


def test_a_calendar_and_its_closed_days_move_due_days_and_come_back(firm: Firm) -> None:
    manager, at = firm.place.browser(firm.manager), f"/clients/{firm.slug}"
    before = manager.get(f"/api/v1{at}/work-calendar").get_json()
    assert before == {"country": "GB", "subdivision": ""}
    wanted = {"country": "DE", "subdivision": "BY"}
    set_ = call(manager, f"{at}/work-calendar", method="PUT", json=wanted)
    assert set_.get_json() == wanted == manager.get(f"/api/v1{at}/work-calendar").get_json()
    nowhere = wanted | {"subdivision": "XX"}
    assert call(manager, f"{at}/work-calendar", method="PUT", json=nowhere).status_code == 422
    days = {"from_on": "2027-01-07", "to_on": "2027-01-12", "title": "Stocktaking"}
    closed = call(manager, f"{at}/closures", json=days).get_json()
    gone = call(manager, f"{at}/closures/{closed['id']}", method="DELETE")
    assert manager.get(f"/api/v1{at}/closures").get_json()["items"] == []
    assert call(manager, f"{at}/closures/{closed['id']}", method="DELETE").status_code == 404
    undo = f"{at}/repeats/undo/{gone.get_json()['undo']}"
    assert call(manager, undo).status_code == 204
    assert manager.get(f"/api/v1{at}/closures").get_json()["items"] == [closed]
    repeat_stage.start(firm, start_on=date(2026, 12, 1))
    rolled(firm, date(2026, 12, 31))
    assert max(one.due_on for one in made(firm)) == date(2027, 1, 13)


def test_a_template_is_made_changed_pushed_to_a_repeat_archived_and_brought_back(
    firm: Firm,
) -> None:
    manager, at = firm.place.browser(firm.manager), "/task-templates"
    name = f"Return {firm.slug}"
    template = call(manager, at, json={"name": name, "content": VAT}).get_json()
    same = call(manager, at, json={"name": name.upper(), "content": ONLY})
    assert (same.status_code, same.get_json()["code"]) == (409, "template-name")
    repeats = f"/clients/{firm.slug}/repeats"
    sent = {"name": "VAT", "every": "month", "start_on": "2026-12-01"}
    repeat = call(manager, repeats, json=sent | {"template_id": template["id"]}).get_json()
    one = f"{at}/{template['id']}"
    changed: dict[str, Any] = {"name": name, "content": ONLY, "version": 1}
    assert call(manager, one, method="PUT", json=changed).get_json()["version"] == 2
    late = call(manager, one, method="PUT", json=changed)
    assert (late.status_code, late.get_json()["code"]) == (409, "template-changed")
    renewed = call(manager, f"{repeats}/{repeat['id']}/renew").get_json()
    assert (renewed["template_version"], renewed["version"]) == (2, 2)
    assert manager.get(f"/api/v1{one}").get_json()["content"] == renewed["content"]
    gone = call(manager, f"{one}/archive").get_json()
    assert template["id"] not in listed(firm)
    assert manager.get(f"/api/v1{one}").status_code == 404
    assert call(manager, f"{at}/undo/{gone['undo']}").status_code == 204
    assert template["id"] in listed(firm)
    owner = call(firm.place.browser(firm.place.owner), at, json={"name": "x", "content": VAT})
    assert owner.status_code in {403, 404}


def listed(firm: Firm) -> set[str]:
    """The ids of all templates, page by page of one."""
    manager = firm.place.browser(firm.manager)
    found: list[str] = []
    after = ""
    while True:
        page = manager.get(f"/api/v1/task-templates?limit=1{after}").get_json()
        found += [one["id"] for one in page["items"]]
        if not page["next"]:
            assert len(found) == len(set(found))
            return set(found)
        after = f"&after={page['next']}"
