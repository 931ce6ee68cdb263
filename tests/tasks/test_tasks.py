"""Tasks through pages: made, changed against their version, moved, commented, filed, undone."""

from __future__ import annotations

import io
import re
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.cli import install
from app.documents import commands as documents
from app.kernel.db import session
from app.kernel.errors import DomainError, Forbidden
from app.kernel.settings import Settings
from app.tasks.work import parts, queries
from tests import factories
from tests.tasks import work_stage
from tests.tasks.work_stage import PDF, Firm, figure, undo_of


@pytest.fixture
def firm(app: Flask, worker_app: Flask, settings: Settings) -> Firm:
    """A client with its people."""
    return work_stage.firm(app, worker_app, settings)


def test_a_task_is_made_shown_changed_and_put_back(firm: Firm) -> None:
    staff = firm.place.browser(firm.place.staff)
    staff.get(f"/c/{firm.slug}/tasks/new")
    made = staff.post(
        f"/c/{firm.slug}/tasks/new",
        {
            "title": "Send the October return",
            "due_on": firm.due(3).isoformat(),
            "kind": "filing",
            "assignee_id": str(firm.second.person_id),
            "reviewer_id": str(firm.place.staff.person_id),
            "checklist": "Agree the ledger\nSend it",
        },
        follow=True,
    )
    assert "Send the October return" in made.text
    assert "Agree the ledger" in made.text
    assert "0 / 2" in made.text
    task = re.findall(r"/tasks/([0-9a-f-]{36})/edit", made.text)[0]
    page = staff.get(f"/c/{firm.slug}/tasks/{task}/edit").text
    version = re.findall(r'name="version" value="(\d+)"', page)[0]
    saved = staff.post(
        f"/c/{firm.slug}/tasks/{task}/edit",
        {
            "title": "Send the November return",
            "due_on": firm.due(4).isoformat(),
            "kind": "filing",
            "version": version,
            "line": "accounting",
        },
        follow=True,
    )
    assert "Send the November return" in saved.text
    late = staff.post(
        f"/c/{firm.slug}/tasks/{task}/edit",
        {"title": "Too late", "due_on": firm.due(4).isoformat(), "version": version},
    )
    assert late.status_code == 409
    assert "Somebody changed this task meanwhile" in late.text
    assert staff.post(undo_of(saved.text)).status_code == 303
    assert "Send the October return" in staff.get(f"/c/{firm.slug}/tasks/{task}").text


def test_a_filing_is_done_only_with_its_receipt_also_by_raw_sql(firm: Firm) -> None:
    task = firm.make("File it", kind="filing")
    staff = firm.place.browser(firm.place.staff)
    staff.get(f"/c/{firm.slug}/tasks/{task}")
    refused = staff.post(f"/c/{firm.slug}/tasks/{task}/state", {"state": "done"})
    assert refused.status_code == 409
    assert "Add the receipt first" in refused.text
    with pytest.raises(DomainError), firm.place.acting(firm.place.staff):
        session.execute(sa.text("update app.task set state = 'done' where id = :id"), {"id": task})
    with firm.place.acting(firm.place.staff):
        other = a_paper()
    with pytest.raises(DomainError) as told, firm.place.acting(firm.place.staff):
        session.execute(
            sa.text("update app.task set receipt_id = :paper, state = 'done' where id = :id"),
            {"paper": other, "id": task},
        )
    assert told.value.code == "filing-needs-receipt"
    sent = staff.post(
        f"/c/{firm.slug}/tasks/{task}/receipt", {"file": (io.BytesIO(PDF), "receipt.pdf")}
    )
    assert sent.status_code == 303
    assert staff.post(f"/c/{firm.slug}/tasks/{task}/state", {"state": "done"}).status_code == 303
    with firm.place.acting(firm.place.staff):
        assert queries.one(task).state == "done"


def a_paper() -> UUID:
    """A paper that is linked to no filing."""
    return documents.add(PDF + b"%other\n", name="x.pdf", line="accounting", source="staff")


def test_done_is_metered_once_and_taken_back_with_the_act(firm: Firm) -> None:
    task = firm.make()

    def uses() -> int:
        with firm.place.acting(firm.place.staff):
            return int(
                session.execute(
                    sa.text(
                        "select count(*) from app.usage_event where meter = 'task'"
                        " and voided_at is null and tenant_id = (select guard.tenant_id())"
                    )
                ).scalar_one()
            )

    staff = firm.place.browser(firm.place.staff)
    staff.get(f"/c/{firm.slug}/tasks/{task}")
    told = staff.post(f"/c/{firm.slug}/tasks/{task}/state", {"state": "done"}, follow=True)
    assert uses() == 1
    staff.post(undo_of(told.text))
    assert uses() == 0
    with firm.place.acting(firm.place.staff):
        assert queries.one(task).state == "todo"


def test_late_and_next_due_stand_on_the_desk(firm: Firm) -> None:
    firm.make("Late", due_on=firm.due(-2))
    firm.make("Next", due_on=firm.due(5))
    assert figure(firm, "tasks_late") == 1
    assert figure(firm, "tasks_next") == 0
    desk = firm.place.browser(firm.place.staff).get("/desk").text
    assert "Late tasks" in desk
    assert "Next due" in desk


def test_who_is_named_in_a_comment_is_told_once(firm: Firm) -> None:
    people = {uuid4(): "Ada Quill", uuid4(): "Ada", uuid4(): "Priya Nair"}
    ada_quill, ada, priya = people
    found = parts.mentioned("@Ada Quill and @ada, @priya nair! a@ada.example @Adam", people)
    assert found == (ada_quill, ada, priya)
    task = firm.make()
    staff = firm.place.browser(firm.place.staff)
    staff.get(f"/c/{firm.slug}/tasks/{task}")
    assert (
        staff.post(f"/c/{firm.slug}/tasks/{task}/comments", {"text": "@Robin Vale?"}).status_code
        == 303
    )
    with firm.place.acting(firm.place.staff):
        assert len(queries.comments(task)[0].mentions) == 1


def test_a_class_keeps_a_task_from_who_may_not_see_it(firm: Firm) -> None:
    with pytest.raises(Forbidden):
        firm.make("Wages", document_class="payroll")


def test_where_a_class_is_chosen_or_told_stands_who_sees_it(firm: Firm, settings: Settings) -> None:
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        factories.grant(
            admin,
            firm.place.tenant,
            firm.manager.person_id,
            role="operations_manager",
            lines=("accounting",),
            classes=("payroll",),
        )
    task = firm.make()
    knows, everybody = firm.place.browser(firm.manager), "Everybody with access here"
    staff = firm.place.browser(firm.place.staff)
    for form in ("tasks/new", f"tasks/{task}/edit", "repeats/new"):
        shown = knows.get(f"/c/{firm.slug}/{form}").text
        assert f">{everybody}</option>" in shown
        assert ">Payroll: people whose access includes payroll</option>" in shown
        assert ">Normal</option>" not in shown
        assert "owner_only" not in shown, "a class that one's access does not name"
        assert "document_class" not in staff.get(f"/c/{firm.slug}/{form}").text
    with firm.place.acting(firm.place.staff):
        paper = a_paper()
    assert f"<dd>{everybody}</dd>" in staff.get(f"/c/{firm.slug}/documents/{paper}").text


def test_client_people_see_no_task_by_page_api_or_raw_sql(firm: Firm) -> None:
    task = firm.make()
    owner = firm.place.browser(firm.place.owner)
    assert owner.get(f"/c/{firm.slug}/tasks/{task}").status_code in {303, 403, 404}
    assert owner.get(f"/api/v1/clients/{firm.slug}/tasks/{task}").status_code in {403, 404}
    with firm.place.acting(firm.place.owner):
        for table in ("task", "task_item", "task_comment", "task_link"):
            assert session.execute(sa.text(f"select count(*) from app.{table}")).scalar() == 0
    with pytest.raises(Forbidden), firm.place.acting(firm.place.owner):
        session.execute(
            sa.text(
                "insert into app.task (tenant_id, line, title, due_on) values"
                " ((select guard.tenant_id()), 'accounting', 'x', current_date)"
            )
        )
