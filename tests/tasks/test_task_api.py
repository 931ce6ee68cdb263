"""Tasks over the API as on screen: over clients, many at once, from a file, and back."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.cli import install
from app.kernel import clock, paging
from app.kernel.settings import Settings
from app.tasks.work import queries
from tests.tasks import work_stage
from tests.tasks.work_stage import Firm, call


@pytest.fixture
def firm(app: Flask, worker_app: Flask, settings: Settings) -> Firm:
    """A client with its people."""
    return work_stage.firm(app, worker_app, settings)


@pytest.fixture
def second(app: Flask, worker_app: Flask, settings: Settings, firm: Firm) -> Firm:
    """Another client of the same accountant, with people of its own."""
    return work_stage.another(app, worker_app, settings, firm)


def seen(firm: Firm, query: str, **fields: Any) -> list[tuple[str, str]]:
    """Title and client of every task of a list over all clients, page by page of two."""
    staff = firm.place.browser(fields.get("who", firm.place.staff))
    found: list[tuple[str, str]] = []
    after = ""
    while True:
        told = staff.get(f"/api/v1/tasks?limit=2{query}{after}")
        assert told.status_code == 200, told.text
        page = told.get_json()
        found += [(one["title"], one["client"]) for one in page["items"]]
        if not page["next"]:
            return found
        after = f"&after={page['next']}"


def test_a_list_over_clients_has_the_views_of_the_desk(firm: Firm, second: Firm) -> None:
    mine, here, there = firm.place.staff.person_id, firm.slug, second.slug
    firm.make("Late", due_on=firm.due(-2), assignee_id=mine)
    firm.make("Today", due_on=clock.today(), assignee_id=mine)
    firm.make("Later", due_on=firm.due(9), assignee_id=mine)
    second.make("Theirs", due_on=firm.due(4), assignee_id=second.place.staff.person_id)
    second.make("Nobody's", due_on=firm.due(-1))
    assert seen(firm, "") == [
        ("Late", here),
        ("Nobody's", there),
        ("Today", here),
        ("Theirs", there),
        ("Later", here),
    ]
    assert seen(firm, "&view=day") == [("Late", here), ("Today", here)]
    assert seen(firm, "&view=mine") == [("Late", here), ("Today", here), ("Later", here)]
    assert seen(firm, "&view=late") == [("Late", here), ("Nobody's", there)]
    assert seen(firm, "&nobody=true") == [("Nobody's", there)]
    assert seen(firm, "", who=firm.second) == [
        ("Late", here),
        ("Today", here),
        ("Later", here),
    ]
    staff = firm.place.browser(firm.place.staff)
    one_client = f"/api/v1/clients/{here}/tasks?view=day"
    titles = [one["title"] for one in staff.get(one_client).get_json()["items"]]
    assert titles == ["Late", "Today"]
    nowhere = staff.get(f"{one_client}&time_zone=Europe/Atlantis")
    assert nowhere.status_code == 422
    assert "time-zone-unknown" in nowhere.text
    made_up = paging.encode(["x", "y"])
    assert "bad-cursor" in staff.get(f"/api/v1/tasks?after={made_up}").text
    owner = firm.place.browser(firm.place.owner)
    assert owner.get("/api/v1/tasks").status_code in {403, 404}


def days(firm: Firm, ids: list[UUID]) -> list[int]:
    """How many days from now tasks of the client are due."""
    with firm.place.acting(firm.place.staff):
        return [(one.due_on - clock.today()).days for one in queries.some(ids)]


def test_tasks_of_many_clients_are_changed_and_put_back_and_refusals_named(
    firm: Firm, second: Firm, settings: Settings
) -> None:
    here, there = firm.make("Here", kind="filing"), second.make("There")
    staff = firm.place.browser(firm.place.staff)
    sent = {"ids": [str(here), str(there)], "state": "done", "due_on": firm.due(3).isoformat()}
    done = call(staff, "/tasks/bulk", json=sent).get_json()
    assert done["changed"] == 1
    assert done["refused"] == [{"title": "Here", "code": "filing-needs-receipt"}]
    again = call(staff, "/tasks/bulk", json=sent).get_json()
    assert (again["changed"], again["undo"]) == (0, None)
    assert (days(firm, [here]), days(second, [there])) == ([7], [3])
    back = call(staff, f"/tasks/undo/{done['undo']}")
    assert (back.status_code, back.get_json()) == (200, {"refused": []})
    assert days(second, [there]) == [7]
    assert call(staff, f"/tasks/undo/{done['undo']}").status_code == 404
    done = call(staff, "/tasks/bulk", json={"ids": sent["ids"], "due_on": sent["due_on"]})
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        admin.execute(
            "update guard.tenant set state = 'suspended' where id = %s", (second.place.tenant,)
        )
    back = call(staff, f"/tasks/undo/{done.get_json()['undo']}")
    (refused,) = back.get_json()["refused"]
    assert refused == {"client_id": str(second.place.tenant), "code": "read-only"}
    assert days(firm, [here]) == [7]
    again = call(staff, "/tasks/bulk", json={"ids": sent["ids"], "state": "doing"}).get_json()
    assert (again["changed"], again["clients"]) == (1, [refused])
    owner = firm.place.browser(firm.place.owner)
    assert call(owner, "/tasks/bulk", json=sent).status_code in {403, 404}
    assert call(staff, "/tasks/bulk", json={"ids": sent["ids"]}).status_code == 422


def test_tasks_of_one_client_are_changed_and_every_act_has_its_way_back(firm: Firm) -> None:
    at = f"/clients/{firm.slug}/tasks"
    staff = firm.place.browser(firm.place.staff)
    new = {"tasks": [{"title": "One", "due_on": firm.due(7).isoformat()}]}
    made = call(staff, at, json=new).get_json()
    task = UUID(made["ids"][0])
    done = call(staff, f"{at}/bulk", json={"ids": made["ids"], "later_days": 5}).get_json()
    assert (done["changed"], done["refused"]) == (1, [])
    assert days(firm, [task]) == [12]
    assert call(staff, f"{at}/undo/{done['undo']}").status_code == 204
    assert days(firm, [task]) == [7]
    sent = {"title": "Anew", "version": 3}
    edited = call(staff, f"{at}/{task}", method="PATCH", json=sent).get_json()
    moved = call(staff, f"{at}/{task}/state", json={"state": "done"}).get_json()
    assert (edited["title"], moved["state"]) == ("Anew", "done")
    assert call(staff, f"{at}/undo/{moved['undo']}").status_code == 204
    assert call(staff, f"{at}/undo/{edited['undo']}").status_code == 409
    fresh = call(staff, at, json=new).get_json()
    assert call(staff, f"{at}/undo/{fresh['undo']}").status_code == 204
    with firm.place.acting(firm.place.staff):
        assert queries.one(task).state == "todo"
        assert queries.one(UUID(fresh["ids"][0])).state == "dropped"


def test_a_file_of_tasks_is_checked_taken_whole_or_refused_by_line(firm: Firm) -> None:
    at = f"/clients/{firm.slug}/tasks/import"
    staff = firm.place.browser(firm.place.staff)

    def send(text: str, *, query: str = "") -> Any:
        data = {"file": (io.BytesIO(text.encode()), "tasks.csv")}
        return call(staff, f"{at}{query}", data=data)

    good = "title,due_on,checklist\nOne,2026-12-01,a|b\nTwo,2026-12-02,\n"
    assert send(good, query="?check=true").get_json() == {"lines": 2, "made": None}
    wrong = send("title,due_on\n,never\n")
    assert wrong.status_code == 422
    assert "line 2, due_on" in wrong.text
    assert "task-file-day" in wrong.text
    large = send("title,due_on\n" + "x" * 500_000)
    assert large.status_code == 422
    assert "file-too-large" in large.text
    taken = send(good).get_json()
    assert len(taken["made"]["ids"]) == 2
    address = f"/clients/{firm.slug}/tasks"
    items = staff.get(f"/api/v1{address}").get_json()["items"]
    assert [(one["title"], one["checks"]) for one in items] == [("One", 2), ("Two", 0)]
    assert call(staff, f"{address}/undo/{taken['made']['undo']}").status_code == 204
    assert staff.get(f"/api/v1{address}").get_json()["items"] == []
