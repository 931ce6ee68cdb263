"""Many tasks changed at once, over clients: what refuses is named, one way back brings all back."""

from __future__ import annotations

import re

import psycopg
import pytest
from flask import Flask

from app.cli import install
from app.kernel import db
from app.kernel.settings import Settings
from app.tasks.work import bulk, commands, queries
from app.tasks.work.models import TaskIn
from tests import factories
from tests.tasks import work_stage
from tests.tasks.work_stage import Firm, undo_of


@pytest.fixture
def firm(app: Flask, worker_app: Flask, settings: Settings) -> Firm:
    """A client with its people."""
    return work_stage.firm(app, worker_app, settings)


def test_many_are_changed_at_once_over_clients_and_one_undo_brings_them_back(firm: Firm) -> None:
    ids = [firm.make(f"Task {no}") for no in range(3)] + [firm.make("Filing", kind="filing")]
    staff = firm.place.browser(firm.place.staff)
    staff.get("/desk/tasks?view=clients")
    form = staff.post("/desk/tasks/change", {"ids": [str(one) for one in ids]})
    assert "4 tasks are ticked" in form.text
    done = staff.post(
        "/desk/tasks/apply",
        {"ids": [str(one) for one in ids], "state": "done", "later_days": "3"},
        follow=True,
    )
    assert "3 tasks changed." in done.text
    assert "Filing: Add the receipt first" in done.text
    with firm.place.acting(firm.place.staff):
        assert sorted(one.state for one in queries.some(ids)) == ["done", "done", "done", "todo"]
    staff.post(undo_of(done.text))
    with firm.place.acting(firm.place.staff):
        assert {one.state for one in queries.some(ids)} == {"todo"}
        assert {one.due_on for one in queries.some(ids)} == {firm.due(7)}


def test_a_change_of_many_leads_back_to_the_list_as_it_was_seen(firm: Firm) -> None:
    task = str(firm.make("Late", due_on=firm.due(-3)))
    staff = firm.place.browser(firm.place.staff)
    seen = f"/c/{firm.slug}/tasks?view=late&q=Late"
    staff.get(seen)
    shown = staff.client.post(
        f"/c/{firm.slug}/tasks/change",
        data={"ids": task, "csrf_token": staff.token},
        headers={"Referer": f"http://localhost{seen}", "Sec-Fetch-Site": "same-origin"},
    )
    back = re.findall(r'name="back" value="([^"]+)"', shown.text)[0].replace("&amp;", "&")
    assert back == seen
    sent = {"ids": task, "later_days": "1", "back": back}
    assert staff.post(f"/c/{firm.slug}/tasks/apply", sent).location == seen
    away = sent | {"back": "https://elsewhere.example/?x=1"}
    assert staff.post(f"/c/{firm.slug}/tasks/apply", away).location == f"/c/{firm.slug}/tasks"


def test_a_client_that_refuses_is_named_and_stops_no_other_by_a_change_and_on_the_way_back(
    firm: Firm, settings: Settings
) -> None:
    admin_url = install.libpq_url(settings.database_admin_url or "")
    scopes = {}
    with psycopg.connect(admin_url) as admin:
        for name in ("Alder", "Birch", "Cedar", "Damson", "Elder"):
            tenant = factories.make_client(admin, name)
            person = firm.place.staff.person_id
            factories.grant(admin, tenant, person, role="staff_accountant", lines=("accounting",))
            scopes[name] = (tenant, firm.place.staff.scope(tenant))
    ids = []
    for _tenant, scope in scopes.values():
        with firm.place.app.app_context(), db.transaction(scope):
            ids += commands.create([TaskIn(title="One", due_on=firm.due(7))])
    staff = firm.place.browser(firm.place.staff)
    staff.get("/desk/tasks?view=clients")
    sent = {"ids": [str(one) for one in ids], "later_days": "3"}
    done = staff.post("/desk/tasks/apply", sent, follow=True)
    assert "5 tasks changed." in done.text
    stopped = ("Alder", "Birch", "Damson", "Elder")  # more than messages wait for a page
    with psycopg.connect(admin_url) as admin:
        admin.execute(
            "update guard.tenant set state = 'suspended' where id = any(%s)",
            ([scopes[name][0] for name in stopped],),
        )
    back = staff.post(undo_of(done.text), follow=True)
    assert refusing(back.text, "not taken back") == list(stopped)
    for name, (_tenant, scope) in scopes.items():
        with firm.place.app.app_context(), db.transaction(scope):
            days = 10 if name in stopped else 7
            assert [one.due_on for one in queries.some(ids)] == [firm.due(days)], name
    again = staff.post("/desk/tasks/apply", sent, follow=True)
    assert "1 task changed." in again.text
    assert refusing(again.text, "not changed") == list(stopped)


def refusing(page: str, how: str) -> list[str]:
    """The clients that one message of a page names as refusing."""
    (told,) = re.findall(rf"([^<>]*): {how}\.", page)
    return sorted(told.strip().split(", "))


def test_what_was_changed_meanwhile_stays_when_a_bulk_is_undone(firm: Firm) -> None:
    first, second = firm.make("One"), firm.make("Two")
    with firm.place.acting(firm.place.staff):
        done = bulk.change_here([first, second], bulk.Change(later_days=5))
    with firm.place.acting(firm.place.staff):
        commands.edit(second, version=2, title="Two, anew")
    staff = firm.place.browser(firm.place.staff)
    assert staff.post(f"/c/{firm.slug}/tasks/undo/{done.token}").status_code == 303
    with firm.place.acting(firm.place.staff):
        assert queries.one(first).due_on == firm.due(7)
        assert queries.one(second).due_on == firm.due(12)
