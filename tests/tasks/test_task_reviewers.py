"""Who reviews a task: only they end it; nobody frees their own work of a look asked for."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from app.kernel import clock, undo
from app.kernel.db import session
from app.kernel.errors import Conflict, DomainError, Invalid
from app.kernel.settings import Settings
from app.tasks.work import bulk, commands, queries
from app.tasks.work.models import TaskIn
from tests.tasks import work_stage
from tests.tasks.work_stage import Firm


@pytest.fixture
def firm(app: Flask, worker_app: Flask, settings: Settings) -> Firm:
    """A client with its people."""
    return work_stage.firm(app, worker_app, settings)


def test_only_the_reviewer_ends_what_is_reviewed(firm: Firm) -> None:
    mine, second = firm.place.staff.person_id, firm.second.person_id
    task = firm.make("Reviewed", assignee_id=mine, reviewer_id=second)
    with pytest.raises(Conflict) as told, firm.place.acting(firm.place.staff):
        commands.move(task, "done")
    assert told.value.code == "task-needs-review"
    with firm.place.acting(firm.second):
        commands.move(task, "done")
    with pytest.raises(Invalid), firm.place.acting(firm.place.staff):
        commands.create(
            [TaskIn(title="x", due_on=clock.today(), assignee_id=mine, reviewer_id=mine)]
        )


def test_no_reviewer_is_taken_out_or_swapped_by_the_statement_that_ends_the_work(
    firm: Firm,
) -> None:
    mine, second = firm.place.staff.person_id, firm.second.person_id
    task = firm.make("Reviewed", assignee_id=None, reviewer_id=second)
    for reviewer in (None, mine):
        with pytest.raises(Conflict) as told, firm.place.acting(firm.place.staff):
            session.execute(
                sa.text(
                    "update app.task set state = 'done', reviewer_id = cast(:to as uuid)"
                    " where id = :id"
                ),
                {"to": reviewer, "id": task},
            )
        assert told.value.code == "task-needs-review"
    with pytest.raises(Conflict), firm.place.acting(firm.second):
        session.execute(
            sa.text("update app.task set state = 'done', reviewer_id = :to where id = :id"),
            {"to": mine, "id": task},
        )
    with firm.place.acting(firm.place.staff):
        done = bulk.change_here([task], bulk.Change(state="done", reviewer_id=mine))
    assert (done.changed, [code for _title, code in done.refused]) == (0, ["task-needs-review"])
    with firm.place.acting(firm.second):
        commands.move(task, "done")


def reviewed(firm: Firm) -> UUID:
    """A task of the accountant that another made and gives to themselves to review."""
    mine, second = firm.place.staff.person_id, firm.second.person_id
    with firm.place.acting(firm.second):
        wanted = TaskIn("Reviewed", clock.today(), assignee_id=mine, reviewer_id=second)
        return commands.create([wanted])[0]


@pytest.mark.parametrize("state", ["todo", "doing", "review"])
def test_nobody_frees_their_work_of_a_reviewer_whom_another_named_also_by_raw_sql(
    firm: Firm, state: str
) -> None:
    task = reviewed(firm)
    manager = firm.manager.person_id
    with firm.place.acting(firm.place.staff):
        commands.move(task, state)  # type: ignore[arg-type]  # one of the states above
    for to in (None, manager):
        with pytest.raises(Conflict) as told, firm.place.acting(firm.place.staff):
            session.execute(
                sa.text("update app.task set reviewer_id = cast(:to as uuid) where id = :id"),
                {"to": to, "id": task},
            )
        assert told.value.code == "task-reviewer-stays"
    with pytest.raises(DomainError), firm.place.acting(firm.place.staff):
        session.execute(
            sa.text("update app.task set reviewer_by = (select guard.user_id()) where id = :id"),
            {"id": task},
        )
    with firm.place.acting(firm.place.staff):
        before = queries.one(task)
        done = bulk.change_here([task], bulk.Change(reviewer_id=manager))
    assert before.reviewer_id == firm.second.person_id
    assert (done.changed, [code for _t, code in done.refused]) == (0, ["task-reviewer-stays"])
    page = firm.place.browser(firm.place.staff)
    sent = {"title": "Reviewed", "due_on": str(clock.today()), "version": str(before.version)}
    told_on_screen = page.post(f"/c/{firm.slug}/tasks/{task}/edit", sent)
    assert told_on_screen.status_code == 409
    assert "says who reviews it" in told_on_screen.text


def test_who_named_a_reviewer_the_reviewer_and_a_manager_change_them_and_take_it_back(
    firm: Firm,
) -> None:
    mine, second = firm.place.staff.person_id, firm.second.person_id
    task = reviewed(firm)
    for who, to in ((firm.manager, None), (firm.place.staff, second), (firm.place.staff, None)):
        with firm.place.acting(who):
            before = queries.one(task)
            token = commands.edit(task, version=before.version, reviewer_id=to)
            assert queries.one(task).reviewer_id == to
        with firm.place.acting(who):
            undo.take(token)
            again = queries.one(task)
            assert again.reviewer_id == before.reviewer_id
            commands.edit(task, version=again.version, reviewer_id=to)
    with firm.place.acting(firm.manager):
        now = queries.one(task)
        commands.edit(task, version=now.version, reviewer_id=second)
    with firm.place.acting(firm.second):
        now = queries.one(task)
        commands.edit(task, version=now.version, assignee_id=None, reviewer_id=mine)
        assert queries.one(task).reviewer_by == second
