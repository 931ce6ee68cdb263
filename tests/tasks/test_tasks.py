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
from app.kernel import clock, db, undo
from app.kernel.db import session
from app.kernel.errors import Conflict, DomainError, Forbidden, Invalid
from app.kernel.settings import Settings
from app.tasks.work import bulk, commands, csv_import, parts, queries
from app.tasks.work.models import TaskIn
from app.tasks.work.queries import Wanted
from tests import factories
from tests.tasks import work_stage
from tests.tasks.work_stage import PDF, Firm


@pytest.fixture
def firm(app: Flask, worker_app: Flask, settings: Settings) -> Firm:
    """A client with its people."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return work_stage.build(app, worker_app, admin)


def figure(firm: Firm, name: str) -> int | None:
    with firm.place.acting(firm.place.staff):
        return session.execute(
            sa.text(
                "select n from app.client_figure where name = :name and line = 'accounting'"
                " and tenant_id = (select guard.tenant_id())"
            ),
            {"name": name},
        ).scalar()


def undo_of(text: str) -> str:
    found = re.findall(r'action="([^"]+/undo/[^"]+)"', text)
    assert found
    return str(found[0])


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


def test_a_client_that_refuses_to_go_back_is_named_and_stops_no_other(
    firm: Firm, settings: Settings
) -> None:
    admin_url = install.libpq_url(settings.database_admin_url or "")
    scopes = {}
    with psycopg.connect(admin_url) as admin:
        for name in ("Alder", "Birch", "Cedar"):
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
    assert "3 tasks changed." in done.text
    with psycopg.connect(admin_url) as admin:
        admin.execute(
            "update guard.tenant set state = 'suspended' where id = any(%s)",
            ([scopes["Alder"][0], scopes["Birch"][0]],),
        )
    back = staff.post(undo_of(done.text), follow=True)
    assert "Alder: not taken back." in back.text
    assert "Birch: not taken back." in back.text
    assert "Cedar: not taken back." not in back.text
    for name, days in (("Alder", 10), ("Birch", 10), ("Cedar", 7)):
        with firm.place.app.app_context(), db.transaction(scopes[name][1]):
            assert [one.due_on for one in queries.some(ids)] == [firm.due(days)], name


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


GOOD = "title;due_on;kind;assignee;checklist\nOne;2026-12-01;task;;a|b\nTwo;2026-12-02;filing;;\n"
BAD = "title,due_on,kind,assignee\nOne,2026-12-01,task,\n,31.12.2026,nothing,Nobody Known\n"


def test_a_file_of_tasks_is_shown_first_and_taken_whole_or_not_at_all(firm: Firm) -> None:
    staff = firm.place.browser(firm.place.staff)
    address = f"/c/{firm.slug}/tasks/import"
    staff.get(address)
    shown = staff.post(address, {"file": (io.BytesIO(BAD.encode()), "bad.csv")})
    assert "1 line cannot be taken" in shown.text
    assert "Write the day like 2026-11-30." in shown.text
    assert "This person does not work for this client." in shown.text
    assert staff.post(address, {"take": "1", "text": BAD}).status_code == 422
    with firm.place.acting(firm.place.staff):
        assert queries.tasks(Wanted(view="all")) == []
    shown = staff.post(address, {"file": (io.BytesIO(GOOD.encode()), "good.csv")})
    assert "Make 2 tasks" in shown.text
    assert staff.post(address, {"take": "1", "text": GOOD}).status_code == 303
    with firm.place.acting(firm.place.staff):
        assert [(one.title, one.checks) for one in queries.tasks(Wanted(view="all"))] == [
            ("One", 2),
            ("Two", 0),
        ]


def test_a_line_of_a_file_names_a_service_line_one_reaches(firm: Firm) -> None:
    data = (
        b"title,due_on,line\nOne,2026-12-01,accounting\nTwo,2026-12-01,tickets\nX,2026-12-01,no\n"
    )
    staff = firm.place.browser(firm.place.staff)
    staff.get(f"/c/{firm.slug}/tasks/import")
    with firm.place.acting(firm.place.staff):
        found = csv_import.read(data)
    wrong = [[problem.code for _name, problem in row.problems] for row in found]
    assert wrong == [[], ["task-file-line"], ["task-file-line"]]
    shown = staff.post(f"/c/{firm.slug}/tasks/import", {"file": (io.BytesIO(data), "lines.csv")})
    assert "2 lines cannot be taken" in shown.text
    assert "You have no access to a service line of this name here." in shown.text
    assert (
        staff.post(f"/c/{firm.slug}/tasks/import", {"take": "1", "text": data.decode()}).status_code
        == 422
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"title\nx\n",
        b"title,due_on,title\n",
        b"title,due_on,more\nx,2026-01-01,y\n",
        b'title,due_on\n"x,2026-01-01\n',
        b"title,due_on\n",
    ],
)
def test_what_is_no_table_is_refused_in_words(firm: Firm, data: bytes) -> None:
    with pytest.raises(Invalid), firm.place.acting(firm.place.staff):
        csv_import.read(data)


def test_a_class_keeps_a_task_from_who_may_not_see_it(firm: Firm) -> None:
    with pytest.raises(Forbidden):
        firm.make("Wages", document_class="payroll")


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


@pytest.mark.parametrize("word", ["", "common", "rare", "nothing"])
def test_a_page_over_clients_skips_and_doubles_no_task_whatever_the_word(
    firm: Firm, settings: Settings, app: Flask, worker_app: Flask, word: str
) -> None:
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        other = work_stage.build(app, worker_app, admin, "Other")
        factories.grant(
            admin,
            other.place.tenant,
            firm.place.staff.person_id,
            role="staff_accountant",
            lines=("accounting",),
        )
    made = [
        one.make(f"{'Rare' if days in (1, 30) else 'Common'} {days}", due_on=one.due(days))
        for one in (firm, other)
        for days in (-40, -1, 0, 1, 1, 2, 3, 13, 14, 15, 30, 59, 60, 61, 400)
    ]
    both = (firm.place.tenant, other.place.tenant)
    for view in ("open", "waiting", "all", "late"):
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
        if view in ("open", "all"):
            most = {"": 30, "common": 24, "rare": 6, "nothing": 0}[word]
            assert len(whole) == len(set(whole) & set(made)) == most
