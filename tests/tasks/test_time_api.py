"""Time over the API: all that the pages do, by whom the pages let."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from app.kernel import clock, paging
from app.kernel.settings import Settings
from app.tasks.time import queries
from tests.factories import Session
from tests.tasks.time_stage import firm, lose, metered, noon, other, write
from tests.tasks.work_stage import Firm

__all__ = ["firm", "other"]  # fixtures


class Caller:
    """Somebody's calls of the API with the session of their browser."""

    def __init__(self, firm: Firm, session: Session) -> None:
        self.browser = firm.place.browser(session)
        self.here = f"/clients/{firm.slug}"

    def __call__(self, method: str, path: str, sent: Any = None) -> TestResponse:
        headers = {"X-CSRF-Token": self.browser.token, "Sec-Fetch-Site": "same-origin"}
        return self.browser.client.open(f"/api/v1{path}", method=method, json=sent, headers=headers)

    def read(self, path: str) -> Any:
        """What a GET answers."""
        answer = self("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.get_json()


def week_of(firm: Firm, days: int = -7) -> dict[str, str]:
    return {"week": str(noon(days).date()), "person_id": str(firm.place.staff.person_id)}


def test_an_entry_is_changed_cut_in_two_taken_away_and_brought_back(firm: Firm) -> None:
    (made,) = write(firm, noon(), 60)
    mine, manager = Caller(firm, firm.place.staff), Caller(firm, firm.manager)
    at = f"{mine.here}/time-entries/{made}"
    version = mine.read(at)["version"]
    wanted = {"started_at": noon().isoformat(), "note": "Calls", "version": version}
    wanted["ended_at"] = (noon() + timedelta(minutes=90)).isoformat()
    half = {"at": (noon() + timedelta(minutes=30)).isoformat()}
    for method, path, sent in (("PUT", at, wanted), ("POST", f"{at}/split", half)):
        assert manager(method, path, sent).status_code == 404
    assert mine("PUT", at, wanted).get_json()["note"] == "Calls"
    assert mine("PUT", at, wanted).get_json()["code"] == "time-changed"
    later = mine("POST", f"{at}/split", half)
    assert later.status_code == 201
    gone = mine("DELETE", f"{mine.here}/time-entries/{later.get_json()['id']}")
    with firm.place.acting(firm.place.staff):
        assert [one.seconds for one in queries.here()] == [1800]
    undo = f"{mine.here}/time-entries/undo/{gone.get_json()['undo']}"
    assert [mine("POST", undo).status_code for _time in range(2)] == [204, 404]
    with firm.place.acting(firm.place.staff):
        assert sorted(one.seconds for one in queries.here()) == [1800, 3600]


def test_a_week_is_read_taken_back_approved_and_locked(firm: Firm) -> None:
    (made,) = write(firm, noon(-7), 90)
    mine, manager = Caller(firm, firm.place.staff), Caller(firm, firm.manager)
    weeks, sent = f"{mine.here}/time-weeks", week_of(firm)
    own = mine.read(f"/me/time-week?week={sent['week']}")
    assert [(one["id"], one["client"]) for one in own["entries"]] == [(str(made), firm.slug)]
    assert mine("POST", f"{weeks}/hand-in", sent).get_json() == {"count": 1}
    assert mine("POST", f"{weeks}/take-back", sent).get_json() == {"count": 1}
    assert manager("POST", f"{weeks}/take-back", sent).status_code == 404
    mine("POST", f"{weeks}/hand-in", sent)
    (waiting,) = [
        one
        for one in manager.read("/time-weeks?limit=200")["items"]
        if one["person_id"] == sent["person_id"]
    ]
    assert (waiting["seconds"], waiting["billable"]) == (5400, 5400)
    asked = f"/time-weeks/{sent['person_id']}?week={sent['week']}"
    assert manager.read(asked)["entries"][0]["state"] == "submitted"
    assert manager("POST", f"{weeks}/approve", sent).get_json() == {"count": 1}
    assert [float(one) for one in metered(firm)] == [1.5]
    lock, until = f"{mine.here}/time-entries/lock", {"until": str(clock.today())}
    for path, body in ((lock, until), (f"{weeks}/approve", sent)):
        assert mine("POST", path, body).status_code == 403
    assert mine("GET", asked).status_code == mine("GET", "/time-weeks").status_code == 403
    assert manager("POST", lock, until).get_json() == {"count": 1}
    assert mine.read(f"{mine.here}/time-entries/{made}")["state"] == "locked"


@pytest.mark.parametrize("lost", ["", "grant", "closing"])
def test_the_clock_is_read_and_stopped_wherever_it_runs(
    firm: Firm, other: tuple[UUID, str], settings: Settings, lost: str
) -> None:
    mine = Caller(firm, firm.place.staff)
    assert mine.read("/me/timer") == {"timer": None}
    with clock.frozen(clock.now() - timedelta(minutes=5)):
        started = mine("POST", f"/clients/{other[1]}/timer", {"note": "Calls"})
    assert started.status_code == 201
    lose(settings, other[0], lost)
    running = mine.read("/me/timer")["timer"]
    assert (running["client"], running["note"]) == (None if lost else other[1], "Calls")
    assert mine("POST", f"{mine.here}/timer", {}).get_json()["code"] == "timer-elsewhere"
    assert Caller(firm, firm.second)("POST", "/me/timer/stop", {}).get_json()["stopped"] is False
    told = mine("POST", "/me/timer/stop", {}).get_json()
    assert told == {"stopped": True, "cut": bool(lost)}
    assert mine("POST", f"{mine.here}/timer", {}).status_code == 201


def test_cost_rates_are_put_listed_taken_away_and_brought_back_by_few(firm: Firm) -> None:
    manager, second = Caller(firm, firm.manager), Caller(firm, firm.second)
    sent: dict[str, Any] = {"person_id": str(firm.place.staff.person_id), "currency": "EUR"}
    sent |= {"valid_from": "2020-01-01", "minor_per_hour": 6000}
    made = manager("POST", "/cost-rates", sent)
    assert made.status_code == 201
    assert manager("POST", "/cost-rates", sent).get_json()["code"] == "rate-day"
    assert manager("POST", "/cost-rates", sent | {"minor_per_hour": -1}).status_code == 422
    assert manager("POST", "/cost-rates", sent | {"person_id": str(uuid4())}).status_code == 422
    at = f"/cost-rates/{made.get_json()['id']}"
    for method, path in (("GET", "/cost-rates"), ("POST", "/cost-rates"), ("DELETE", at)):
        assert second(method, path, sent if method == "POST" else None).status_code == 403
    assert {**sent, "id": made.get_json()["id"]} in manager.read("/cost-rates?limit=200")["items"]
    undo = f"/cost-rates/undo/{manager('DELETE', at).get_json()['undo']}"
    assert [manager("POST", undo).status_code for _time in range(2)] == [204, 404]
    assert manager("DELETE", at).status_code == 200


@pytest.mark.parametrize("path", ["/time-weeks", "/cost-rates"])
def test_lists_over_all_clients_page_and_refuse_a_made_up_cursor(firm: Firm, path: str) -> None:
    manager = Caller(firm, firm.manager)
    for by in (firm.place.staff, firm.second):
        for days in (-8, -15):
            write(firm, noon(days), 30, by=by)
            sent = week_of(firm, days) | {"person_id": str(by.person_id)}
            Caller(firm, by)("POST", f"{manager.here}/time-weeks/hand-in", sent)
            sent = {"person_id": sent["person_id"], "valid_from": sent["week"], "currency": "EUR"}
            manager("POST", "/cost-rates", sent | {"minor_per_hour": 5000})
    whole = manager.read(f"{path}?limit=200")["items"]
    assert len(whole) >= 4
    for limit in (1, 3):
        found: list[Any] = []
        after = ""
        while True:
            part = manager.read(f"{path}?limit={limit}{after}")
            assert len(part["items"]) <= limit
            found += part["items"]
            if not part["next"]:
                break
            after = f"&after={part['next']}"
        assert found == whole
    for cursor in ("nonsense", paging.encode(["x"]), paging.encode(["x", "x"])):
        assert manager("GET", f"{path}?after={cursor}").status_code == 422
