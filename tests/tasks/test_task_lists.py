"""Lists of tasks, in one client and over many: whole, paged, nothing left out or doubled."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID

import pytest
from flask import Flask

from app.kernel import db, paging
from app.kernel.settings import Settings
from app.tasks.work import bulk, commands, queries
from app.tasks.work.models import TaskIn
from app.tasks.work.queries import View, Wanted
from tests.tasks import work_stage
from tests.tasks.work_stage import Firm


@pytest.fixture
def firm(app: Flask, worker_app: Flask, settings: Settings) -> Firm:
    """A client with its people."""
    return work_stage.firm(app, worker_app, settings)


@pytest.fixture
def second(app: Flask, worker_app: Flask, settings: Settings, firm: Firm) -> Firm:
    """Another client of the same accountant, with people of its own."""
    return work_stage.another(app, worker_app, settings, firm)


def test_lists_are_paged_and_nothing_is_left_out(firm: Firm) -> None:
    with firm.place.acting(firm.place.staff):
        commands.create(
            [
                TaskIn(title=f"Paged {no:03d}", due_on=firm.due(no % 7), assignee_id=None)
                for no in range(230)
            ]
        )
    staff = firm.place.browser(firm.place.staff)
    for start in ("/desk/tasks?view=clients", f"/c/{firm.slug}/tasks"):
        seen: list[str] = []
        found: str | None = start
        while found:
            page = staff.get(found).text
            seen += re.findall(r">(Paged \d{3})<", page)
            following = re.search(r'href="([^"]*after=[^"]+)"', page)
            found = following[1].replace("&amp;", "&") if following else None
        assert len(seen) == len(set(seen)) == 230, start
    assert staff.get("/desk/tasks?after=x").status_code == 422


WORDS = ("", "common", "rare", "nothing")
FOUND: dict[View, tuple[int, ...]] = {
    "open": (30, 24, 6, 0),
    "waiting": (10, 8, 2, 0),
    "all": (30, 24, 6, 0),
    "late": (4, 4, 0, 0),
}


@pytest.mark.parametrize("word", WORDS)
def test_a_page_over_clients_skips_and_doubles_no_task_whatever_the_word(
    firm: Firm, second: Firm, word: str
) -> None:
    made = [
        one.make(f"{'Rare' if days in (1, 30) else 'Common'} {days}", due_on=one.due(days))
        for one in (firm, second)
        for days in (-40, -1, 0, 1, 1, 2, 3, 13, 14, 15, 30, 59, 60, 61, 400)
    ]
    for one in (firm, second):
        with one.place.acting(one.place.staff):
            bulk.change_here(made[::3], bulk.Change(state="waiting"))
    both = (firm.place.tenant, second.place.tenant)
    for view in FOUND:
        wanted = Wanted(view=view, tenants=both, search=word)
        with firm.place.app.app_context(), db.transaction(firm.place.staff.worklist()):
            whole = [one.id for one in queries.tasks(wanted, limit=200)]
            for limit in (1, 4, 7):
                found: list[UUID] = []
                after = None
                while part := queries.tasks(wanted, after=after, limit=limit):
                    found += [one.id for one in part]
                    after = (part[-1].due_at, part[-1].id)
                assert found == whole, (view, limit)
        assert len(whole) == len(set(whole) & set(made)) == FOUND[view][WORDS.index(word)], view


def test_a_cursor_as_far_as_days_go_is_answered(firm: Firm, second: Firm) -> None:
    ids = {firm.make("Here"), second.make("There")}
    both = (firm.place.tenant, second.place.tenant)
    for moment, found in (
        ("9999-12-31T23:59:59+00:00", set()),
        ("9999-12-31T23:59:59-14:00", set()),
        ("0001-01-01T00:00:00+14:00", ids),
    ):
        after = (paging.moment(moment), UUID(int=0))
        with firm.place.app.app_context(), db.transaction(firm.place.staff.worklist()):
            shown = queries.tasks(Wanted(view="open", tenants=both), after=after)
        assert {one.id for one in shown} == found, moment


FAR_DAYS = {
    "due_to=9999-12-31": True,
    "due_from=9999-12-31": False,
    "due_to=0001-01-01": False,
    "due_from=0001-01-01": True,
    "due_from=2199-12-31&due_to=2200-12-31": True,
}


def test_a_day_as_far_as_days_go_narrows_a_list_as_any_other(firm: Firm) -> None:
    firm.make("The last of all days", due_on=date(2199, 12, 31))
    staff = firm.place.browser(firm.place.staff)
    for filters, found in FAR_DAYS.items():
        answer = staff.get(f"/api/v1/clients/{firm.slug}/tasks?{filters}")
        assert len(answer.get_json()["items"]) == found, filters
    for until, found in (("9999-12-31", True), ("0001-01-01", False)):
        shown = staff.get(f"/c/{firm.slug}/tasks?until={until}")
        assert shown.status_code == 200
        assert ("The last of all days" in shown.text) == found
